package main

import (
	"cmp"
	"os"
	"testing"

	"paytrace-gateway/adapters/webhook"
	"paytrace-gateway/cmd/gateway/config"
)

// A secret that was rotated to the value that it has is one secret, with which
// the gateway starts.
func TestASecretRotatedToItsOwnValueSignsOnce(t *testing.T) {
	s := configure(t, "127.0.0.1:1")
	s.sealOwn()
	content, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(string(content) + "    callbacks:\n      webhooks:\n        - {name: erp, url: 'https://erp.test/', secret: {sealed: erp}}\n")
	cfg, err := config.Load(s.config, func(name string) (string, bool) {
		value := map[string]string{"PAYTRACE_ACCOUNT_PASSWORD": "simulator-password", "SHOP_SECRET": shopSecret}[name]
		return value, value != ""
	})
	if err != nil {
		t.Fatal(err)
	}
	merchant := cfg.Merchants[0]
	for _, before := range []string{signingAfter, signingBefore} {
		cfg.Unseal(func(string, bool, string) (string, string) { return signingAfter, before })
		made := webhookConfig(merchant, merchant.Callbacks.Webhooks[0])
		sink, err := webhook.New(made)
		if err != nil {
			t.Fatalf("with %s before: %v", before, err)
		}
		sink.Close()
		if want := map[string]string{signingBefore: signingBefore}[before]; made.PreviousSecret != want {
			t.Errorf("with %s before, %s signs too", before, cmp.Or(made.PreviousSecret, "none"))
		}
	}
}
