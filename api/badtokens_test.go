package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
)

// badToken is a token that is no good, and what WWW-Authenticate says to it.
type badToken struct{ name, authorization string }

const (
	refusedToken = `Bearer realm="paytrace-gateway", error="invalid_token"`
	noToken      = `Bearer realm="paytrace-gateway"`
)

// Each is sent to take money and to read. The answer is exactly the same for all
// of them, so that nobody learns what was wrong, and nothing is executed.
func TestABadTokenIsAnsweredExactlyAndDoesNothing(t *testing.T) {
	s := newSmithy(t)
	var rows []badToken
	for _, more := range [][]badToken{s.otherAlgorithms(), s.otherKeys(), s.otherHeaders(), s.otherClaims(), s.otherTimes(), s.otherShapes()} {
		rows = append(rows, more...)
	}
	if len(rows) < 80 {
		t.Errorf("the table has %d rows, want at least 80", len(rows))
	}
	names := map[string]bool{}
	for _, row := range rows {
		if names[row.name] {
			t.Errorf("two rows are named %q", row.name)
		}
		names[row.name] = true
		t.Run(row.name, func(t *testing.T) {
			inner := *s.house
			inner.t = t
			header := map[string]string{"Authorization": row.authorization}
			challenge := refusedToken
			if !strings.HasPrefix(row.authorization, "Bearer ") {
				challenge = noToken
			}
			for _, c := range []call{
				{path: payments, key: "bad-token", body: sale("1.00"), header: header, anyone: true},
				{path: payments, header: header, anyone: true},
			} {
				a := inner.do(c).refused(http.StatusUnauthorized, "unauthorized", "")
				if got := a.header.Get("WWW-Authenticate"); got != challenge {
					t.Errorf("WWW-Authenticate is %q, want %q", got, challenge)
				}
				if detail := a.at("detail"); detail != "the bearer token is missing, expired or not valid; get a new one at /oauth/token" {
					t.Errorf("the detail is %q", detail)
				}
			}
		})
	}
	s.nothingWasDone()
}

// nothingWasDone looks into the ledger, and asks the processor whether anybody
// has called.
func (s *smithy) nothingWasDone() {
	s.t.Helper()
	good := map[string]string{"Authorization": "Bearer " + s.direct(nil, nil)}
	s.do(call{path: payments + "/by-key/bad-token", header: good, anyone: true}).refused(http.StatusNotFound, "not_found", "")
	if made := ids(s.do(call{path: payments, header: good, anyone: true}).expect(http.StatusOK)); len(made) != 0 {
		s.t.Errorf("bad tokens have made the payments %v", made)
	}
	for _, verb := range []string{"charge", "capture", "void", "refund", "lookUp", "find"} {
		if n := s.processor.Calls(verb); n != 0 {
			s.t.Errorf("the processor has seen %d calls of %s", n, verb)
		}
	}
}

// Without these the table could be red for a reason of its own.
func TestTheTokensThatAreSpoiledWereGood(t *testing.T) {
	s := newSmithy(t)
	for name, token := range map[string]string{
		"ours": s.ours(nil, nil), "an org's": s.direct(nil, nil),
		"an audience among several": s.direct(nil, members{"aud": []string{"https://elsewhere.example", publicURL}}),
		"an end with a fraction":    s.direct(nil, members{"exp": float64(s.now.Unix()) + 60.5}),
		"claims that nobody knows":  s.direct(nil, members{"level": members{"deep": []int{1}}}),
		"as long as it may be":      s.sized(4 << 10),
		"a clock 25 s ahead":        s.direct(nil, members{"iat": s.now.Add(25 * time.Second).Unix(), "nbf": s.now.Add(25 * time.Second).Unix()}),
	} {
		// A bearer token may be shown again until it ends, whoever has made it.
		for range 2 {
			if a := s.do(call{path: payments, header: map[string]string{"Authorization": "Bearer " + token}, anyone: true}); a.status != http.StatusOK {
				t.Errorf("%s: the answer is %d: %s", name, a.status, a.raw)
			}
		}
	}
}

