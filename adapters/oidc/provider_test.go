package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"paytrace-gateway/adapters/oidc"
	"paytrace-gateway/gateway"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// idp is an identity provider with one person, who has logged in.
type idp struct {
	*httptest.Server
	key, strange *rsa.PrivateKey
	// spoil changes what it says of the person; signer is whose key it signs with.
	spoil  func(claims jwt.MapClaims)
	signer *rsa.PrivateKey
	// answers takes the place of the token endpoint's answer.
	answers   http.HandlerFunc
	challenge string
	nonce     string
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	i := &idp{}
	for _, key := range []**rsa.PrivateKey{&i.key, &i.strange} {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		*key = made
	}
	i.signer = i.key
	routes := http.NewServeMux()
	tell := func(path string, said func() any) {
		routes.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(said())
		})
	}
	tell("/.well-known/openid-configuration", func() any {
		return map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys"}
	})
	tell("/keys", func() any {
		encode := base64.RawURLEncoding.EncodeToString
		return map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig",
			"n": encode(i.key.N.Bytes()), "e": encode(big.NewInt(int64(i.key.E)).Bytes())}}}
	})
	routes.HandleFunc("/token", i.token)
	i.Server = httptest.NewServer(routes)
	t.Cleanup(i.Close)
	return i
}

