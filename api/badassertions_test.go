package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	assertionGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	assertionType  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	tokenPath      = "/oauth/token"
)

// ask sends a token request with these parameters: name, value, name, value …
func (s *smithy) ask(words ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(words); i += 2 {
		form.Set(words[i], words[i+1])
	}
	return s.do(call{method: http.MethodPost, path: tokenPath, body: form.Encode(), anyone: true,
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}})
}

func (s *smithy) grant(assertion string) answer {
	s.t.Helper()
	return s.ask("grant_type", assertionGrant, "assertion", assertion)
}

func (s *smithy) prove(assertion string) answer {
	s.t.Helper()
	return s.ask("grant_type", "client_credentials", "client_assertion_type", assertionType, "client_assertion", assertion)
}

// forToken is a good assertion, but for the changes.
func (s *smithy) forToken(header, claims members) string {
	all := members{"aud": publicURL + tokenPath, "sub": org}
	maps.Copy(all, claims)
	return s.direct(header, all)
}

const (
	refusedGrant  = `{"error":"invalid_grant","error_description":"The assertion is expired or not valid."}`
	refusedClient = `{"error":"invalid_client","error_description":"The client is unknown, disabled, or did not prove who it is."}`
)

// Each assertion is shown as a grant (RFC 7523 §2.1) and in a secret's place
// (§2.2). What was wrong with it is for the log alone.
func TestABadAssertionGetsNoToken(t *testing.T) {
	s := newSmithy(t)
	rows := s.badAssertions()
	if len(rows) < 40 {
		t.Errorf("the table has %d rows, want at least 40", len(rows))
	}
	for name, assertion := range rows {
		t.Run(name, func(t *testing.T) {
			inner := *s
			house := *s.house
			house.t = t
			inner.house = &house
			for _, asked := range []struct {
				answer
				status int
				body   string
			}{
				{inner.grant(assertion), http.StatusBadRequest, refusedGrant},
				{inner.prove(assertion), http.StatusUnauthorized, refusedClient},
			} {
				if asked.status != asked.answer.status || string(asked.raw) != asked.body {
					t.Errorf("the answer is %d %s, want %d %s", asked.answer.status, asked.raw, asked.status, asked.body)
				}
				if challenge := asked.header.Get("WWW-Authenticate"); challenge != "" {
					t.Errorf("WWW-Authenticate is %q, want none: the client did not try HTTP Basic", challenge)
				}
			}
		})
	}
	s.nothingWasDone()
}

