package auth

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestVerifyTellsWhoCalls(t *testing.T) {
	c, _ := testConfig(t)
	fromShop := Principal{ClientID: "shop", MerchantID: "m1", Channel: "magento",
		Scopes: Scopes{PaymentsWrite, PaymentsRead, ReportsRead}}
	fromOrg := Principal{ClientID: "org", MerchantID: "m2", LiveMode: true, Channel: "salesforce",
		Scopes: Scopes{PaymentsRead, VaultRead}}
	for name, tc := range map[string]struct {
		token string
		want  Principal
	}{
		"our own":                {shopToken(t, c), fromShop},
		"signed directly, RS256": {direct().token(t), fromOrg},
		"signed directly, RS512": {direct().with(func(f *forged) { f.method = jwt.SigningMethodRS512 }).token(t), fromOrg},
		"direct without typ":     {direct().with(func(f *forged) { delete(f.header, "typ") }).token(t), fromOrg},
		"direct without kid":     {direct().with(func(f *forged) { delete(f.header, "kid") }).token(t), fromOrg},
		"direct, several aud": {direct().with(func(f *forged) {
			f.claims["aud"] = []string{"https://elsewhere.example", issuerURL}
		}).token(t), fromOrg},
		"direct, clock 20 s ahead": {direct().with(func(f *forged) {
			f.claims["iat"], f.claims["nbf"] = today.Add(20*time.Second).Unix(), today.Add(20*time.Second).Unix()
		}).token(t), fromOrg},
		"direct, narrowed": {direct().with(func(f *forged) { f.claims["scope"] = "vault:read admin" }).token(t),
			Principal{ClientID: "org", MerchantID: "m2", LiveMode: true, Channel: "salesforce", Scopes: Scopes{VaultRead}}},
	} {
		t.Run(name, func(t *testing.T) {
			v := NewVerifier(c)
			for range 2 { // the second is answered from memory
				got, err := v.Verify(tc.token)
				if err != nil || !reflect.DeepEqual(got, tc.want) {
					t.Fatalf("got %+v, %v; want %+v", got, err, tc.want)
				}
			}
		})
	}
}

func publicKeyPEM(t *testing.T) []byte {
	der, err := x509.MarshalPKIXPublicKey(&gatewayKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestVerifyRefusesSpoiledTokensOfOurs(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil  func(*forged)
		reason string
	}{
		"alg none":                   {signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), "signature"},
		"HS256 with our public key":  {signed(jwt.SigningMethodHS256, publicKeyPEM(t)), "signature"},
		"HS256 with our key's bytes": {signed(jwt.SigningMethodHS256, gatewayKey().N.Bytes()), "signature"},
		"RS384":                      {signed(jwt.SigningMethodRS384, gatewayKey()), "signature"},
		"RS512":                      {signed(jwt.SigningMethodRS512, gatewayKey()), "algorithm"},
		"PS256":                      {signed(jwt.SigningMethodPS256, gatewayKey()), "signature"},
		"strange key":                {signed(jwt.SigningMethodRS256, strangeKey()), "signature"},
		"a client's key":             {signed(jwt.SigningMethodRS256, orgKey()), "signature"},
		"expired":                    {claim("exp", today.Unix()), "expired"},
		"no exp":                     {claim("exp", nil), "lacks"},
		"exp is no number":           {claim("exp", "tomorrow"), "JWT"},
		"no aud":                     {claim("aud", nil), "lacks"},
		"wrong aud":                  {claim("aud", "https://elsewhere.example"), "audience"},
		"the token endpoint as aud":  {claim("aud", issuerURL+TokenPath), "audience"},
		"wrong iss":                  {claim("iss", "https://elsewhere.example"), "type"},
		"no iss":                     {claim("iss", nil), "type"},
		"issued in the future":       {claim("iat", today.Add(31*time.Second).Unix()), "future"},
		"not valid yet":              {claim("nbf", today.Add(31*time.Second).Unix()), "not valid yet"},
		"unknown client":             {claim("client_id", "nobody"), "client"},
		"no client":                  {claim("client_id", nil), "client"},
		"disabled client":            {claim("client_id", "closed"), "client"},
		"unknown kid":                {header("kid", "another"), "unknown key"},
		"no kid":                     {header("kid", nil), "unknown key"},
		"kid is no string":           {header("kid", 7), "unknown key"},
		"crit":                       {header("crit", []string{"b64"}), "crit"},
		"crit is null":               {header("crit", nullJSON{}), "crit"},
		"typ JWT":                    {header("typ", "JWT"), "type"},
		"no typ":                     {header("typ", nil), "type"},
		"typ is no string":           {header("typ", []string{ownType}), "type"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := testConfig(t)
			assertRefused(t, c, ours(c).with(tc.spoil).token(t), tc.reason)
		})
	}
}

