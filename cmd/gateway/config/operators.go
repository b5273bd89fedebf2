package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// maxOIDCRoles bounds what the claim is given roles for.
const maxOIDCRoles = 50

var (
	issuerURL  = kind[string]{expected: "the identity provider's address, as its tokens name it: https:// (http:// for this machine alone), without user, query or fragment", parse: parseIssuer}
	claimName  = kind[string]{expected: "the name of a claim, at most 100 characters, such as groups or realm_access.roles", text: true, parse: matching(`^[[:graph:]]{1,100}$`)}
	oidcClient = kind[string]{expected: "the id that the identity provider gave to the gateway, at most 200 characters without blanks", text: true, parse: matching(`^[[:graph:]]{1,200}$`)}
	personRole = oneOf("viewer", "operator", "admin")
)

// operators reads how people may log in beside their passwords.
func (o object) operators() Operators {
	if !o.has("operators") {
		return Operators{}
	}
	people := o.child("operators", "operators")
	if !people.has("oidc") {
		return Operators{}
	}
	p := people.child("oidc", "oidc")
	oidc := &OIDC{
		Issuer: require(p, "issuer", issuerURL), ClientID: require(p, "clientID", oidcClient), ClientSecret: p.secret("clientSecret"),
		RoleClaim: require(p, "roleClaim", claimName), Roles: p.roles(),
	}
	if oidc.ClientSecret.IsZero() {
		p.fault("clientSecret", "is missing; expected ${NAME}, or {file: path}")
	}
	return Operators{OIDC: oidc}
}

// roles are what the claim may say, each with the role that it is given.
func (o object) roles() map[string]string {
	path := join(o.path, "roles")
	entries := o.r.entries(o.members["roles"], path, func(string) string { return "" })
	if len(entries) == 0 {
		o.fault("roles", "is missing; expected what the claim says and the role that it is given, such as {payments-team: operator}")
	}
	if len(entries) > maxOIDCRoles {
		o.fault("roles", fmt.Sprintf("expected at most %d roles", maxOIDCRoles))
	}
	said, roles := object{r: o.r, path: path, members: entries}, map[string]string{}
	for _, value := range slices.Sorted(maps.Keys(entries)) {
		roles[value] = read(said, value, personRole, "")
	}
	return roles
}

func parseIssuer(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	return s, u.Scheme == "https" || u.Scheme == "http" && isThisMachine(u.Hostname()) && !strings.HasSuffix(s, "?")
}
