package main

import (
	"slices"
	"strings"
)

// Samples that belong to no payment's own work.
const (
	stageScheduler = "the scheduler"
	stageRest      = "the rest"
)

// stage is a part of a payment's road, and the beginnings of the names of the
// functions by which a sample is known to belong to it.
type stage struct {
	name  string
	begin []string
	// whole takes all that is called from these functions, whatever it is.
	whole bool
}

const (
	module = "paytrace-gateway/"
	ledger = module + "adapters/ledger."
	sqlite = "modernc.org/sqlite/lib._"
)

// stages are tried in this order for each function of a sample.
var stages = []stage{
	{"collecting garbage", []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcStart", "runtime.runFinalizers"}, true},
	{"events: spreading, telling", []string{module + "gateway.(*Gateway).RunTelling", module + "gateway.(*Gateway).spread", module + "gateway.(*teller)"}, true},
	{"log lines", []string{"log/slog.", "main.(*logbook)", "main.(*pens)", "main.pen"}, true},
	{"the ledger's writer: checkpoints", []string{sqlite + "sqlite3WalCheckpoint", sqlite + "walCheckpoint"}, true},
	{"the ledger's writer: pages into the log", []string{sqlite + "sqlite3PagerCommitPhaseOne", sqlite + "pagerWalFrames"}, true},
	{"the ledger's writer: statements, and what is left of the commit", []string{ledger + "(*group).run"}, true},
	{"the payment as JSON for the ledger", []string{ledger + "encode", ledger + "decode"}, false},
	{"the ledger: reading, queueing", []string{ledger}, false},
	{"metrics, traces", []string{module + "adapters/telemetry.", "github.com/prometheus/", "go.opentelemetry.io/"}, false},
	{"the claim in Redis", []string{module + "adapters/redis.", "github.com/redis/go-redis"}, false},
	{"PayTrace's client", []string{module + "adapters/paytrace.", module + "gateway/guard.", "net/http."}, false},
	{"the token", []string{module + "api/auth."}, false},
	{"reading the request", []string{module + "api.bodyOf", module + "api.decodeStrict", module + "api.refuseCardNumbers", module + "api.check"}, false},
	{"HTTP: connections, middleware, answer", []string{module + "api.", "github.com/valyala/fasthttp", "github.com/gofiber/fiber"}, false},
	{"the road: decisions, flight, waiting", []string{module + "gateway."}, false},
}

// stageOf knows a sample by its functions, which go from the innermost outwards.
// A stage that takes all that it calls is looked for first; of the others that
// of the innermost function counts.
func stageOf(functions []string) string {
	for _, s := range stages {
		if s.whole && slices.ContainsFunc(functions, s.has) {
			return s.name
		}
	}
	for _, function := range functions {
		for _, s := range stages {
			if s.has(function) {
				return s.name
			}
		}
	}
	if slices.ContainsFunc(functions, func(f string) bool { return !strings.HasPrefix(f, "runtime.") && !strings.HasPrefix(f, "internal/") }) {
		return stageRest
	}
	return stageScheduler
}

func (s stage) has(function string) bool {
	return slices.ContainsFunc(s.begin, func(begin string) bool { return strings.HasPrefix(function, begin) })
}