// nullJSON is a header member that is there and null.
type nullJSON struct{}

func (nullJSON) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func TestVerifyRefusesSpoiledTokensOfClients(t *testing.T) {
	c, _ := testConfig(t)
	for name, tc := range map[string]struct {
		spoil  func(*forged)
		reason string
	}{
		"alg none":                         {signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), "signature"},
		"HS256 with the public key":        {signed(jwt.SigningMethodHS256, orgKey().N.Bytes()), "signature"},
		"RS384":                            {signed(jwt.SigningMethodRS384, orgKey()), "signature"},
		"strange key":                      {signed(jwt.SigningMethodRS256, strangeKey()), "signature"},
		"our own key":                      {signed(jwt.SigningMethodRS256, gatewayKey()), "signature"},
		"certificate of another client":    {claim("iss", "other-org"), "signature"},
		"certificate has run out":          {claim("iss", "late-org"), "certificate"},
		"client without certificates":      {claim("iss", "shop"), "certificate"},
		"disabled client":                  {claim("iss", "closed"), "client"},
		"unknown issuer":                   {claim("iss", "nobody"), "client"},
		"expired":                          {claim("exp", today.Unix()), "expired"},
		"no exp":                           {claim("exp", nil), "lacks"},
		"lives eleven minutes":             {claim("exp", today.Add(11*time.Minute).Unix()), "too long"},
		"lives for ever":                   {claim("exp", 1e18), "JWT"},
		"ends beyond all numbers":          {claim("exp", 1e300), ""},
		"no sub":                           {claim("sub", nil), "sub"},
		"no aud":                           {claim("aud", nil), "lacks"},
		"wrong aud":                        {claim("aud", "https://login.salesforce.com"), "audience"},
		"issued in the future":             {claim("iat", today.Add(31*time.Second).Unix()), "future"},
		"not valid yet":                    {claim("nbf", today.Add(31*time.Second).Unix()), "not valid yet"},
		"crit":                             {header("crit", []string{"exp"}), "crit"},
		"typ of our own":                   {header("typ", ownType), "type"},
		"typ is no string":                 {header("typ", 1), "type"},
		"pretends to be ours":              {claim("iss", issuerURL), "type"},
		"pretends to be ours, typ as well": {func(f *forged) { f.claims["iss"], f.header["typ"] = issuerURL, ownType }, "unknown key"},
	} {
		t.Run(name, func(t *testing.T) { assertRefused(t, c, direct().with(tc.spoil).token(t), tc.reason) })
	}
}

