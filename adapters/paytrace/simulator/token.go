package simulator

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/url"
	"strings"
	"time"
)

// maxTokens bounds the tokens kept; the expired ones go first.
const maxTokens = 10_000

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	CreatedAt   int64  `json:"created_at"`
}

type tokenError struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

type credentials struct {
	GrantType string `json:"grant_type"`
	Username  string `json:"username"`
	Password  string `json:"password"`
}

const (
	grantRefused = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."
	tokenExpired = "The access token expired"
	tokenInvalid = "The access token is invalid"
)

// issueToken is the password grant, sent as a form or as JSON.
func issueToken(s *Simulator, c *call) answer {
	given := readCredentials(c)
	if given.GrantType != "password" || given.Username != s.options.Username || given.Password != s.options.Password {
		return s.refuseToken("invalid_grant", grantRefused)
	}
	now := s.now()
	forget(s.books.Tokens, maxTokens, now)
	token := randomToken(32)
	s.books.Tokens[token] = now.Add(time.Duration(s.settings.TokenLifetimeSeconds) * time.Second)
	s.changed()
	return answer{status: 200, acted: true, body: tokenAnswer{token, s.settings.TokenType, s.settings.TokenLifetimeSeconds, now.Unix()}}
}

func readCredentials(c *call) credentials {
	kind, _, _ := mime.ParseMediaType(c.contentType)
	if kind == "application/json" {
		var given credentials
		_ = json.Unmarshal(c.body, &given) // What cannot be read is no valid grant.
		return given
	}
	form, _ := url.ParseQuery(string(c.body))
	return credentials{form.Get("grant_type"), form.Get("username"), form.Get("password")}
}

// forget makes room in a full set: the expired ones go, and others until one more
// fits.
func forget(living map[string]time.Time, most int, now time.Time) {
	if len(living) < most {
		return
	}
	for token, expires := range living {
		if !now.Before(expires) || len(living) >= most {
			delete(living, token)
		}
	}
}

// checkToken refuses a request without a living bearer token. The scheme is
// case-sensitive at PayTrace.
func (s *Simulator) checkToken(authorization string) (answer, bool) {
	token, isBearer := strings.CutPrefix(authorization, "Bearer ")
	expires, known := s.books.Tokens[token]
	switch {
	case !isBearer || !known:
		return s.refuseToken("invalid_token", tokenInvalid), false
	case !s.now().Before(expires):
		return s.refuseToken("invalid_token", tokenExpired), false
	}
	return answer{}, true
}

// randomToken is n random bytes in base64url, with padding: 32 bytes make the 44
// characters of an enc_key.
func randomToken(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.URLEncoding.EncodeToString(b)
}