// What a good token may not do is said as exactly.
func TestAGoodTokenDoesNoMoreThanItSays(t *testing.T) {
	s := newSmithy(t)
	mine := func(scope string) map[string]string {
		return map[string]string{"Authorization": "Bearer " + s.direct(nil, members{"scope": scope})}
	}
	rivals := map[string]string{"Authorization": "Bearer " + s.sign(s.ofRival, members{"alg": "RS256"}, s.orgClaims(members{"iss": rivalOrg}))}
	made := s.do(call{path: payments, key: "k", body: sale("1.00"), header: mine("payments:write"), anyone: true}).expect(http.StatusCreated)
	for name, c := range map[string]struct {
		call
		status          int
		code, challenge string
	}{
		"the other scope":               {call{path: payments, header: mine("payments:write")}, 403, "insufficient_scope", `, error="insufficient_scope", scope="payments:read"`},
		"a scope that there is not":     {call{path: payments, header: mine("payments:all")}, 403, "insufficient_scope", `, error="insufficient_scope", scope="payments:read"`},
		"a scope that it was not given": {call{path: vault, header: mine("vault:read")}, 403, "insufficient_scope", `, error="insufficient_scope", scope="vault:read"`},
		"another merchant's payment":    {call{path: payments + "/" + made.at("paymentId"), header: rivals}, 404, "not_found", ""},
		"another merchant's key":        {call{path: payments + "/by-key/k", header: rivals}, 404, "not_found", ""},
		"another merchant's money":      {call{path: transaction(made, "refund"), key: "r", body: "{}", header: rivals}, 404, "not_found", ""},
	} {
		c.anyone = true
		a := s.do(c.call).refused(c.status, c.code, "")
		want := ""
		if c.challenge != "" {
			want = noToken + c.challenge
		}
		if got := a.header.Get("WWW-Authenticate"); got != want {
			t.Errorf("%s: WWW-Authenticate is %q, want %q", name, got, want)
		}
	}
	if s.processor.Calls("charge") != 1 || s.processor.Calls("refund") != 0 {
		t.Errorf("%d charges and %d refunds, want the one charge", s.processor.Calls("charge"), s.processor.Calls("refund"))
	}
}

// sized is a good token of exactly this length. Base64 makes no word of some
// lengths, so the header and the claims share it.
func (s *smithy) sized(length int) string {
	for header := range 4 {
		for claims := length / 2; claims < length; claims++ {
			token := s.direct(members{"x": strings.Repeat("x", header)}, members{"x": strings.Repeat("x", claims)})
			if len(token) == length {
				return token
			}
			if len(token) > length {
				break
			}
		}
	}
	s.t.Fatalf("no token has %d bytes", length)
	return ""
}

func bearers(tokens map[string]string) []badToken {
	var rows []badToken
	for name, token := range tokens {
		rows = append(rows, badToken{name, "Bearer " + token})
	}
	return rows
}

// symmetric signs with a key that anybody knows.
func symmetric(key []byte, header, claims string) string {
	signed := b64(header) + "." + b64(claims)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	return signed + "." + b64(string(mac.Sum(nil)))
}