func (s *smithy) badAssertions() map[string]string {
	in := func(d time.Duration) int64 { return s.now.Add(d).Unix() }
	claims := string(must(json.Marshal(s.orgClaims(members{"aud": publicURL + tokenPath, "sub": org})))(s.t))
	parts := strings.Split(s.forToken(nil, nil), ".")
	twice := func(more string) string {
		return s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT"}`, strings.TrimSuffix(claims, "}")+","+more+"}")
	}
	return map[string]string{
		"a word":                     "word",
		"alg none":                   b64(`{"alg":"none"}`) + "." + b64(claims) + ".",
		"HS256 with the modulus":     symmetric(s.ofOrg.N.Bytes(), `{"alg":"HS256","typ":"JWT"}`, claims),
		"HS256 with the certificate": symmetric(s.certificate, `{"alg":"HS256","typ":"JWT"}`, claims),
		"HS256 with an empty key":    symmetric(nil, `{"alg":"HS256","typ":"JWT"}`, claims),
		"HS256 with the secret":      symmetric([]byte(secret), `{"alg":"HS256","typ":"JWT"}`, claims),
		"alg RS384":                  s.forToken(members{"alg": "RS384"}, nil),
		"alg RS512, signed as RS256": s.forToken(members{"alg": "RS512"}, nil),
		"no alg":                     s.forToken(members{"alg": nil}, nil),
		"a strange key":              s.sign(s.strange, members{"alg": "RS256"}, s.orgClaims(members{"aud": publicURL + tokenPath, "sub": org})),
		"another client's key":       s.sign(s.ofRival, members{"alg": "RS256"}, s.orgClaims(members{"aud": publicURL + tokenPath, "sub": org})),
		"our key":                    s.sign(s.own, members{"alg": "RS256"}, s.orgClaims(members{"aud": publicURL + tokenPath, "sub": org})),
		"a key of its own, jwk":      s.sign(s.strange, members{"alg": "RS256", "jwk": members{"kty": "RSA", "n": b64(string(s.strange.N.Bytes())), "e": "AQAB"}}, s.orgClaims(members{"sub": org})),
		"no signature":               parts[0] + "." + parts[1] + ".",
		"a signature with a line":    parts[0] + "." + parts[1] + "." + parts[2][:20] + "\n" + parts[2][20:],
		"a line at its end":          s.forToken(nil, nil) + "\r\n",
		"a blank before":             " " + s.forToken(nil, nil),
		"padding":                    s.forToken(nil, nil) + "==",
		"crit":                       s.forToken(members{"crit": []string{"exp"}}, nil),
		"b64 false":                  s.forToken(members{"b64": false}, nil),
		"typ of an access token":     s.forToken(members{"typ": "at+jwt"}, nil),
		"one of our own tokens":      s.ours(nil, nil),
		"one of ours, typ JWT":       s.ours(members{"typ": "JWT"}, members{"aud": publicURL + tokenPath}),
		"no iss":                     s.forToken(nil, members{"iss": nil}),
		"an unknown iss":             s.forToken(nil, members{"iss": "nobody"}),
		"a revoked client":           s.forToken(nil, members{"iss": goneOrg, "sub": goneOrg}),
		"a client without any":       s.forToken(nil, members{"iss": shop, "sub": shop}),
		"an ended certificate":       s.forToken(nil, members{"iss": lateOrg, "sub": lateOrg}),
		"another client's iss":       s.forToken(nil, members{"iss": rivalOrg, "sub": rivalOrg}),
		"no sub":                     s.forToken(nil, members{"sub": nil}),
		"sub is a list":              s.forToken(nil, members{"sub": []string{org}}),
		"no aud":                     s.forToken(nil, members{"aud": nil}),
		"another aud":                s.forToken(nil, members{"aud": "https://login.salesforce.com"}),
		"an aud with a slash more":   s.forToken(nil, members{"aud": publicURL + tokenPath + "/"}),
		"no exp":                     s.forToken(nil, members{"exp": nil}),
		"exp now":                    s.forToken(nil, members{"exp": in(0)}),
		"exp in eleven minutes":      s.forToken(nil, members{"exp": in(11 * time.Minute)}),
		"exp in a hundred years":     s.forToken(nil, members{"exp": in(876000 * time.Hour)}),
		"exp is a text":              s.forToken(nil, members{"exp": fmt.Sprint(in(time.Minute))}),
		"exp is negative":            s.forToken(nil, members{"exp": -1}),
		"exp is huge":                s.forToken(nil, members{"exp": json.Number("1e300")}),
		"exp stands twice":           twice(fmt.Sprintf(`"exp":%d`, in(time.Minute))),
		"iss stands twice":           twice(`"iss":"` + rivalOrg + `"`),
		"nbf in a minute":            s.forToken(nil, members{"nbf": in(time.Minute)}),
		"iat in a minute":            s.forToken(nil, members{"iat": in(time.Minute)}),
		"jti is a number":            s.forToken(nil, members{"jti": 7}),
		"5 KiB":                      s.forToken(nil, members{"x": strings.Repeat("x", 5<<10)}),
	}
}

// An assertion with a jti gets one token, in whichever way it is shown. Without
// one, as Salesforce makes them, it is good until its end.
func TestAnAssertionWithAJTIIsTakenOnce(t *testing.T) {
	s := newSmithy(t)
	for name, tc := range map[string]struct {
		jti   any
		again int
	}{"with a jti": {"one", http.StatusBadRequest}, "without": {nil, http.StatusOK}} {
		assertion := s.forToken(nil, members{"jti": tc.jti})
		s.grant(assertion).expect(http.StatusOK, "token_type", "Bearer", "expires_in", "900", "scope", "payments:read payments:write")
		if a := s.grant(assertion); a.status != tc.again {
			t.Errorf("%s, shown again: %d %s, want %d", name, a.status, a.raw, tc.again)
		}
	}
	proof := s.forToken(nil, members{"jti": "two"})
	s.prove(proof).expect(http.StatusOK)
	if a := s.prove(proof); a.status != http.StatusUnauthorized || string(a.raw) != refusedClient {
		t.Errorf("a proof that is shown again: %d %s", a.status, a.raw)
	}
	if a := s.grant(proof); a.status != http.StatusBadRequest || string(a.raw) != refusedGrant {
		t.Errorf("a proof that is shown as a grant: %d %s", a.status, a.raw)
	}
	// Its name is the client's own: another one may use the same.
	same := s.sign(s.ofRival, members{"alg": "RS256"}, s.orgClaims(members{"iss": rivalOrg, "sub": rivalOrg, "aud": publicURL + tokenPath, "jti": "two"}))
	s.prove(same).expect(http.StatusOK)
}
