package magentotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	tokenLength = 32
	clockAhead  = 600 * time.Second
)

// authenticate checks an OAuth header. A request without one is a guest's,
// which is not authorized for anything here; so is one with a bare bearer token,
// which has been off by default since 2.4.4.
func (s *Shop) authenticate(r *http.Request) (bool, *answer) {
	header := r.Header.Get("Authorization")
	if len(header) < 6 || !strings.EqualFold(header[:6], "OAuth ") {
		return false, nil
	}
	p := map[string]string{}
	for _, part := range strings.Split(header[6:], ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		decoded, err := url.PathUnescape(strings.Trim(value, `"`))
		if err != nil {
			return false, refusalOf("The signature is invalid. Verify and try again.")
		}
		p[name] = decoded
	}
	return s.verify(r, p)
}

// verify has Magento's order of checks: what is malformed is 400, what is wrong
// is 401.
func (s *Shop) verify(r *http.Request, p map[string]string) (bool, *answer) {
	wrong := func(message string, parameters ...string) (bool, *answer) {
		a := refusalOf(message, parameters...)
		a.status = http.StatusUnauthorized
		return false, a
	}
	c := s.options.Credentials
	seconds, err := strconv.ParseInt(p["oauth_timestamp"], 10, 64)
	nonce := p["oauth_nonce"]
	switch {
	case p["oauth_version"] != "1.0":
		return false, refusalOf("The OAuth version %1 isn't supported.", p["oauth_version"])
	case p["oauth_signature_method"] != "HMAC-SHA256":
		return false, refusalOf("Signature method %1 is not supported", p["oauth_signature_method"])
	case len(p["oauth_consumer_key"]) != tokenLength:
		return false, refusalOf("Consumer key has invalid length")
	case len(p["oauth_token"]) != tokenLength:
		return false, refusalOf("The token length is invalid. Check the length and try again.")
	case p["oauth_consumer_key"] != c.ConsumerKey:
		return wrong("A consumer having the specified key does not exist")
	case err != nil || time.Unix(seconds, 0).After(s.options.Now().Add(clockAhead)), nonce == "", len(nonce) > 32:
		return wrong("An error occurred validating the nonce")
	case s.nonces[nonce]:
		return wrong("The nonce is already being used by the consumer with ID %1", "1")
	}
	s.nonces[nonce] = true
	switch {
	case p["oauth_token"] != c.AccessToken:
		return wrong("Specified token does not exist")
	case !hmac.Equal([]byte(p["oauth_signature"]), []byte(s.signatureOf(r, p))):
		return wrong("The signature is invalid. Verify and try again.")
	}
	return true, nil
}

// signatureOf computes what the signature has to be, from the request line as
// it came.
func (s *Shop) signatureOf(r *http.Request, header map[string]string) string {
	var params []string
	for name, value := range header {
		if name != "oauth_signature" && name != "realm" {
			params = append(params, rawurlencode(name)+"="+rawurlencode(value))
		}
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	for _, pair := range strings.Split(query, "&") {
		if strings.Count(pair, "=") != 1 {
			continue // Magento leaves it out of the signature
		}
		name, value, _ := strings.Cut(pair, "=")
		params = append(params, rawurlencode(rawurldecode(name))+"="+rawurlencode(rawurldecode(value)))
	}
	sort.Strings(params)
	address := s.options.Address
	if address == "" {
		address = "http://" + r.Host
	}
	base := r.Method + "&" + rawurlencode(address+path) + "&" + rawurlencode(strings.Join(params, "&"))
	mac := hmac.New(sha256.New, []byte(rawurlencode(s.options.Credentials.ConsumerSecret)+"&"+rawurlencode(s.options.Credentials.AccessTokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// rawurlencode is PHP's. url.QueryEscape differs in the space and the tilde is
// the same.
func rawurlencode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func rawurldecode(s string) string {
	decoded, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return decoded
}
