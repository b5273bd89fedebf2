// Package oidc knows people by the word of an identity provider, by OpenID
// Connect's code flow with PKCE.
package oidc
