package paytrace_test

import (
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/gateway"
)

func wantFindings(t *testing.T, found []gateway.Finding, want ...string) {
	t.Helper()
	if len(found) != len(want) {
		t.Fatalf("found %+v, want %d", found, len(want))
	}
	for i, f := range found {
		line := string(f.Grade) + " " + f.Tried + ": " + f.Found + " → " + f.Mend
		if !strings.HasPrefix(line, strings.Split(want[i], "…")[0]) || !strings.Contains(line, strings.Split(want[i], "…")[1]) {
			t.Errorf("found %q, want %q", line, want[i])
		}
	}
}

func TestExamineReadsTodaysExportAndMovesNothing(t *testing.T) {
	a := openAccount(t, func(c *paytrace.Config) { c.HostedFieldsScript = "http://127.0.0.1:1/protect.js" })
	wantFindings(t, a.Examine(t.Context()), "ok PayTrace log-in: 127.0.0.1:…granted a token", "ok PayTrace export: of today…0 transactions",
		"ok PayTrace card form: …client keys")
}

func TestExamineSaysThatNoCardFormCanBeOpened(t *testing.T) {
	a := openAccount(t)
	wantFindings(t, a.Examine(t.Context()), "ok PayTrace log-in: …token", "ok PayTrace export: …of today", "warn PayTrace card form: …set hostedFieldsScript")
	a.order("PUT", "/faults", `{"faults":[{"operation":"payment_fields","kind":"status","status":503}]}`)
	wantFindings(t, a.Examine(t.Context()), "ok PayTrace log-in: …token", "ok PayTrace export: …of today", "warn PayTrace card form: …ask PayTrace")
}

func TestExamineSaysThatTheLogInIsRefused(t *testing.T) {
	a := openAccount(t, func(c *paytrace.Config) { c.Password = "another-password" })
	wantFindings(t, a.Examine(t.Context()), "FAIL PayTrace log-in: PayTrace refuses…correct username and password")
}

func TestExamineSaysThatPayTraceCannotBeReached(t *testing.T) {
	l := listen(t)
	l.Close()
	a := openAccount(t, func(c *paytrace.Config) { c.BaseURL = "http://" + l.Addr().String() })
	wantFindings(t, a.Examine(t.Context()), "FAIL PayTrace log-in: …refuses connections")
}

func TestExamineSaysThatTheExportIsRefused(t *testing.T) {
	a := openAccount(t, func(c *paytrace.Config) { c.IntegratorID = "nobody" })
	wantFindings(t, a.Examine(t.Context()), "ok PayTrace log-in: …token", "FAIL PayTrace export: …integratorID")
}