func (s *smithy) otherAlgorithms() []badToken {
	claims := string(must(json.Marshal(s.orgClaims(nil)))(s.t))
	parts := strings.Split(s.ours(nil, nil), ".")
	unsigned := func(alg string) string { return b64(`{"alg":"`+alg+`","typ":"JWT"}`) + "." + b64(claims) + "." }
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&s.own.PublicKey))(s.t)})
	hs := func(key []byte) string {
		return symmetric(key, `{"alg":"HS256","typ":"at+jwt","kid":"`+s.kid+`"}`, string(must(base64.RawURLEncoding.DecodeString(parts[1]))(s.t)))
	}
	curve := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(s.t)
	return bearers(map[string]string{
		"alg none":                             unsigned("none"),
		"alg None":                             unsigned("None"),
		"alg nOnE":                             unsigned("nOnE"),
		"alg none, and a good signature":       s.direct(members{"alg": "none"}, nil),
		"alg empty":                            s.direct(members{"alg": ""}, nil),
		"no alg":                               s.direct(members{"alg": nil}, nil),
		"alg is no string":                     s.direct(members{"alg": 256}, nil),
		"alg rs256":                            s.direct(members{"alg": "rs256"}, nil),
		"alg RS512, signed as RS256":           s.direct(members{"alg": "RS512"}, nil),
		"alg RS384":                            s.direct(members{"alg": "RS384"}, nil),
		"alg PS256":                            s.direct(members{"alg": "PS256"}, nil),
		"alg EdDSA":                            s.direct(members{"alg": "EdDSA"}, nil),
		"alg RSA-OAEP, as if encrypted":        s.direct(members{"alg": "RSA-OAEP", "enc": "A256GCM"}, nil),
		"ours, alg RS512":                      s.ours(members{"alg": "RS512"}, nil),
		"HS256 with our public key as PEM":     hs(public),
		"HS256 with our public key as DER":     hs(must(x509.MarshalPKIXPublicKey(&s.own.PublicKey))(s.t)),
		"HS256 with our modulus":               hs(s.own.N.Bytes()),
		"HS256 with an empty key":              hs(nil),
		"HS256 with a zero byte for key":       hs([]byte{0}),
		"HS256 with the key's name":            hs([]byte(s.kid)),
		"HS256 with the org's certificate":     symmetric(s.certificate, `{"alg":"HS256","typ":"JWT"}`, claims),
		"HS256 with the org's modulus":         symmetric(s.ofOrg.N.Bytes(), `{"alg":"HS256","typ":"JWT"}`, claims),
		"ES256 by a key of nobody":             s.elliptic(curve, claims, nil),
		"ES256 with r and s zero":              s.elliptic(curve, claims, func(_, _ *big.Int) (*big.Int, *big.Int) { return new(big.Int), new(big.Int) }),
		"ES256 with s in the upper half":       s.elliptic(curve, claims, upperHalf),
		"ES256 with r and s the curve's order": s.elliptic(curve, claims, func(_, _ *big.Int) (*big.Int, *big.Int) { return order(), order() }),
	})
}

func order() *big.Int { return elliptic.P256().Params().N }

func upperHalf(r, s *big.Int) (*big.Int, *big.Int) {
	if twin := new(big.Int).Sub(order(), s); twin.Cmp(s) > 0 {
		return r, twin
	}
	return r, s
}

func (s *smithy) elliptic(key *ecdsa.PrivateKey, claims string, change func(r, s *big.Int) (*big.Int, *big.Int)) string {
	signed := b64(`{"alg":"ES256","typ":"JWT"}`) + "." + b64(claims)
	sum := sha256.Sum256([]byte(signed))
	r, half, err := ecdsa.Sign(rand.Reader, key, sum[:])
	must(0, err)(s.t)
	if change != nil {
		r, half = change(r, half)
	}
	return signed + "." + b64(string(append(r.FillBytes(make([]byte, 32)), half.FillBytes(make([]byte, 32))...)))
}

