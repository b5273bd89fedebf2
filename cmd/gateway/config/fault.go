package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Fault is one thing that is wrong, and where. It never quotes a value, since
// a value may be a secret that stands in the wrong place.
type Fault struct {
	// File is the configuration file's name, or "environment".
	File string
	// Line and Column start at 1; 0 means that there is none to name.
	Line, Column int
	// Path is the member, such as merchants[0].paytrace.password, or the
	// environment's variable.
	Path    string
	Message string
}

func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	for _, n := range []int{f.Line, f.Column} {
		if n > 0 {
			fmt.Fprintf(&b, ":%d", n)
		}
	}
	if f.Path != "" {
		b.WriteString(": " + f.Path)
	}
	return b.String() + ": " + f.Message
}

// Faults is the error of a configuration that cannot be used: everything that
// was found wrong, in the order of the file.
type Faults struct {
	List []Fault
}

// Error prints one fault a line.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, fault := range f.List {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// inside is a member in front of what is said of it, as adapters say it.
var inside = regexp.MustCompile(`^(?:field )?([A-Za-z][A-Za-z0-9_]*): `)

// FaultsOf are what somebody found wrong for whom the settings at path are, each
// at the member that its words begin with.
func (c *Config) FaultsOf(path string, err error) []Fault {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Fault
		for _, each := range several.Unwrap() {
			all = append(all, c.FaultsOf(path, each)...)
		}
		return all
	}
	message := err.Error()
	for {
		m := inside.FindStringSubmatch(message)
		if m == nil || c.places[join(path, m[1])] == nil {
			break
		}
		path, message = join(path, m[1]), message[len(m[0]):]
	}
	fault := Fault{File: c.file, Path: path, Message: message}
	if node := c.places[path]; node != nil {
		fault.Line, fault.Column = node.Line, node.Column
	}
	return []Fault{fault}
}

// NewFaults puts faults in the order of the file, nil when there are none.
func NewFaults(list []Fault) error {
	if len(list) == 0 {
		return nil
	}
	f := &Faults{List: list}
	f.sort()
	return f
}

// sort puts the faults in the order of the file; what has no position, such as
// a variable of the environment, comes last.
func (f *Faults) sort() {
	slices.SortStableFunc(f.List, func(a, b Fault) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