func (i *idp) token(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	switch {
	case i.answers != nil:
		i.answers(w, r)
		return
	case r.FormValue("code") != "good", base64.RawURLEncoding.EncodeToString(sum[:]) != i.challenge, id != "gateway", secret != "its-secret":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := jwt.MapClaims{"iss": i.URL, "sub": "7", "aud": "gateway", "nonce": i.nonce, "exp": noon.Add(time.Minute).Unix(), "iat": noon.Unix(),
		"preferred_username": "ada", "realm_access": map[string]any{"roles": []string{"staff", "payments-team", "payments-readers"}}}
	if i.spoil != nil {
		i.spoil(claims)
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = "k"
	raw, _ := token.SignedString(i.signer)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": raw})
}

func (i *idp) provider() *oidc.Provider {
	return oidc.New(oidc.Config{
		Issuer: i.URL, ClientID: "gateway", ClientSecret: "its-secret", RedirectURL: "https://pay.test/sessions/oidc/callback",
		RoleClaim: "realm_access.roles", Roles: map[string]string{"payments-team": "operator", "payments-readers": "viewer", "boss": "admin"},
		Now: func() time.Time { return noon },
	})
}

var begun = gateway.SignIn{State: "the-state", Nonce: "the-nonce", Verifier: strings.Repeat("verifier", 6)}

// signIn goes to the identity provider and comes back with the code.
func (i *idp) signIn(t *testing.T, p *oidc.Provider, code string) (gateway.Identity, error) {
	t.Helper()
	where, err := p.Begin(t.Context(), begun)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("state") != begun.State || q.Get("code_challenge_method") != "S256" || q.Get("client_id") != "gateway" || q.Get("response_type") != "code" ||
		q.Get("redirect_uri") != "https://pay.test/sessions/oidc/callback" || strings.Contains(where, begun.Verifier) || !strings.HasPrefix(where, i.URL+"/authorize") {
		t.Errorf("the browser is sent to %s", where)
	}
	i.challenge, i.nonce = q.Get("code_challenge"), q.Get("nonce")
	return p.Finish(t.Context(), begun, code)
}

func TestAPersonComesWithTheRoleThatTheClaimIsGiven(t *testing.T) {
	i := newIDP(t)
	p := i.provider()
	id, err := i.signIn(t, p, "good")
	if want := (gateway.Identity{Issuer: i.URL, Subject: "7", Name: "ada", Role: "operator"}); err != nil || id != want {
		t.Errorf("%+v, %v, want %+v", id, err, want)
	}
	i.spoil = func(c jwt.MapClaims) {
		c["realm_access"], c["realm_access.roles"] = nil, "boss"
		c["preferred_username"], c["email"] = "Ada Byron", "ada@example.com"
	}
	if id, err := i.signIn(t, p, "good"); err != nil || id.Role != "admin" || id.Name != "ada@example.com" {
		t.Errorf("%+v, %v", id, err)
	}
}

func TestBadAnswersOfAnIdentityProviderAreRefused(t *testing.T) {
	i := newIDP(t)
	p := i.provider()
	for name, c := range map[string]struct {
		spoil   func(jwt.MapClaims)
		strange bool
		code    string
		answers http.HandlerFunc
		want    string
	}{
		"wrong nonce":     {spoil: func(c jwt.MapClaims) { c["nonce"] = "another" }, want: "the nonce is another log-in's"},
		"no nonce":        {spoil: func(c jwt.MapClaims) { c["nonce"] = nil }, want: "the nonce is another log-in's"},
		"wrong audience":  {spoil: func(c jwt.MapClaims) { c["aud"] = "another" }, want: "the ID token is for another client"},
		"two audiences":   {spoil: func(c jwt.MapClaims) { c["aud"] = []string{"gateway", "another"} }, want: "the ID token is for another client"},
		"another party":   {spoil: func(c jwt.MapClaims) { c["azp"] = "another" }, want: "the ID token is for another client"},
		"expired":         {spoil: func(c jwt.MapClaims) { c["exp"] = noon.Add(-time.Second).Unix() }, want: "the ID token has expired"},
		"another issuer":  {spoil: func(c jwt.MapClaims) { c["iss"] = "https://evil.test" }, want: "the ID token is not signed by the issuer's keys, or is another issuer's"},
		"unknown key":     {strange: true, want: "the ID token is not signed by the issuer's keys, or is another issuer's"},
		"nobody":          {spoil: func(c jwt.MapClaims) { c["sub"] = nil }, want: "the ID token names nobody"},
		"unmapped role":   {spoil: func(c jwt.MapClaims) { c["realm_access"] = map[string]any{"roles": []string{"staff"}} }, want: "no role here is given to what the identity provider says of the person"},
		"no role":         {spoil: func(c jwt.MapClaims) { c["realm_access"] = nil }, want: "no role here is given to what the identity provider says of the person"},
		"a role by name":  {spoil: func(c jwt.MapClaims) { c["realm_access"] = map[string]any{"roles": []string{"admin"}} }, want: "no role here is given to what the identity provider says of the person"},
		"another code":    {code: "bad", want: "the identity provider refuses the code"},
		"no ID token":     {answers: says(`{"access_token":"a","token_type":"Bearer"}`), want: "the identity provider sent no ID token"},
		"an unsigned one": {answers: says(`{"access_token":"a","token_type":"Bearer","id_token":"eyJhbGciOiJub25lIn0.e30."}`), want: "the ID token is not signed by the issuer's keys, or is another issuer's"},
	} {
		t.Run(name, func(t *testing.T) {
			i.spoil, i.signer, i.answers = c.spoil, i.key, c.answers
			if c.strange {
				i.signer = i.strange
			}
			code := c.code
			if code == "" {
				code = "good"
			}
			id, err := i.signIn(t, p, code)
			var refused *gateway.Error
			if !errors.As(err, &refused) || refused.Code != gateway.CodeLogInRefused || refused.Unwrap().Error() != c.want {
				t.Errorf("%+v, %v (%v), want %q", id, err, errors.Unwrap(err), c.want)
			}
		})
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	}
}

func TestAnIdentityProviderThatIsAwayIsSaidToBe(t *testing.T) {
	i := newIDP(t)
	p := i.provider()
	i.answers = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	wantAway := func(err error) {
		t.Helper()
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeProviderAway || !refused.Retryable {
			t.Errorf("%v", err)
		}
	}
	_, err := i.signIn(t, p, "good")
	wantAway(err)
	i.Close()
	_, err = i.provider().Begin(t.Context(), begun)
	wantAway(err)
}
