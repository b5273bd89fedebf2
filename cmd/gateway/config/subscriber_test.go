package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"
)

// told is the minimal file with subscribers, each member on a line of its own.
func told(callbacks string) string {
	return strings.TrimRight(minimal, "\n") + "\n    callbacks:\n" + callbacks
}

func toldWorld(t *testing.T) world {
	t.Helper()
	w, key := hookedWorld(), privateKeyPEM(t)
	w.env["KEY"] = strings.Repeat("k", 32)
	w.files["etc/key.pem"] = file{data: key, mode: 0o600}
	w.files["etc/open.pem"] = file{data: key, mode: 0o644}
	w.files["etc/none.pem"] = file{data: "nothing", mode: 0o600}
	return w
}

const (
	goodShop = "      magento: {baseURL: 'https://shop.test', consumerKey: '${KEY}', consumerSecret: '${KEY}', accessToken: '${KEY}', accessTokenSecret: '${KEY}', way: core}\n"
	goodOrg  = "      salesforce: {clientID: key, username: u@x.test, privateKey: {file: key.pem}}\n"
)

func TestAShopAndAnOrgAreRead(t *testing.T) {
	to := toldWorld(t).mustParse(t, told(goodShop+goodOrg)).Merchants[0].Callbacks
	if m := to.Magento; m.Channel != "magento" || m.OrderWait.Minutes() != 15 || m.Declined != "cancel" || m.UndoWithoutOrder || m.LeaveReview {
		t.Errorf("got %+v", m)
	}
	if s := to.Salesforce; s.LoginURL != "https://login.salesforce.com" || !strings.HasPrefix(s.PrivateKey.Reveal(), "-----BEGIN") {
		t.Errorf("got %+v", s)
	}
	if nobody := newWorld().mustParse(t, minimal).Merchants[0].Callbacks; nobody.Magento != nil || nobody.Salesforce != nil {
		t.Errorf("got %+v", nobody)
	}
}

func TestFaultsOfAShopAndAnOrg(t *testing.T) {
	w := toldWorld(t)
	for _, row := range []struct{ name, text, old, with, want string }{
		{"no way", goodShop, ", way: core", "", "magento.way: is missing; expected module or core"},
		{"another way", goodShop, "way: core", "way: soap", "magento.way: expected module or core"},
		{"a secret in the file", goodShop, "consumerKey: '${KEY}'", "consumerKey: abc", "magento.consumerKey: " + secretInFile},
		{"no secret", goodShop, "accessToken: '${KEY}', ", "", "magento.accessToken: is missing"},
		{"a state that no payment has", goodShop, "way: core", "way: core, statuses: {paid: x}", "statuses.paid: is no state of a payment"},
		{"a status that no shop has", goodShop, "way: core", "way: core, statuses: {approved: 'Ready To Ship'}", "statuses.approved: expected a status of the shop"},
		{"no number of a store", goodShop, "way: core", "way: core, stores: {default: one}", "stores.default: expected a whole number"},
		{"unknown member of a shop", goodShop, "way: core", "way: core, retries: 3", "magento.retries: is not known here"},
		{"both flows", goodOrg, "clientID: key", "clientID: key, clientSecret: '${KEY}'", "expected either clientSecret, or username and privateKey"},
		{"neither flow", goodOrg, ", privateKey: {file: key.pem}", "", "expected either clientSecret, or username and privateKey"},
		{"no key in the file", goodOrg, "key.pem", "none.pem", "holds no private key in PEM form"},
		{"a key for everyone to read", goodOrg, "key.pem", "open.pem", "is open to everyone"},
		{"no API name", goodOrg, "clientID: key", "clientID: key, object: 'Payment c'", "salesforce.object: expected an API name"},
		{"webhook with the org's name", goodOrg + "      webhooks:\n        - {name: salesforce, url: 'https://erp.test/', secret: '${HOOK}'}\n", "", "",
			"name: is the name of merchants[0].callbacks.salesforce too"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := w.parse(told(strings.Replace(row.text, row.old, row.with, 1)))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
	live := strings.Replace(goodShop, "https://", "http://", 1)
	if _, err := w.parse(strings.Replace(told(live), "id: main", "id: main\n    liveMode: true", 1)); err == nil || !strings.Contains(err.Error(), "magento.baseURL: has to begin with https:// in live mode") {
		t.Errorf("in live mode: %v", err)
	}
}

// What is looser than the adapter lets a key be sealed with which no gateway
// starts again.
func TestAKeyFitsAnOrgThatTheAdapterTakes(t *testing.T) {
	pkcs1 := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey(t, 2048)))
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ key, want string }{
		"PKCS#8":    {privateKeyPEM(t), ""},
		"PKCS#1":    {pkcs1, ""},
		"nothing":   {"", "in PEM form"},
		"its shape": {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "no RSA key"},
		"half":      {pkcs1[:len(pkcs1)/2], "in PEM form"},
		"a curve":   {keyPEM(t, curve), "no RSA key"},
		"short":     {keyPEM(t, rsaKey(t, 1024)), "1024 bits; at least 2048"},
	} {
		if fault := fitsPrivateKey(row.key); (fault == "") != (row.want == "") || !strings.Contains(fault, row.want) {
			t.Errorf("%s: it is said %q, want %q", name, fault, row.want)
		}
	}
}
