package api_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/api"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
)

// The clients of a smithy that sign their own tokens.
const (
	org      = "org"       // main: reads and writes payments
	rivalOrg = "rival-org" // other: the same
	lateOrg  = "late-org"  // main: its certificate has ended
	goneOrg  = "gone-org"  // main: was revoked by command
)

// The keys of org and of nobody are made once.
var orgKey, rivalOrgKey = sync.OnceValues(auth.GenerateKey), sync.OnceValues(auth.GenerateKey)

// smithy is a house in which tokens are forged.
type smithy struct {
	*house
	now         time.Time
	own, ofOrg  *rsa.PrivateKey
	ofRival     *rsa.PrivateKey
	strange     *rsa.PrivateKey
	kid         string // of our own key
	certificate []byte // of org, in DER
}

func newSmithy(t *testing.T) *smithy {
	t.Helper()
	s := &smithy{
		now: time.Now().Truncate(time.Second), own: must(signingKey())(t), ofOrg: must(orgKey())(t),
		ofRival: must(rivalOrgKey())(t), strange: must(strangeKey())(t),
	}
	s.house = newHouse(t, func(c *api.Config) {
		mine := authConfig(t)
		read := auth.Scopes{auth.PaymentsRead, auth.PaymentsWrite}
		mine.Clients = must(auth.NewClients([]auth.Client{
			{ID: shop, MerchantID: "main", Scopes: read, SecretHash: auth.HashSecret(secret)},
			{ID: org, MerchantID: "main", Scopes: read, Certificates: []*x509.Certificate{s.certify(t, s.ofOrg, s.now.Add(time.Hour))}},
			{ID: rivalOrg, MerchantID: "other", Scopes: read, Certificates: []*x509.Certificate{s.certify(t, s.ofRival, s.now.Add(time.Hour))}},
			{ID: lateOrg, MerchantID: "main", Scopes: read, Certificates: []*x509.Certificate{s.certify(t, s.ofOrg, s.now.Add(-time.Minute))}},
		}))(t)
		roster := c.Roster.RosterConfig
		roster.Clients = mine.Clients
		c.Issuer, c.Verifier, c.Roster = auth.NewIssuer(mine), auth.NewVerifier(mine), auth.NewRoster(roster)
		s.revoke(t, c.Roster)
		s.kid = keyID(t, c.Issuer)
	})
	return s
}

// revoke has goneOrg added and revoked as the commands do it.
func (s *smithy) revoke(t *testing.T, r *auth.Roster) {
	t.Helper()
	s.certificate = s.certify(t, s.ofOrg, s.now.Add(time.Hour)).Raw
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate})
	ada := gateway.Actor{Client: "operator:ada", Person: "Ada Byron"}
	must(r.Add(t.Context(), ada, gateway.APIClient{
		ID: goneOrg, MerchantID: "main", Scopes: []string{"payments:read"}, Certificates: []string{string(text)}, AddedAt: s.now, AddedBy: "Ada Byron",
	}))(t)
	must(r.Revoke(t.Context(), "main", false, goneOrg, ada))(t)
}

func (s *smithy) certify(t *testing.T, key *rsa.PrivateKey, until time.Time) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "org"}, NotBefore: s.now.Add(-24 * time.Hour), NotAfter: until,
	}
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))(t)))(t)
}

// keyID is what the published keys call ours.
func keyID(t *testing.T, issuer *auth.Issuer) string {
	t.Helper()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(issuer.JWKS(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("the published keys are %s, %v", issuer.JWKS(), err)
	}
	return set.Keys[0].Kid
}

type members = map[string]any

// ours is a good token of the gateway for shop, but for the changes. A change to
// nil takes a member away.
func (s *smithy) ours(header, claims members) string {
	return s.sign(s.own, changed(members{"alg": "RS256", "typ": "at+jwt", "kid": s.kid}, header), changed(members{
		"iss": publicURL, "aud": publicURL, "sub": shop, "client_id": shop, "scope": "payments:read payments:write", "jti": rand.Text(),
		"iat": s.now.Unix(), "exp": s.now.Add(5 * time.Minute).Unix(),
	}, claims))
}

// direct is a good token that org has signed, as Salesforce sends it, but for
// the changes.
func (s *smithy) direct(header, claims members) string {
	return s.sign(s.ofOrg, changed(members{"alg": "RS256", "typ": "JWT", "kid": "Payments"}, header), s.orgClaims(claims))
}

func (s *smithy) orgClaims(claims members) members {
	return changed(members{
		"iss": org, "aud": publicURL, "sub": "integration@example.com",
		"iat": s.now.Unix(), "nbf": s.now.Unix(), "exp": s.now.Add(2 * time.Minute).Unix(),
	}, claims)
}

func changed(good, changes members) members {
	maps.Copy(good, changes)
	maps.DeleteFunc(good, func(_ string, value any) bool { return value == nil })
	return good
}

func (s *smithy) sign(key *rsa.PrivateKey, header, claims members) string {
	s.t.Helper()
	return s.signText(key, string(must(json.Marshal(header))(s.t)), string(must(json.Marshal(claims))(s.t)))
}

// signText signs what no marshaller would write.
func (s *smithy) signText(key *rsa.PrivateKey, header, claims string) string {
	s.t.Helper()
	signed := b64(header) + "." + b64(claims)
	sum := sha256.Sum256([]byte(signed))
	return signed + "." + b64(string(must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]))(s.t)))
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
