package oidc

import "time"

// Config is what a Provider needs.
type Config struct {
	// Issuer is the identity provider's address, as its tokens name it.
	Issuer       string
	ClientID     string
	ClientSecret string
	// RedirectURL is where it sends people back to.
	RedirectURL string
	// RoleClaim is the claim that Roles tells apart, with dots where one lies in
	// another.
	RoleClaim string
	// Roles gives a role to what the claim may say.
	Roles map[string]string
	Now   func() time.Time
}

// byRank are the roles, the one that may do most first.
var byRank = []string{"admin", "operator", "viewer"}
