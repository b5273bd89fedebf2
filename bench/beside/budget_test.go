package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

func TestASampleIsKnownByItsFunctions(t *testing.T) {
	for name, functions := range map[string][]string{
		"collecting garbage": {"runtime.scanobject", "runtime.gcDrain", "runtime.gcBgMarkWorker"},
		"the ledger's writer: statements, and what is left of the commit": {
			sqlite + "sqlite3VdbeExec", "database/sql.(*Stmt).ExecContext", ledger + "(*session).exec", ledger + "(*group).run"},
		"the ledger's writer: pages into the log": {
			"runtime.memmove", sqlite + "sqlite3WalFrames", sqlite + "pagerWalFrames", ledger + "(*group).run"},
		"the payment as JSON for the ledger":    {"runtime.mallocgc", "encoding/json.Marshal", ledger + "encodePayment", ledger + "encode", module + "gateway.(*Gateway).write"},
		"events: spreading, telling":            {"encoding/json.Unmarshal", ledger + "decodePayment", ledger + "(*Ledger).Unspread", module + "gateway.(*Gateway).spread"},
		"the token":                             {"crypto/rsa.VerifyPKCS1v15", module + "api/auth.(*Verifier).Verify", module + "api.(*Server).authenticate", "github.com/gofiber/fiber/v2.(*App).next"},
		"reading the request":                   {"runtime.mallocgc", module + "api.bodyOf[...]", module + "api.(*Server).create"},
		"PayTrace's client":                     {"internal/runtime/syscall.Syscall6", "net.(*conn).Write", "net/http.(*persistConn).writeLoop"},
		stageScheduler:                          {"runtime.futex", "runtime.findRunnable", "runtime.mcall"},
		stageRest:                               {"os/signal.loop"},
		"HTTP: connections, middleware, answer": {"internal/runtime/syscall.Syscall6", "net.(*conn).Read", "github.com/valyala/fasthttp.(*Server).serveConn"},
	} {
		if found := stageOf(functions); found != name {
			t.Errorf("%v is taken for %q, not %q", functions, found, name)
		}
	}
}

func TestABudgetIsOfOnePayment(t *testing.T) {
	sample := func(nanoseconds int64, name string) *profile.Sample {
		location := &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name}}}}
		return &profile.Sample{Value: []int64{1, nanoseconds}, Location: []*profile.Location{location}}
	}
	b := (&house{}).budgetOf(onSQLite)
	b.add(&profile.Profile{Sample: []*profile.Sample{sample(30_000_000, ledger+"(*group).run"), sample(10_000_000, "runtime.mcall")}}, 50)
	b.add(&profile.Profile{Sample: []*profile.Sample{sample(60_000_000, ledger+"(*group).run")}}, 50)
	var page bytes.Buffer
	b.write(&page)
	for _, want := range []string{
		"1000 µs of the gateway's processor time for each of 100 payments, connections=64,",
		"| the ledger's writer: statements, and what is left of the commit | 900 | 90 % |\n| the scheduler | 100 | 10 % |",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the budget does not say %q:\n%s", want, page.String())
		}
	}
}
