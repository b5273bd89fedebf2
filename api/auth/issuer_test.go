package auth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// assertion is a JWT that org signs for the token endpoint.
func assertion() forged { return direct().with(claim("aud", issuerURL+TokenPath)) }

func shopRequest(change func(*TokenRequest)) TokenRequest {
	r := TokenRequest{GrantType: grantClientCredentials, ClientID: "shop", ClientSecret: shopSecret}
	change(&r)
	return r
}

func inBasic(r *TokenRequest) {
	r.BasicID, r.BasicSecret = r.ClientID, r.ClientSecret
	r.ClientID, r.ClientSecret = "", ""
}

func granted(assertion string) TokenRequest {
	return TokenRequest{GrantType: grantAssertion, Assertion: assertion}
}

func proven(assertion string) TokenRequest {
	return TokenRequest{
		GrantType: grantClientCredentials, ClientAssertion: assertion, ClientAssertionType: clientAssertionType,
	}
}

func TestTokenIsGiven(t *testing.T) {
	c, _ := testConfig(t)
	selfSubject := assertion().with(claim("sub", "org")).token(t)
	for name, tc := range map[string]struct {
		request TokenRequest
		client  string
		scope   string
	}{
		"secret in the form":  {shopRequest(func(*TokenRequest) {}), "shop", "payments:write payments:read reports:read"},
		"secret in Basic":     {shopRequest(inBasic), "shop", "payments:write payments:read reports:read"},
		"Basic, id in form":   {shopRequest(func(r *TokenRequest) { inBasic(r); r.ClientID = "shop" }), "shop", "payments:write payments:read reports:read"},
		"narrowed":            {shopRequest(func(r *TokenRequest) { r.Scope = "reports:read payments:read" }), "shop", "payments:read reports:read"},
		"scope named twice":   {shopRequest(func(r *TokenRequest) { r.Scope = "payments:read  payments:read " }), "shop", "payments:read"},
		"assertion":           {granted(assertion().token(t)), "org", "payments:read vault:read"},
		"assertion, RS512":    {granted(assertion().with(signed(jwt.SigningMethodRS512, orgKey())).token(t)), "org", "payments:read vault:read"},
		"assertion to issuer": {granted(direct().token(t)), "org", "payments:read vault:read"},
		"assertion and id":    {func() TokenRequest { r := granted(assertion().token(t)); r.ClientID = "org"; return r }(), "org", "payments:read vault:read"},
		"client assertion":    {proven(selfSubject), "org", "payments:read vault:read"},
	} {
		t.Run(name, func(t *testing.T) {
			got, refusal := NewIssuer(c).Token(context.Background(), tc.request)
			if refusal != nil {
				t.Fatalf("%v (%s)", refusal, refusal.Reason)
			}
			if got.TokenType != "Bearer" || got.ExpiresIn != 900 || got.Scope != tc.scope {
				t.Errorf("got %s, %d s, %q; want Bearer, 900 s, %q", got.TokenType, got.ExpiresIn, got.Scope, tc.scope)
			}
			who, err := NewVerifier(c).Verify(got.AccessToken)
			if err != nil || who.ClientID != tc.client || who.Scopes.String() != tc.scope {
				t.Errorf("the token is for %+v, %v; want %s with %s", who, err, tc.client, tc.scope)
			}
		})
	}
}

