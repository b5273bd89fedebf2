package simulation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// weave gives the functions that a mutant has changed its bodies beside theirs.
// woven is whole with the bodies of other mutants in it.
func weave(woven, whole, text, mutant string) (string, error) {
	was, err := declarations(whole)
	if err != nil {
		return "", err
	}
	is, err := declarations(text)
	if err != nil {
		return "", err
	}
	so, err := declarations(woven)
	if err != nil {
		return "", err
	}
	if len(was) != len(is) || len(was) != len(so) {
		return "", fmt.Errorf("it has %d declarations in place of %d", len(is), len(was))
	}
	for i, d := range slices.Backward(is) { // from the end, for what is in front to stay where it is
		if d.head+d.body == was[i].head+was[i].body {
			continue
		}
		if d.head != was[i].head {
			return "", fmt.Errorf("it changes more of %q than a body", strings.SplitN(was[i].head, "\n", 2)[0])
		}
		end := "\n}\n"
		if !d.answers {
			end = "\nreturn\n}\n"
		}
		at := so[i].begins
		woven = woven[:at] + fmt.Sprintf("\nif mutantAtWork == %q {", mutant) + d.body + end + woven[at:]
	}
	return woven, nil
}

// declaration is what stands at the outermost level of a file.
type declaration struct {
	head, body string // of a function; anything else is all head
	begins     int    // where the body does
	answers    bool   // it has results
}

func declarations(text string) ([]declaration, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	var all []declaration
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			all = append(all, declaration{head: text[at(d.Pos()):at(d.End())]})
			continue
		}
		begins := at(f.Body.Lbrace) + 1
		all = append(all, declaration{
			head: text[at(d.Pos()):begins], body: text[begins:at(f.Body.Rbrace)],
			begins: begins, answers: f.Type.Results.NumFields() > 0,
		})
	}
	return all, nil
}

func TestTheBodiesOfMutantsAreBesideTheOneThatIsThere(t *testing.T) {
	const whole = "package p\n\nfunc one() int {\n\treturn 1 // as it is\n}\n\nfunc (p place) tell() { p.told = true }\n\nvar many = 2\n"
	woven := whole
	for _, mutant := range []struct{ name, old, new string }{{"two", "return 1", "return 2"}, {"mute", "p.told = true", "_ = p"}, {"three", "return 1", "return 3"}} {
		var err error
		if woven, err = weave(woven, whole, strings.Replace(whole, mutant.old, mutant.new, 1), mutant.name); err != nil {
			t.Fatal(err)
		}
	}
	const want = `package p

func one() int {
if mutantAtWork == "three" {
	return 3 // as it is

}

if mutantAtWork == "two" {
	return 2 // as it is

}

	return 1 // as it is
}

func (p place) tell() {
if mutantAtWork == "mute" { _ = p 
return
}
 p.told = true }

var many = 2
`
	if woven != want {
		t.Errorf("woven:\n%s\nwant:\n%s", woven, want)
	}
	for _, changed := range []string{"var many = 3", "const many = 2", "", "var many = 2\n\nvar more = 3"} {
		if _, err := weave(woven, whole, strings.Replace(whole, "var many = 2", changed, 1), "outside"); err == nil {
			t.Errorf("%q in place of a declaration is taken for a body", changed)
		}
	}
}
