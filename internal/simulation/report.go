package simulation

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// Figures are what was counted in one run or in many.
type Figures struct {
	Runs, Payments, Operations, Requests int
	Faults                               map[Fault]int
	// Unknowns are operations that were unknown at some time; Decided says who
	// decided each of them, and Took after which virtual time.
	Unknowns int
	Decided  map[string]int
	Took     []time.Duration
}

// Add counts another run's figures in.
func (f *Figures) Add(g Figures) {
	f.Runs += g.Runs
	f.Payments += g.Payments
	f.Operations += g.Operations
	f.Requests += g.Requests
	f.Unknowns += g.Unknowns
	f.Took = append(f.Took, g.Took...)
	f.Faults = sum(f.Faults, g.Faults)
	f.Decided = sum(f.Decided, g.Decided)
}

func sum[K comparable](a, b map[K]int) map[K]int {
	all := maps.Clone(a)
	if all == nil {
		all = map[K]int{}
	}
	for k, n := range b {
		all[k] += n
	}
	return all
}

// Markdown writes the figures as tables.
func (f Figures) Markdown(w io.Writer) {
	fmt.Fprintf(w, "| counted | |\n|---|---|\n| runs | %d |\n| payments | %d |\n| operations | %d |\n| callers' requests | %d |\n",
		f.Runs, f.Payments, f.Operations, f.Requests)
	fmt.Fprintf(w, "| unknown for a time | %d |\n", f.Unknowns)
	for _, how := range slices.Sorted(maps.Keys(f.Decided)) {
		fmt.Fprintf(w, "| … decided by %s | %d |\n", how, f.Decided[how])
	}
	fmt.Fprintf(w, "| time to decide an unknown, p50 | %v |\n| time to decide an unknown, p99 | %v |\n",
		percentile(f.Took, 50), percentile(f.Took, 99))
	fmt.Fprintf(w, "\n| fault | fired |\n|---|---|\n")
	for _, fault := range sortedFaults(f.Faults) {
		fmt.Fprintf(w, "| %s | %d |\n", fault, f.Faults[fault])
	}
}

func percentile(of []time.Duration, p int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Round(100 * time.Millisecond)
}

// figures are counted while a run goes on, from what the ledger has kept.
type figures struct {
	mu      sync.Mutex
	written map[string]time.Time // when an operation's first intent was
	unknown map[string]bool
	decided map[string]int
	took    []time.Duration
}

func newFigures() figures {
	return figures{written: map[string]time.Time{}, unknown: map[string]bool{}, decided: map[string]int{}}
}

// applied counts a change that the ledger has kept at a station of the road.
func (f *figures) applied(op gateway.Operation, at gateway.Stage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case op.Status == gateway.OpSending:
		if f.written[op.ID].IsZero() {
			f.written[op.ID] = time.Now()
		}
	case op.Status == gateway.OpUnknown:
		f.unknown[op.ID] = true
	case f.unknown[op.ID]:
		delete(f.unknown, op.ID)
		f.decided[deciders[at]]++
		since, known := f.written[op.ID]
		if !known { // the ledger kept its intent and lost the answer
			since = op.SentAt
		}
		f.took = append(f.took, time.Since(since))
	}
}

// deciders are who decides an unknown at a station of the road; a look is not
// on the road.
var deciders = map[gateway.Stage]string{
	gateway.StageRecord: "its answer, which came late",
	gateway.StageWatch:  "the watcher",
	gateway.StageLook:   "a look",
	"":                  "a look",
}

func (w *world) figuresOf(h history.History) Figures {
	f := Figures{
		Runs: 1, Payments: len(h.Payments), Requests: len(h.Calls), Faults: w.faults.all(),
		Unknowns: len(w.figures.took) + len(w.figures.unknown), Decided: w.figures.decided, Took: w.figures.took,
	}
	if left := len(w.figures.unknown); left > 0 {
		f.Decided["nobody yet: a person was told"] = left
	}
	for _, p := range h.Payments {
		f.Operations += len(p.Operations)
	}
	return f
}

var _ gateway.Observer = observer{}

// observer lets the ledger's port know on which station of the road it is
// asked.
type observer struct{}

type stageKey struct{}

// Stage implements gateway.Observer.
func (observer) Stage(ctx context.Context, s gateway.Stage, _ string) (context.Context, func(error)) {
	return context.WithValue(ctx, stageKey{}, s), func(error) {}
}

// Operation implements gateway.Observer.
func (observer) Operation(gateway.Observation) {}

// Vault implements gateway.Observer.
func (observer) Vault(gateway.VaultObservation) {}

// Delivery implements gateway.Observer.
func (observer) Delivery(gateway.DeliveryObservation) {}

func stageOf(ctx context.Context) gateway.Stage {
	s, _ := ctx.Value(stageKey{}).(gateway.Stage)
	return s
}
