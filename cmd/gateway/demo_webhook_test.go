package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A developer has the demo tell an endpoint of his own, whose secret he finds in
// the demo's data.
func TestTheDemoTellsAnEndpointOfOnesOwn(t *testing.T) {
	mine := startReceiver(t, 204)
	d := newDemo(t)
	d.start("--webhook", mine.URL)
	want(t, "a sale", d.shop().pay("sale", "told", demoVisa, 0), "201 approved")
	eventually(t, "the endpoint is told", func() bool { return mine.asked.Load() == 1 })
	secret, err := os.ReadFile(filepath.Join(d.data, "hook.secret"))
	if err != nil || strings.TrimSpace(string(secret)) != demoHookSecret {
		t.Errorf("the secret's file has %q, %v", secret, err)
	}
	d.stop()
}
