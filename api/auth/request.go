package auth

import (
	"encoding/base64"
	"mime"
	"net/url"
	"strings"
)

// TokenRequest is what a client asks of the token endpoint.
type TokenRequest struct {
	GrantType string
	// ClientID and ClientSecret stood in the form.
	ClientID     string
	ClientSecret string
	// BasicID and BasicSecret stood in the Authorization header.
	BasicID     string
	BasicSecret string
	Scope       string
	// Assertion is the grant of RFC 7523 §2.1.
	Assertion string
	// ClientAssertion takes a secret's place (RFC 7523 §2.2).
	ClientAssertion     string
	ClientAssertionType string
	// Certificate is the thumbprint of the TLS certificate that was shown.
	Certificate string
	// Address is where the request came from.
	Address string
}

func (r TokenRequest) basic() bool { return r.BasicID != "" || r.BasicSecret != "" }

// proofs counts the ways in which the client proves who it is.
func (r TokenRequest) proofs() int {
	n := 0
	for _, given := range []bool{r.basic(), r.ClientSecret != "", r.ClientAssertion != ""} {
		if given {
			n++
		}
	}
	return n
}

// ReadTokenRequest reads a token request as it came in: two headers, the raw
// query and the body.
func ReadTokenRequest(authorization, contentType, query, body string) (TokenRequest, *OAuthError) {
	if query != "" {
		// Addresses end up in logs; a secret there is lost.
		return TokenRequest{}, badRequest(invalidRequest, "Send the parameters in the body, not in the address.")
	}
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/x-www-form-urlencoded" {
		return TokenRequest{}, badRequest(invalidRequest, "Send the parameters as application/x-www-form-urlencoded.")
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return TokenRequest{}, badRequest(invalidRequest, "The body is not a well-formed form.")
	}
	for _, values := range form {
		if len(values) > 1 {
			return TokenRequest{}, badRequest(invalidRequest, "A parameter is given twice.")
		}
	}
	r := TokenRequest{
		GrantType:           form.Get("grant_type"),
		ClientID:            form.Get("client_id"),
		ClientSecret:        form.Get("client_secret"),
		Scope:               form.Get("scope"),
		Assertion:           form.Get("assertion"),
		ClientAssertion:     form.Get("client_assertion"),
		ClientAssertionType: form.Get("client_assertion_type"),
	}
	if authorization != "" {
		var ok bool
		if r.BasicID, r.BasicSecret, ok = basicCredentials(authorization); !ok {
			return TokenRequest{}, wrongClient(true)
		}
	}
	return r, nil
}

// basicCredentials decodes twice: RFC 6749 §2.3.1 has id and secret
// form-encoded before they are joined for HTTP Basic.
func basicCredentials(authorization string) (id, secret string, ok bool) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	joined, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(joined), ":")
	if !ok {
		return "", "", false
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	return id, secret, idErr == nil && secretErr == nil && id != "" && secret != ""
}
