package salesforcetest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAssertion is how far ahead an assertion may expire.
const maxAssertion = 3 * time.Minute

// token answers the token endpoint.
func (o *Org) token(q *request) answer {
	form, err := url.ParseQuery(string(q.body))
	if err != nil || q.Method != http.MethodPost || !strings.HasPrefix(q.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return denied("invalid_request", "the request is no form")
	}
	switch form.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		if refusal, refused := o.checkAssertion(form.Get("assertion")); refused {
			return refusal
		}
	case "client_credentials":
		if refusal, refused := o.checkSecret(form.Get("client_id"), form.Get("client_secret")); refused {
			return refusal
		}
	default:
		return denied("unsupported_grant_type", "grant type not supported")
	}
	return o.grant(q)
}

func (o *Org) grant(q *request) answer {
	instance := o.settings.InstanceURL
	if instance == "" {
		instance = "http://" + q.Host
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	token := "00DTEST00000001!AQ" + rand.Text() + rand.Text() + "." + rand.Text()
	o.sessions[token] = o.settings.Now().Add(o.settings.SessionLife)
	o.issued++
	return jsonAnswer(http.StatusOK, map[string]string{
		"access_token": token, "scope": "api", "instance_url": instance,
		"id": instance + "/id/00DTEST00000001AAA/005TEST00000001AAA", "token_type": "Bearer",
	})
}

// Issued is how many tokens were given out.
func (o *Org) Issued() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.issued
}

func denied(code, description string) answer {
	return jsonAnswer(http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
}

func (o *Org) checkSecret(id, secret string) (answer, bool) {
	switch {
	case id != o.settings.ClientID:
		return denied("invalid_client_id", "client identifier invalid"), true
	case o.settings.ClientSecret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(o.settings.ClientSecret)) != 1:
		return denied("invalid_client", "invalid client credentials"), true
	case o.settings.RunAs == "":
		return denied("invalid_grant", "no client credentials user enabled"), true
	}
	return answer{}, false
}

// claims are those of an assertion. Both forms of aud are in the standard; only
// a single one is known to be taken.
type claims struct {
	Iss string  `json:"iss"`
	Sub string  `json:"sub"`
	Aud string  `json:"aud"`
	Exp float64 `json:"exp"`
}

func (o *Org) checkAssertion(assertion string) (answer, bool) {
	c, signed := o.open(assertion)
	now := o.settings.Now()
	expires := time.Unix(int64(c.Exp), 0)
	switch {
	case !signed:
		return denied("invalid_grant", "invalid assertion"), true
	case c.Iss != o.settings.ClientID:
		return denied("invalid_client_id", "client identifier invalid"), true
	case c.Aud != o.settings.Audience:
		return denied("invalid_grant", "Audience validation failed"), true
	case !now.Before(expires) || expires.Sub(now) > maxAssertion:
		return denied("invalid_grant", "expired authorization code"), true
	case c.Sub != o.settings.Username, o.settings.NotApproved:
		return denied("invalid_grant", "user hasn't approved this consumer"), true
	}
	return answer{}, false
}

// open verifies the signature by hand: no library of the client's takes part.
func (o *Org) open(assertion string) (claims, bool) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || o.settings.Certificate == nil {
		return claims{}, false
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return claims{}, false
		}
	}
	var header struct {
		Alg string `json:"alg"`
	}
	var c claims
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	ok := json.Unmarshal(decoded[0], &header) == nil && header.Alg == "RS256" &&
		json.Unmarshal(decoded[1], &c) == nil &&
		rsa.VerifyPKCS1v15(o.settings.Certificate, crypto.SHA256, sum[:], decoded[2]) == nil
	return c, ok
}
