package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// The bounds of one expression. The memory budget counts the elements of lists
// and maps that an evaluation makes.
const (
	maxSource = 2000
	maxNodes  = 200
	maxMemory = 2000
)

// builtins are the functions of the language that are left: they neither loop
// nor multiply what they are given.
var builtins = []string{"int", "len", "lower", "string", "trim", "trimPrefix", "trimSuffix", "upper"}

// options are those of every expression.
func options() []expr.Option {
	all := []expr.Option{
		expr.Env(Environment{}),
		expr.MaxNodes(maxNodes),
		expr.DisableAllBuiltins(),
		expr.Function("number", number, new(func(string) json.Number)),
		expr.Function("left", left, new(func(string, int) string)),
	}
	for _, name := range builtins {
		all = append(all, expr.EnableBuiltin(name))
	}
	return all
}

// functions are the names of everything that can be called.
func functions() []string {
	return slices.Sorted(slices.Values(append([]string{"left", "number"}, builtins...)))
}

// rule is a compiled expression.
type rule struct {
	program *vm.Program
	beyond  bool // it sees more than what is foreseen
}

// compile checks an expression against the environment.
func compile(source string) (rule, error) {
	if len(source) > maxSource {
		return rule{}, fmt.Errorf("it is longer than %d characters", maxSource)
	}
	fence, sight := &fence{}, &sight{}
	program, err := expr.Compile(source, append(options(), expr.Patch(fence), expr.Patch(sight))...)
	switch {
	case fence.found != "":
		return rule{}, errors.New(fence.found)
	case err != nil:
		return rule{}, errors.New(firstLine(err))
	}
	return rule{program, sight.beyond}, resultFits(program.Node().Type())
}

// fence refuses what would let an evaluation grow beyond its expression: a name
// for a result can be doubled again and again, a range counts as far as it
// likes.
type fence struct{ found string }

// Visit implements ast.Visitor.
func (f *fence) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.VariableDeclaratorNode:
		f.found = "names for results (let) are not available"
	case *ast.SequenceNode:
		f.found = "sequences of expressions (;) are not available"
	case *ast.BinaryNode:
		if n.Operator == ".." {
			f.found = "ranges (..) are not available"
		}
	}
}

// resultFits says whether a field can hold what the expression gives. What is
// known only when it is evaluated is checked then.
func resultFits(result reflect.Type) error {
	switch {
	case result == nil, result.Kind() == reflect.Interface, result.Kind() == reflect.String, result.Kind() == reflect.Bool:
		return nil
	case result.Kind() == reflect.Int, result.Kind() == reflect.Int64:
		return nil
	case result.Kind() == reflect.Float64:
		return errors.New("it gives a binary fraction, which is not exact; write number(amount) for an amount")
	}
	return fmt.Errorf("it gives a %s; a field takes a text, a number, true or false, or nil", result.Kind())
}

// evaluate runs a compiled expression. The second result is false when there
// is nothing to tell.
func evaluate(program *vm.Program, env Environment) (value any, some bool, err error) {
	machine := vm.VM{MemoryBudget: maxMemory}
	value, err = machine.Run(program, env)
	if err != nil {
		return nil, false, errors.New(firstLine(err))
	}
	if value == nil {
		return nil, true, nil
	}
	result := reflect.TypeOf(value)
	if err := resultFits(result); err != nil {
		return nil, false, err
	}
	return value, result.Kind() != reflect.String || reflect.ValueOf(value).Len() > 0, nil
}

// firstLine leaves out the drawing of the expression that the library adds.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

var decimal = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)

// number makes a number of a decimal text, digit by digit: an amount is never a
// binary fraction on its way.
func number(params ...any) (any, error) {
	text, _ := params[0].(string)
	if text != "" && !decimal.MatchString(text) {
		return nil, errors.New(`number() was given what is no decimal number such as "19.99"`)
	}
	return json.Number(text), nil
}

// left is the beginning of a text, at most so many characters of it.
func left(params ...any) (any, error) {
	text, _ := params[0].(string)
	most, _ := params[1].(int)
	runes := []rune(text)
	return string(runes[:min(len(runes), max(most, 0))]), nil
}