func (s *smithy) otherKeys() []badToken {
	parts, others := strings.Split(s.direct(nil, nil), "."), strings.Split(s.ours(nil, nil), ".")
	signature := must(base64.RawURLEncoding.DecodeString(parts[2]))(s.t)
	with := func(signature []byte) string { return parts[0] + "." + parts[1] + "." + b64(string(signature)) }
	flipped := append([]byte{}, signature...)
	flipped[len(flipped)/2] ^= 1
	head := members{"alg": "RS256", "typ": "JWT"}
	return bearers(map[string]string{
		"ours, by a strange key":         s.sign(s.strange, members{"alg": "RS256", "typ": "at+jwt", "kid": s.kid}, members{"iss": publicURL, "aud": publicURL, "client_id": shop, "exp": s.now.Add(time.Minute).Unix()}),
		"ours, by an org's key":          s.sign(s.ofOrg, members{"alg": "RS256", "typ": "at+jwt", "kid": s.kid}, members{"iss": publicURL, "aud": publicURL, "client_id": shop, "exp": s.now.Add(time.Minute).Unix()}),
		"an org's, by a strange key":     s.sign(s.strange, head, s.orgClaims(nil)),
		"an org's, by our key":           s.sign(s.own, head, s.orgClaims(nil)),
		"an org's, by another org":       s.sign(s.ofRival, head, s.orgClaims(nil)),
		"ours, an unknown kid":           s.ours(members{"kid": "another"}, nil),
		"ours, an empty kid":             s.ours(members{"kid": ""}, nil),
		"ours, no kid":                   s.ours(members{"kid": nil}, nil),
		"ours, kid is a number":          s.ours(members{"kid": 1}, nil),
		"ours, kid is a path":            s.ours(members{"kid": "../../../../dev/null"}, nil),
		"ours, kid is SQL":               s.ours(members{"kid": "' OR 1=1 --"}, nil),
		"no signature":                   with(nil),
		"a signature of one byte":        with(signature[:1]),
		"a signature that lacks a byte":  with(signature[:len(signature)-1]),
		"a signature with a byte more":   with(append(append([]byte{}, signature...), 0)),
		"a signature after a zero byte":  with(append([]byte{0}, signature...)),
		"a signature with a bit flipped": with(flipped),
		"a signature of zeros":           with(make([]byte, len(signature))),
		"another token's signature":      parts[0] + "." + parts[1] + "." + others[2],
		"another token's claims":         parts[0] + "." + others[1] + "." + parts[2],
		"another token's header":         others[0] + "." + parts[1] + "." + parts[2],
	})
}

func (s *smithy) otherHeaders() []badToken {
	jwk := members{"kty": "RSA", "n": b64(string(s.strange.N.Bytes())), "e": "AQAB", "kid": s.kid}
	chain := []string{base64.StdEncoding.EncodeToString(s.certify(s.t, s.strange, s.now.Add(time.Hour)).Raw)}
	brings := func(name string, value any) string {
		return s.sign(s.strange, members{"alg": "RS256", "typ": "JWT", name: value}, s.orgClaims(nil))
	}
	claims := string(must(json.Marshal(s.orgClaims(nil)))(s.t))
	return bearers(map[string]string{
		"a key of its own, jwk":       brings("jwk", jwk),
		"a key of its own, jku":       brings("jku", "http://"+s.public+"/.well-known/jwks.json"),
		"a key of its own, x5c":       brings("x5c", chain),
		"a key of its own, x5u":       brings("x5u", "http://"+s.public+"/chain.pem"),
		"ours, with a key of its own": s.sign(s.strange, members{"alg": "RS256", "typ": "at+jwt", "kid": s.kid, "jwk": jwk}, members{"iss": publicURL, "aud": publicURL, "client_id": shop, "exp": s.now.Add(time.Minute).Unix()}),
		"crit that nobody knows":      s.direct(members{"crit": []string{"https://example.com/x"}, "https://example.com/x": true}, nil),
		"crit that names a claim":     s.direct(members{"crit": []string{"exp"}}, nil),
		"crit that is empty":          s.direct(members{"crit": []string{}}, nil),
		"ours, with crit":             s.ours(members{"crit": []string{"b64"}, "b64": true}, nil),
		"b64 false, and critical":     s.direct(members{"crit": []string{"b64"}, "b64": false}, nil),
		"b64 false":                   s.direct(members{"b64": false}, nil),
		"ours, typ JWT":               s.ours(members{"typ": "JWT"}, nil),
		"ours, no typ":                s.ours(members{"typ": nil}, nil),
		"ours, typ is a list":         s.ours(members{"typ": []string{"at+jwt"}}, nil),
		"an org's, typ at+jwt":        s.direct(members{"typ": "at+jwt"}, nil),
		"an org's, typ dpop+jwt":      s.direct(members{"typ": "dpop+jwt"}, nil),
		"a token in a token":          s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT","cty":"JWT"}`, s.direct(nil, nil)),
		"a header that stands twice":  s.signText(s.ofOrg, `{"alg":"none","alg":"RS256","typ":"JWT"}`, claims),
		"a typ that stands twice":     s.signText(s.ofOrg, `{"alg":"RS256","typ":"at+jwt","typ":"JWT"}`, claims),
		"a header that is a list":     s.signText(s.ofOrg, `[{"alg":"RS256"}]`, claims),
		"a header that is null":       s.signText(s.ofOrg, `null`, claims),
		"a header that is cut off":    s.signText(s.ofOrg, `{"alg":"RS256"`, claims),
		"a header with more after it": s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT"}{}`, claims),
		"a header that is no UTF-8":   s.signText(s.ofOrg, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x\":\"\xff\"}", claims),
	})
}