func TestTokenIsRefused(t *testing.T) {
	c, _ := testConfig(t)
	good := assertion().token(t)
	for name, tc := range map[string]struct {
		request TokenRequest
		status  int
		code    string
	}{
		"no grant":                {shopRequest(func(r *TokenRequest) { r.GrantType = "" }), 400, invalidRequest},
		"another grant":           {shopRequest(func(r *TokenRequest) { r.GrantType = "password" }), 400, unsupportedGrantType},
		"no client":               {TokenRequest{GrantType: grantClientCredentials}, 401, invalidClient},
		"no secret":               {shopRequest(func(r *TokenRequest) { r.ClientSecret = "" }), 401, invalidClient},
		"wrong secret":            {shopRequest(func(r *TokenRequest) { r.ClientSecret += "x" }), 401, invalidClient},
		"the hash as secret":      {shopRequest(func(r *TokenRequest) { r.ClientSecret = HashSecret(shopSecret) }), 401, invalidClient},
		"unknown client":          {shopRequest(func(r *TokenRequest) { r.ClientID = "nobody" }), 401, invalidClient},
		"disabled client":         {shopRequest(func(r *TokenRequest) { r.ClientID = "closed" }), 401, invalidClient},
		"client without a secret": {shopRequest(func(r *TokenRequest) { r.ClientID = "org" }), 401, invalidClient},
		"no secret for none":      {shopRequest(func(r *TokenRequest) { r.ClientID, r.ClientSecret = "org", "" }), 401, invalidClient},
		"wrong secret in Basic":   {shopRequest(func(r *TokenRequest) { r.ClientSecret = "x"; inBasic(r) }), 401, invalidClient},
		"Basic, other id in form": {shopRequest(func(r *TokenRequest) { inBasic(r); r.ClientID = "org" }), 401, invalidClient},
		"Basic and form":          {shopRequest(func(r *TokenRequest) { r.BasicID, r.BasicSecret = "shop", shopSecret }), 400, invalidRequest},
		"unknown scope":           {shopRequest(func(r *TokenRequest) { r.Scope = "payments:read payments:delete" }), 400, invalidScope},
		"scope not granted":       {shopRequest(func(r *TokenRequest) { r.Scope = "admin" }), 400, invalidScope},

		"no assertion":              {TokenRequest{GrantType: grantAssertion}, 400, invalidRequest},
		"assertion is a word":       {granted("word"), 400, invalidGrant},
		"assertion of nobody":       {granted(assertion().with(claim("iss", "nobody")).token(t)), 400, invalidGrant},
		"assertion of a closed one": {granted(assertion().with(claim("iss", "closed")).token(t)), 400, invalidGrant},
		"assertion by another":      {granted(assertion().with(claim("iss", "other-org")).token(t)), 400, invalidGrant},
		"assertion, late":           {granted(assertion().with(claim("exp", today.Unix())).token(t)), 400, invalidGrant},
		"assertion without end":     {granted(assertion().with(claim("exp", nil)).token(t)), 400, invalidGrant},
		"assertion too long":        {granted(assertion().with(claim("exp", today.Add(time.Hour).Unix())).token(t)), 400, invalidGrant},
		"assertion without sub":     {granted(assertion().with(claim("sub", nil)).token(t)), 400, invalidGrant},
		"assertion for elsewhere":   {granted(assertion().with(claim("aud", "https://elsewhere.example")).token(t)), 400, invalidGrant},
		"our token as assertion":    {granted(shopToken(t, c)), 400, invalidGrant},
		"assertion and other id":    {func() TokenRequest { r := granted(good); r.ClientID = "shop"; return r }(), 401, invalidClient},
		"assertion, other client": {func() TokenRequest {
			r := granted(good)
			r.BasicID, r.BasicSecret = "shop", shopSecret
			return r
		}(), 400, invalidGrant},

		"client assertion for a user":     {proven(good), 401, invalidClient},
		"client assertion without a type": {TokenRequest{GrantType: grantClientCredentials, ClientAssertion: good}, 400, invalidRequest},
		"client assertion and secret":     {func() TokenRequest { r := proven(good); r.ClientSecret = "x"; return r }(), 400, invalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			got, refusal := NewIssuer(c).Token(context.Background(), tc.request)
			if refusal == nil || got != (TokenResponse{}) {
				t.Fatalf("a token was given: %+v", got)
			}
			if refusal.Status != tc.status || refusal.Code != tc.code {
				t.Errorf("%d %s; want %d %s", refusal.Status, refusal.Code, tc.status, tc.code)
			}
			challenged := strings.HasPrefix(refusal.Challenge, "Basic ")
			if want := tc.status == 401 && tc.request.BasicID != ""; challenged != want {
				t.Errorf("challenge %q; wanted: %v", refusal.Challenge, want)
			}
		})
	}
}

func TestRefusalIsAnOAuthBody(t *testing.T) {
	c, _ := testConfig(t)
	_, refusal := NewIssuer(c).Token(context.Background(), granted("word"))
	body, err := json.Marshal(refusal)
	want := `{"error":"invalid_grant","error_description":"The assertion is expired or not valid."}`
	if err != nil || string(body) != want {
		t.Errorf("body %s, %v; want %s", body, err, want)
	}
	if refusal.Reason == "" {
		t.Error("the log learns no reason")
	}
}

func TestTokenIsAnRFC9068AccessToken(t *testing.T) {
	c, _ := testConfig(t)
	c.Lifetime = 5 * time.Minute
	first, second := shopToken(t, c), shopToken(t, c)
	said := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(first, said)
	if err != nil {
		t.Fatal(err)
	}
	if token.Header["typ"] != "at+jwt" || token.Header["alg"] != "RS256" || token.Header["kid"] != c.Keys.signer(today).ID {
		t.Errorf("header %v", token.Header)
	}
	for name, want := range map[string]any{
		"iss": issuerURL, "sub": "shop", "client_id": "shop", "scope": "payments:write payments:read reports:read",
		"iat": float64(today.Unix()), "exp": float64(today.Add(5 * time.Minute).Unix()),
	} {
		if said[name] != want {
			t.Errorf("%s = %v; want %v", name, said[name], want)
		}
	}
	if aud, _ := said.GetAudience(); !slices.Equal(aud, []string{issuerURL}) {
		t.Errorf("aud = %v", aud)
	}
	if said["jti"] == "" || first == second {
		t.Error("two tokens have one jti")
	}
}
