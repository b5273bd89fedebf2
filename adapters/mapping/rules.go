package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"paytrace-gateway/gateway"
	"paytrace-gateway/spelling"
)

// maxFields bounds the fields of one mapping.
const maxFields = 200

// Rules are what becomes of an event in another system.
type Rules struct {
	// Fields are expressions by the other system's name of the field, whose case
	// tells no fields apart. An expression without a character leaves the field
	// out.
	Fields map[string]string
	// Statuses are the other system's words for the states of a payment.
	Statuses map[gateway.Status]string
}

// Without takes the field of that name away. Names that differ in case alone are
// one field.
func (r Rules) Without(name string) {
	maps.DeleteFunc(r.Fields, func(other, _ string) bool { return strings.EqualFold(name, other) })
}

// checkNames names the fields that are there twice.
func (r Rules) checkNames() error {
	var faults []error
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		folded := strings.ToLower(name)
		if other, twice := seen[folded]; twice {
			faults = append(faults, fmt.Errorf("fields %s and %s are one field, since their names differ in case alone; leave one of them out", other, name))
		}
		seen[folded] = name
	}
	return errors.Join(faults...)
}

// over are these rules where they say something, and the others elsewhere.
func (r Rules) over(defaults Rules) Rules {
	merged := Rules{Fields: maps.Clone(defaults.Fields), Statuses: maps.Clone(defaults.Statuses)}
	if merged.Fields == nil {
		merged.Fields = map[string]string{}
	}
	if merged.Statuses == nil {
		merged.Statuses = map[gateway.Status]string{}
	}
	for name := range r.Fields {
		merged.Without(name)
	}
	maps.Copy(merged.Fields, r.Fields)
	maps.Copy(merged.Statuses, r.Statuses)
	return merged
}

// Mapping is a set of checked rules. It may be used concurrently.
type Mapping struct {
	fields   []field
	statuses map[gateway.Status]string
}

type field struct {
	name    string
	program *vm.Program
}

// Compile checks the merchant's own rules, laid over the defaults. The error
// names every fault: the field, its expression, and what is available.
func Compile(defaults, own Rules) (*Mapping, error) {
	rules := own.over(defaults)
	m := &Mapping{statuses: rules.Statuses}
	faults := []error{rules.checkNames(), checkStatuses(rules.Statuses)}
	examples := trials(rules.Statuses)
	for _, name := range slices.Sorted(maps.Keys(rules.Fields)) {
		source := rules.Fields[name]
		if strings.TrimSpace(source) == "" {
			continue
		}
		compiled, err := compile(source)
		if err == nil {
			err = compiled.try(examples)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("field %s: the expression %q cannot be used: %w%s", name, shown(source), err, help(err)))
			continue
		}
		m.fields = append(m.fields, field{name, compiled.program})
	}
	if len(m.fields) > maxFields {
		faults = append(faults, fmt.Errorf("there are %d fields; at most %d are told", len(m.fields), maxFields))
	}
	return m, errors.Join(faults...)
}

// shown is as much of an expression as an error quotes.
func shown(source string) string {
	const most = 200
	if runes := []rune(source); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return source
}

func checkStatuses(statuses map[gateway.Status]string) error {
	var faults []error
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		if !gateway.KnownStatus(status) {
			faults = append(faults, fmt.Errorf("statuses: %q is no state of a payment", status))
		}
		if statuses[status] == "" {
			faults = append(faults, fmt.Errorf("statuses: there is no word for %s", status))
		}
	}
	return errors.Join(faults...)
}

// Names are the fields that may be told, sorted.
func (m *Mapping) Names() []string {
	var names []string
	for _, f := range m.fields {
		names = append(names, f.name)
	}
	return names
}

// Status is the other system's word for a state.
func (m *Mapping) Status(s gateway.Status) string { return m.statuses[s] }

// Fields are what an event becomes. What is not known is left out, so that it
// overwrites nothing; an expression that gives nil tells an explicit null.
// Values are texts, json.Number, int, int64, bool or nil.
func (m *Mapping) Fields(e gateway.Event) (map[string]any, error) {
	env := environmentOf(e, m.statuses)
	fields := make(map[string]any, len(m.fields))
	var faults []error
	for _, f := range m.fields {
		value, some, err := evaluate(f.program, env)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("field %s: %w", f.name, err))
		case some:
			fields[f.name] = value
		}
	}
	return fields, errors.Join(faults...)
}

var unknownName = regexp.MustCompile(`^unknown name ([A-Za-z0-9_]+)|has no field`)

// help says what was meant by an unknown name, or else what an expression can
// name. What is wrong otherwise is no matter of names.
func help(err error) string {
	m := unknownName.FindStringSubmatch(err.Error())
	if m == nil {
		return ""
	}
	known := members(reflect.TypeFor[Environment](), "")
	return cmp.Or(spelling.Meant(m[1], append(functions(), known...)),
		"; available are "+strings.Join(known, ", ")+", and the functions "+strings.Join(functions(), ", "))
}

// members are the names of an environment, those of its parts after a point.
func members(of reflect.Type, before string) []string {
	var names []string
	for i := range of.NumField() {
		name := before + of.Field(i).Tag.Get("expr")
		if of.Field(i).Type.Kind() == reflect.Struct {
			names = append(names, members(of.Field(i).Type, name+".")...)
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