func TestVerifyRefusesWhatIsNoToken(t *testing.T) {
	c, _ := testConfig(t)
	good := shopToken(t, c)
	parts := strings.Split(good, ".")
	encode := base64.RawURLEncoding.EncodeToString
	for name, tc := range map[string]struct{ token, reason string }{
		"nothing":            {"", "no token"},
		"a word":             {"secret", "JWT"},
		"two dots":           {"..", "JWT"},
		"five kilobytes":     {ours(c).with(claim("jti", strings.Repeat("x", 4<<10))).token(t), "too long"},
		"five of nothing":    {strings.Repeat(".", 5<<10), "too long"},
		"no signature":       {parts[0] + "." + parts[1] + ".", "signature"},
		"two parts":          {parts[0] + "." + parts[1], "JWT"},
		"four parts":         {good + ".x", "JWT"},
		"tampered claims":    {parts[0] + "." + encode([]byte(`{"iss":"`+issuerURL+`","aud":"`+issuerURL+`","client_id":"org","exp":9999999999}`)) + "." + parts[2], "signature"},
		"tampered signature": {parts[0] + "." + parts[1] + "." + flipped(parts[2]), "signature"},
		"loose last bits":    {good[:len(good)-1] + looser(good[len(good)-1]), "JWT"},
		"claims are null":    {parts[0] + "." + encode([]byte("null")) + "." + parts[2], "type"},
		"header is null":     {encode([]byte("null")) + "." + parts[1] + "." + parts[2], ""},
		"padding":            {good + "==", "JWT"},
		"blank before":       {" " + good, "JWT"},
	} {
		t.Run(name, func(t *testing.T) { assertRefused(t, c, tc.token, tc.reason) })
	}
}

// flipped changes one character in the middle of a signature.
func flipped(signature string) string {
	other := "A"
	if signature[10:11] == other {
		other = "B"
	}
	return signature[:10] + other + signature[11:]
}

// looser is another last character of a signature that lax base64 decodes to
// the same bytes: of its six bits only the first two count.
func looser(last byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, last)+1:][:1]
}

func assertRefused(t *testing.T, c Config, token, reason string) {
	t.Helper()
	v := NewVerifier(c)
	for range 2 { // a refusal is not forgotten either
		who, err := v.Verify(token)
		var refused *TokenError
		if !errors.As(err, &refused) {
			t.Fatalf("accepted for %+v, %v", who, err)
		}
		if !reflect.DeepEqual(who, Principal{}) {
			t.Errorf("refused, and yet %+v", who)
		}
		if !strings.Contains(refused.Reason, reason) {
			t.Errorf("reason %q; want one about %q", refused.Reason, reason)
		}
	}
}

func TestVerifyForgetsATokenAtItsEnd(t *testing.T) {
	c, clock := testConfig(t)
	v, token := NewVerifier(c), shopToken(t, c)
	if _, err := v.Verify(token); err != nil {
		t.Fatal(err)
	}
	clock.advance(DefaultLifetime - time.Second)
	if _, err := v.Verify(token); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	clock.advance(time.Second)
	if _, err := v.Verify(token); err == nil {
		t.Error("accepted at its end")
	}
}

func TestVerifyAsksWhatTheClientMayDoNow(t *testing.T) {
	c, _ := testConfig(t)
	token := shopToken(t, c)
	clients := testClients(t)
	clients[0].Scopes = Scopes{PaymentsRead, VaultWrite}
	c, _ = testConfig(t, clients...)
	who, err := NewVerifier(c).Verify(token)
	if err != nil || !slices.Equal(who.Scopes, Scopes{PaymentsRead}) {
		t.Errorf("scopes %v, %v; want what the token says and the client still has", who.Scopes, err)
	}
	clients[0].Disabled = true
	c, _ = testConfig(t, clients...)
	assertRefused(t, c, token, "disabled")
}

func TestDirectTokenEndsWithItsCertificate(t *testing.T) {
	clients := testClients(t)
	clients[1].Certificates[0].NotAfter = today.Add(time.Minute)
	c, clock := testConfig(t, clients...)
	v, token := NewVerifier(c), direct().token(t)
	if _, err := v.Verify(token); err != nil {
		t.Fatal(err)
	}
	clock.advance(61 * time.Second)
	if _, err := v.Verify(token); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("after the certificate's end: %v", err)
	}
}
