// Package spelling finds the name that was meant by one that was mistyped, so
// that whoever has to read a refusal need not search a list.
package spelling

import (
	"strings"

	"github.com/agext/levenshtein"
)

// Near is the known name that was probably meant, or nothing when none is near
// enough or two are as near. A name that was begun, as currency of currencyCode,
// is near; so is one that differs in its case alone.
func Near(name string, known []string) string {
	best, nearest, tied := "", allowed(name)+1, false
	for _, candidate := range known {
		switch d := distance(name, candidate); {
		case d < nearest:
			best, nearest, tied = candidate, d, false
		case d == nearest:
			tied = true
		}
	}
	if tied || nearest > allowed(name) {
		return ""
	}
	return best
}

// Meant is Near as a question after a refusal, or nothing.
func Meant(name string, known []string) string {
	if near := Near(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// allowed is how many letters may be wrong: one of each three, at least one and
// at most three.
func allowed(name string) int { return min(3, max(1, len(name)/3)) }

// begun is the least of a name that tells which one it begins.
const begun = 4

func distance(name, candidate string) int {
	name, candidate = strings.ToLower(name), strings.ToLower(candidate)
	if len(name) >= begun && strings.HasPrefix(candidate, name) {
		return min(1, len(candidate)-len(name))
	}
	return levenshtein.Distance(name, candidate, nil)
}
