package auth

import "strings"

// Principal is who makes a request, for one merchant and one environment: a
// client, for those that it belongs to, or an operator, for those that the
// token names.
type Principal struct {
	ClientID   string
	MerchantID string
	LiveMode   bool
	Scopes     Scopes
	// Channel says through what payments come in (magento, salesforce, …)
	// where the request itself does not.
	Channel string
	// Role is that of a person with a session, who has no scopes.
	Role Role
}

// Has reports whether the caller may do what scope stands for.
func (p Principal) Has(scope Scope) bool { return p.Scopes.Has(scope) }

// IsOperator reports whether the caller is a person at the gateway's own machine.
func (p Principal) IsOperator() bool { return strings.HasPrefix(p.ClientID, operatorPrefix) }
