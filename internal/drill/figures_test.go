package drill

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// patient is how long one caller waited.
type patient struct {
	began time.Time
	// forAnswer is until any answer came, forDecision until a decided one did.
	forAnswer, forDecision time.Duration
	decided                bool
}

func (w *town) waited(p patient) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.patients = append(w.patients, p)
}

// waits are how long those waited for a decision who began in a span.
func (w *town) waits(from, to time.Time) (took []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.patients {
		if !p.began.Before(from) && p.began.Before(to) {
			took = append(took, p.forDecision)
		}
	}
	return took
}

// figures are what was counted in one run or in many.
type figures struct {
	runs, payments, operations, requests int
	faults                               map[string]int
	// unknowns are operations that somebody was told are unknown; became says
	// what each of them is in the end.
	unknowns int
	became   map[string]int
	// decidedBy counts what decided an operation's sending, as far as the
	// gateways lived to tell it; one that was continued counts again.
	decidedBy map[string]int
	patients  []patient
}

func (w *town) figuresOf(h history.History) figures {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := figures{
		runs: 1, payments: len(h.Payments), requests: len(h.Calls), patients: slices.Clone(w.patients),
		faults: maps.Clone(w.faults), became: map[string]int{}, decidedBy: maps.Clone(w.decidedBy),
	}
	unknown := map[string]bool{}
	for _, c := range h.Calls {
		if c.Operation.Status == "unknown" {
			unknown[c.Operation.ID] = true
		}
	}
	f.unknowns = len(unknown)
	for _, p := range h.Payments {
		f.operations += len(p.Operations)
		for _, o := range p.Operations {
			if unknown[o.ID] {
				f.became[o.Status]++
			}
		}
	}
	return f
}

// countDecisions adds what a gateway can tell, before it ends or is asked no
// more.
func (w *town) countDecisions(g *gateway) {
	_, body, err := fetch("http://" + g.address + "/metrics")
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(body) {
		rest, is := strings.CutPrefix(line, `paytrace_gateway_operations_total{by="`)
		if by, labels, _ := strings.Cut(rest, `"`); is && !strings.Contains(labels, `status="unknown"`) {
			if n, err := strconv.Atoi(strings.TrimSpace(labels[strings.LastIndex(labels, " "):])); err == nil {
				w.decidedBy[by] += n
			}
		}
	}
}

func (f *figures) add(g figures) {
	f.runs += g.runs
	f.payments += g.payments
	f.operations += g.operations
	f.requests += g.requests
	f.unknowns += g.unknowns
	f.patients = append(f.patients, g.patients...)
	f.faults, f.became, f.decidedBy = sum(f.faults, g.faults), sum(f.became, g.became), sum(f.decidedBy, g.decidedBy)
}

func sum(a, b map[string]int) map[string]int {
	all := map[string]int{}
	for _, m := range []map[string]int{a, b} {
		for k, n := range m {
			all[k] += n
		}
	}
	return all
}

func (f figures) markdown(to io.Writer) {
	fmt.Fprintf(to, "| counted | |\n|---|---|\n| runs | %d |\n| payments | %d |\n| operations | %d |\n| callers' requests | %d |\n",
		f.runs, f.payments, f.operations, f.requests)
	for _, by := range slices.Sorted(maps.Keys(f.decidedBy)) {
		fmt.Fprintf(to, "| sendings decided by %s | %d |\n", by, f.decidedBy[by])
	}
	fmt.Fprintf(to, "| operations that a caller was told are unknown | %d |\n", f.unknowns)
	for _, status := range slices.Sorted(maps.Keys(f.became)) {
		name := "… and are " + status + " in the end"
		if status == "unknown" {
			name = "… and are still looked for"
		}
		fmt.Fprintf(to, "| %s | %d |\n", name, f.became[status])
	}
	var answers, decisions []time.Duration
	for _, p := range f.patients {
		if p.forAnswer > 0 {
			answers = append(answers, p.forAnswer)
		}
		if p.decided {
			decisions = append(decisions, p.forDecision)
		}
	}
	fmt.Fprintf(to, "| time to the first answer, p50 and p99 | %v, %v |\n", percentile(answers, 50), percentile(answers, 99))
	fmt.Fprintf(to, "| time to decide, p50 and p99 | %v, %v |\n", percentile(decisions, 50), percentile(decisions, 99))
	fmt.Fprintf(to, "\n| fault | fired |\n|---|---|\n")
	for _, fault := range slices.Sorted(maps.Keys(f.faults)) {
		fmt.Fprintf(to, "| %s | %d |\n", fault, f.faults[fault])
	}
}

func percentile(of []time.Duration, p int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Round(time.Millisecond)
}