func (s *smithy) otherClaims() []badToken {
	text := func(more string) string {
		good := string(must(json.Marshal(s.orgClaims(nil)))(s.t))
		return s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT"}`, strings.TrimSuffix(good, "}")+","+more+"}")
	}
	return bearers(map[string]string{
		"no iss":                        s.direct(nil, members{"iss": nil}),
		"an unknown iss":                s.direct(nil, members{"iss": "nobody"}),
		"our iss, in an org's":          s.direct(nil, members{"iss": publicURL}),
		"iss is a list":                 s.direct(nil, members{"iss": []string{org}}),
		"a revoked client":              s.direct(nil, members{"iss": goneOrg}),
		"another merchant's iss":        s.direct(nil, members{"iss": rivalOrg}),
		"a client without certificates": s.direct(nil, members{"iss": shop}),
		"a certificate that has ended":  s.direct(nil, members{"iss": lateOrg}),
		"no aud":                        s.direct(nil, members{"aud": nil}),
		"another aud":                   s.direct(nil, members{"aud": "https://login.salesforce.com"}),
		"an aud with a slash more":      s.direct(nil, members{"aud": publicURL + "/"}),
		"the token endpoint's aud":      s.direct(nil, members{"aud": publicURL + "/oauth/token"}),
		"several other aud":             s.direct(nil, members{"aud": []string{"https://a.example", "https://b.example"}}),
		"an empty list for aud":         s.direct(nil, members{"aud": []string{}}),
		"aud with a number in it":       s.direct(nil, members{"aud": []any{publicURL, 1}}),
		"aud is an object":              s.direct(nil, members{"aud": members{"url": publicURL}}),
		"no sub":                        s.direct(nil, members{"sub": nil}),
		"sub is a number":               s.direct(nil, members{"sub": 7}),
		"scope is a list":               s.direct(nil, members{"scope": []string{"payments:read"}}),
		"scope is a number":             s.direct(nil, members{"scope": 1}),
		"ours, of nobody":               s.ours(nil, members{"client_id": "nobody"}),
		"ours, of a revoked client":     s.ours(nil, members{"client_id": goneOrg}),
		"ours, without a client":        s.ours(nil, members{"client_id": nil}),
		"ours, another iss":             s.ours(nil, members{"iss": "https://elsewhere.example"}),
		"ours, another aud":             s.ours(nil, members{"aud": "https://elsewhere.example"}),
		"ours, an operator for long":    s.ours(nil, members{"client_id": "operator:eve", "merchant_id": "main", "scope": "admin"}),
		"iss that stands twice":         text(`"iss":"` + rivalOrg + `"`),
		"exp that stands twice":         text(fmt.Sprintf(`"exp":%d`, s.now.Add(time.Minute).Unix())),
		"scope that stands twice":       text(`"scope":"payments:read","scope":"admin"`),
		"a name in an object twice":     text(`"x":{"a":1,"a":2}`),
		"claims that are a list":        s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT"}`, `[]`),
		"claims that are null":          s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT"}`, `null`),
		"claims that are a text":        s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT"}`, `"iss"`),
		"no claims":                     s.signText(s.ofOrg, `{"alg":"RS256","typ":"JWT"}`, ``),
	})
}

