package webhook

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func coded(n int) string { return mark + base64.StdEncoding.EncodeToString(make([]byte, n)) }

func TestASecretIs24To64BytesInBase64(t *testing.T) {
	for _, good := range []string{newest, previous, coded(24), coded(32), coded(64)} {
		if _, err := parseSecret(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":                                  "expected whsec_",
		"whsec_":                            "holds 0 bytes",
		coded(23):                           "holds 23 bytes",
		coded(65):                           "holds 65 bytes",
		strings.TrimPrefix(newest, mark):    "expected whsec_",
		"WHSEC_" + newest[6:]:               "expected whsec_",
		"whsk_" + newest[6:]:                "expected whsec_",
		newest + "=":                        "no base64",
		newest + "\n":                       "no base64",
		" " + newest:                        "expected whsec_",
		strings.TrimRight(coded(32), "="):   "no base64",
		"whsec_" + strings.Repeat("_-", 16): "no base64",
		coded(32)[:len(coded(32))-2] + "B=": "no base64",
	} {
		_, err := parseSecret(bad)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", bad, err, want)
		}
		if err != nil && len(bad) > 12 && strings.Contains(err.Error(), bad[6:]) {
			t.Errorf("the secret is quoted: %v", err)
		}
	}
}

func TestEveryFaultOfTheConfigurationIsNamedAndNoSecretShown(t *testing.T) {
	_, err := New(Config{
		URL: "http://user:hunter2hunter2@hooks.example.com/T024BE7LDB0G8QWERTY", Secret: "hunter2hunter2", PreviousSecret: "whsec_hunter2hunter2", LiveMode: true,
	})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"url: ", "secret: ", "previousSecret: ", "body: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "T024") {
		t.Errorf("a secret is shown:\n%v", err)
	}
	if _, err := New(Config{URL: "https://hooks.example.com", Secret: newest, PreviousSecret: newest, Body: data}); err == nil || !strings.Contains(err.Error(), "the same as secret") {
		t.Error(err)
	}
	if _, err := New(Config{URL: "https://hooks.example.com", Secret: newest, Body: data, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}); err == nil {
		t.Error("a network of everything is taken")
	}
}

func TestLiveModeTakesHTTPSOnly(t *testing.T) {
	for live, want := range map[bool]string{true: "live mode takes https only", false: ""} {
		_, err := New(Config{URL: "http://hooks.example.com", Secret: newest, Body: data, LiveMode: live})
		if (err != nil) != live || (live && !strings.Contains(err.Error(), want)) {
			t.Errorf("live %v: %v", live, err)
		}
	}
}

func TestAPrintedSinkShowsNoSecret(t *testing.T) {
	s := newSink(t, Config{URL: "https://hooks.example.com/T024BE7LDB0G8QWERTY", PreviousSecret: previous})
	for _, format := range []string{"%v", "%+v", "%#v"} {
		said := fmt.Sprintf(format, s) + fmt.Sprintf(format, *s)
		for _, hidden := range []string{newest[6:], previous[6:], "T024BE7LDB0G8QWERTY"} {
			if strings.Contains(said, hidden) {
				t.Errorf("%s shows %s", format, said)
			}
		}
	}
}
