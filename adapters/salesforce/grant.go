package salesforce

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"paytrace-gateway/egress"
)

// assertionLife is how long an assertion is good. Salesforce takes at most three
// minutes, by its own clock: two leave room for ours to be a minute fast or slow.
const assertionLife = 2 * time.Minute

// grant makes the form that asks for a token, in one of the two flows.
type grant struct {
	clientID     string
	clientSecret string
	username     string
	audience     string
	key          *rsa.PrivateKey // nil for client credentials
}

func newGrant(c Config) (*grant, error) {
	g := &grant{clientID: c.ClientID, clientSecret: c.ClientSecret, username: c.Username, audience: c.Audience}
	if c.ClientSecret != "" {
		return g, nil
	}
	key, err := c.signingKey()
	g.key = key
	return g, err
}

func (g *grant) form(now time.Time) (url.Values, error) {
	if g.key == nil {
		return url.Values{
			"grant_type": {"client_credentials"}, "client_id": {g.clientID}, "client_secret": {g.clientSecret},
		}, nil
	}
	assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": g.clientID, "sub": g.username, "aud": g.audience, "exp": now.Add(assertionLife).Unix(),
	}).SignedString(g.key)
	if err != nil {
		return nil, errors.New("the JWT could not be signed with the private key")
	}
	return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}, nil
}

// sessionOf judges the answer of the token endpoint at loginURL.
func sessionOf(a egress.Answer, loginURL string, words func(string) string, now time.Time) (session, error) {
	t, ok := parseToken(a.Body)
	passes := a.Status >= 500 || a.Status == 429 || a.Status == 408
	switch {
	case !a.Whole:
		return session{}, &absence{words: "the answer to the log-in broke off", status: a.Status}
	case a.Status == 200 && ok && t.AccessToken != "":
		base, err := instanceOf(t.InstanceURL, loginURL)
		if err != nil {
			return session{}, &refusal{words: err.Error(), status: a.Status}
		}
		return session{token: t.AccessToken, base: base}, nil
	case a.Status < 400 || (passes && bytes.Contains(a.Body, []byte("access_token"))):
		// It may hold a token that nobody knows yet, so nothing of it is shown.
		return session{}, &absence{words: fmt.Sprintf("the log-in was answered with %d and something that is no token; is a proxy between?", a.Status), status: a.Status, retryAfter: a.RetryAfter(now)}
	case passes:
		return session{}, &absence{words: "the log-in was not answered with a token: " + words(string(a.Body)), status: a.Status, retryAfter: a.RetryAfter(now)}
	}
	advice, passing := loginAdvice(t.Error, t.ErrorDescription)
	said := strings.TrimSpace(words(t.Error) + " " + words(t.ErrorDescription))
	if passing {
		return session{}, &absence{words: "Salesforce does not log us in now: " + said + "; " + advice, status: a.Status}
	}
	return session{}, &refusal{words: "Salesforce refuses our log-in: " + said + "; to do: " + advice, status: a.Status}
}

// platforms are the domains of Salesforce's orgs.
var platforms = []string{".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com", ".sfcrmproducts.cn"}

// instanceOf takes the org's address from a token's answer. All that follows,
// the token first, is sent there, so it is no other kind of host than an org's:
// https at Salesforce, or the very address that the log-in itself has.
func instanceOf(instance, loginURL string) (string, error) {
	u, err := url.Parse(instance)
	if err != nil || u.Host == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the token came with an instance_url that is no scheme and host; to do: check loginURL, is it Salesforce?")
	}
	base := u.Scheme + "://" + strings.ToLower(u.Host)
	if base == strings.ToLower(loginURL) {
		return base, nil
	}
	for _, domain := range platforms {
		if u.Scheme == "https" && u.Port() == "" && strings.HasSuffix(strings.ToLower(u.Hostname()), domain) {
			return base, nil
		}
	}
	return "", errors.New("the token came with an instance_url that is not https at a domain of Salesforce's; nothing is sent there; to do: check loginURL, is it Salesforce?")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
