package config

import (
	"strings"
	"testing"
)

// live is a live configuration in which every rule is kept.
const live = `publicURL: https://pay.shop.test
merchants:
  - id: main
    liveMode: true
    paytrace:
      baseURL: https://api.paytrace.com
      username: shop
      password: ${PASSWORD}
      integratorID: 9655aB
    clients:
      - id: magento
        secret: ${CLIENT}
        scopes: [payments:write]
`

func TestLiveModeIsAcceptedWhenEveryRuleIsKept(t *testing.T) {
	if c := newWorld().mustParse(t, live); !c.Merchants[0].LiveMode {
		t.Error("not live")
	}
}

func TestLiveModeAndTestModeCannotBeMistaken(t *testing.T) {
	const base = "6:16: merchants[0].paytrace.baseURL: "
	sandboxInLive := base + "is a sandbox or a simulator, but liveMode is true; use https://api.paytrace.com or set liveMode: false"
	productionInTest := base + "is PayTrace's production, which charges cards, but liveMode is false; use https://api.sandbox.paytrace.com or set liveMode: true"
	const noHTTPS = base + "has to begin with https:// in live mode"
	for _, row := range []struct{ name, old, with, want string }{
		{"sandbox", "api.paytrace.com", "api.sandbox.paytrace.com", sandboxInLive},
		{"sandbox in capitals", "api.paytrace.com", "API.SANDBOX.paytrace.com", sandboxInLive},
		{"simulator", "api.paytrace.com", "127.0.0.1:8081", sandboxInLive},
		{"simulator, IPv6", "https://api.paytrace.com", "'https://[::1]:8081'", sandboxInLive},
		{"simulator, by name", "api.paytrace.com", "localhost:8081", sandboxInLive},
		{"no https", "https://api.paytrace", "http://api.paytrace", noHTTPS},
		{"production in test mode", "liveMode: true", "liveMode: false", productionInTest},
		{"production by default in test mode", "    liveMode: true\n", "", strings.Replace(productionInTest, "6:", "5:", 1)},
		{"publicURL without https", "https://pay", "http://pay", "1:12: publicURL: has to be named and begin with https:// when a merchant is in live mode"},
		{"publicURL not named", "publicURL: https://pay.shop.test\n", "", "1:1: publicURL: has to be named and begin with https:// when a merchant is in live mode"},
		{"short secret", "${CLIENT}", "${SHORT}", "12:17: merchants[0].clients[0].secret: the secret is shorter than 20 characters, which live mode asks for; `openssl rand -base64 32` makes one"},
		{"demo secret", "${CLIENT}", "${DEMO}", "12:17: merchants[0].clients[0].secret: " + demoValue},
		{"demo password", "${PASSWORD}", "${DEMO}", "8:17: merchants[0].paytrace.password: " + demoValue},
		{"script without https", "username: shop", "username: shop\n      hostedFieldsScript: http://127.0.0.1:8082/protect.js",
			"8:27: merchants[0].paytrace.hostedFieldsScript: has to begin with https:// in live mode"},
		{"demo user", "username: shop", "username: demo123", "7:17: merchants[0].paytrace.username: " + demoValue},
		{"demo gateway secret", "merchants:", "secret: ${DEMO_KEY}\nmerchants:", "2:9: secret: " + demoValue},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			w.env["SHORT"], w.env["DEMO"], w.env["DEMO_KEY"] = strings.Repeat("s", 19), demoSecret, strings.Repeat("change-me", 4)
			_, err := w.parse(strings.Replace(live, row.old, row.with, 1))
			if want := "etc/gateway.yaml:" + row.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestAHashOfTheDemoSecretIsRefusedInLiveMode(t *testing.T) {
	// printf %s demo-secret-change-me | sha256sum
	const hash = "sha256:0fefc1b27100e636d38ff6bc989040691f4a48220d8bc2183b6bbcfd001524c7"
	_, err := newWorld().parse(strings.Replace(live, "secret: ${CLIENT}", "secretHash: "+hash, 1))
	want := "etc/gateway.yaml:12:21: merchants[0].clients[0].secretHash: " + demoValue
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTestModeTakesDemoValuesAndSimulators(t *testing.T) {
	for _, base := range []string{"http://127.0.0.1:8081", "http://localhost:8081/", "https://paytrace-sim:8081", "http://[::1]:8081"} {
		w := newWorld()
		w.env["CLIENT"] = demoSecret
		w.mustParse(t, replaced(t, "https://api.sandbox.paytrace.com", "'"+base+"'"))
	}
}

func TestSystemsAreKnownByTheirHost(t *testing.T) {
	for host, want := range map[string]system{
		"api.paytrace.com": production, "API.PayTrace.com": production, "api.paytrace.com.": production, "paytrace.com": production,
		"api.sandbox.paytrace.com": sandbox, "Api.Sandbox.Paytrace.com.": sandbox, "localhost": sandbox, "a.localhost": sandbox,
		"127.0.0.1": sandbox, "127.9.9.9": sandbox, "::1": sandbox, "0.0.0.0": sandbox,
		"notpaytrace.com": elsewhere, "paytrace.com.test": elsewhere, "10.0.0.7": elsewhere,
	} {
		if got := systemAt(host); got != want {
			t.Errorf("%s: got %d, want %d", host, got, want)
		}
	}
}
