package config

import (
	"cmp"
	"fmt"
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