func (s *smithy) otherTimes() []badToken {
	in := func(d time.Duration) int64 { return s.now.Add(d).Unix() }
	rows := map[string]string{
		"no exp":                 s.direct(nil, members{"exp": nil}),
		"EXP in capitals":        s.direct(nil, members{"exp": nil, "EXP": in(time.Minute)}),
		"exp now":                s.direct(nil, members{"exp": in(0)}),
		"exp a second ago":       s.direct(nil, members{"exp": in(-time.Second)}),
		"exp in eleven minutes":  s.direct(nil, members{"exp": in(11 * time.Minute)}),
		"exp in a hundred years": s.direct(nil, members{"exp": in(100 * 365 * 24 * time.Hour)}),
		"ours, exp a second ago": s.ours(nil, members{"exp": in(-time.Second)}),
		"ours, no exp":           s.ours(nil, members{"exp": nil}),
		"nbf in a minute":        s.direct(nil, members{"nbf": in(time.Minute)}),
		"iat in a minute":        s.direct(nil, members{"iat": in(time.Minute)}),
		"nbf is a text":          s.direct(nil, members{"nbf": fmt.Sprint(in(0))}),
		"iat is true":            s.direct(nil, members{"iat": true}),
		"ours, nbf in a minute":  s.ours(nil, members{"nbf": in(time.Minute)}),
		"ours, iat in a minute":  s.ours(nil, members{"iat": in(time.Minute)}),
	}
	for name, exp := range map[string]any{
		"a text": fmt.Sprint(in(time.Minute)), "a date": s.now.Add(time.Minute).Format(time.RFC3339), "true": true, "a list": []int64{in(time.Minute)},
		"zero": 0, "negative": -in(time.Minute), "huge": 1e18, "beyond 64 bits": json.Number("1e30"), "beyond all floats": json.Number("1e400"),
		"null": json.RawMessage("null"), "in milliseconds": s.now.Add(time.Minute).UnixMilli(),
	} {
		rows["exp is "+name] = s.direct(nil, members{"exp": exp})
	}
	return bearers(rows)
}

func (s *smithy) otherShapes() []badToken {
	good := s.direct(nil, nil)
	parts := strings.Split(good, ".")
	rows := bearers(map[string]string{
		"a word":                      "token",
		"two dots":                    "..",
		"one part":                    parts[0],
		"two parts":                   parts[0] + "." + parts[1],
		"four parts":                  good + "." + parts[2],
		"five parts, as if encrypted": good + ".." + parts[2],
		"a blank before":              " " + good,
		"a blank within":              parts[0] + ". " + parts[1] + "." + parts[2],
		"a tab within":                parts[0] + ".\t" + parts[1] + "." + parts[2],
		"a token and more":            good + " " + good,
		"two tokens and a comma":      good + "," + good,
		"quotes":                      `"` + good + `"`,
		"padding":                     good + "==",
		"padding in the header":       parts[0] + "=." + parts[1] + "." + parts[2],
		"base64 of the other kind":    strings.NewReplacer("-", "+", "_", "/").Replace(parts[0] + "." + parts[1] + ".+" + parts[2][1:]),
		"a byte more than 4 KiB":      s.sized(4<<10 + 1),
		"5 KiB of dots":               strings.Repeat(".", 5<<10),
		"5 KiB after a good token":    good + strings.Repeat("A", 5<<10),
	})
	return append(rows,
		badToken{"no authorization", ""}, badToken{"no scheme", good}, badToken{"the scheme Token", "Token " + good},
		badToken{"the scheme DPoP", "DPoP " + good}, badToken{"the scheme alone", "Bearer"},
		badToken{"Basic", basic(shop, secret)["Authorization"]})
}
