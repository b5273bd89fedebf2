package auth

import (
	"slices"
	"strings"
)

// Scope is something that a client may do.
type Scope string

// All scopes.
const (
	PaymentsWrite  Scope = "payments:write"
	PaymentsRead   Scope = "payments:read"
	VaultWrite     Scope = "vault:write"
	VaultRead      Scope = "vault:read"
	ReportsRead    Scope = "reports:read"
	CallbacksRead  Scope = "callbacks:read"
	CallbacksWrite Scope = "callbacks:write"
	DisputesWrite  Scope = "disputes:write"
	Admin          Scope = "admin"
)

// AllScopes are the scopes in the order of the contract.
func AllScopes() Scopes {
	return Scopes{
		PaymentsWrite, PaymentsRead, VaultWrite, VaultRead, ReportsRead,
		CallbacksRead, CallbacksWrite, DisputesWrite, Admin,
	}
}

// Scopes are written separated by spaces, as OAuth has it.
type Scopes []Scope

// Has reports whether scope is among them.
func (s Scopes) Has(scope Scope) bool { return slices.Contains(s, scope) }

func (s Scopes) String() string {
	words := make([]string, len(s))
	for i, scope := range s {
		words[i] = string(scope)
	}
	return strings.Join(words, " ")
}

func parseScopes(text string) Scopes {
	var s Scopes
	for word := range strings.FieldsSeq(text) {
		s = append(s, Scope(word))
	}
	return s
}

// within keeps of s what limit has too.
func (s Scopes) within(limit Scopes) Scopes {
	var both Scopes
	for _, scope := range s {
		if limit.Has(scope) {
			both = append(both, scope)
		}
	}
	return both
}
