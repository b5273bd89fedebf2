package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// rowCap is where PayTrace cuts exports, in the runs in which it does.
const rowCap = 12

// weather is what PayTrace does to everybody: it changes every few seconds.
func (w *world) weather(phase string, until time.Time) {
	random, profiles, lines := w.of("weather", phase), w.of("weather of profiles", phase), w.of("weather of lines", phase)
	checks, banks := w.of("weather of checks", phase), w.of("weather of banks", phase)
	for time.Now().Before(until) {
		plan := w.plan(random)
		if w.keepsCards && profiles.IntN(2) == 0 {
			f := strike(profiles)
			if f.Kind != "refuse" { // that is at the door
				f.Operation = pick(profiles, "customer_create", "customer_update", "customer_delete", "customer_export")
			}
			plan.Faults = append(plan.Faults, f)
		}
		if lines.IntN(3) == 0 {
			f := strike(lines)
			if f.Kind != "refuse" {
				f.Operation = "level_three"
				plan.Faults = append(plan.Faults, f)
			}
		}
		if f, comes := checkFault(checks); w.takesChecks && comes {
			plan.Faults = append(plan.Faults, f)
		}
		w.forecast(plan)
		w.banks(banks)
		time.Sleep(min(between(random, 8*time.Second, 40*time.Second), time.Until(until)))
		if random.IntN(4) == 0 && w.payTrace.network.cut() > 0 {
			w.faults.count(ConnectionsCut, 1)
		}
		if random.IntN(12) == 0 {
			if _, settled := w.payTrace.sim.Settle(); settled > 0 {
				w.faults.count(EarlySettlement, 1)
			}
		}
	}
	w.forecast(simulator.FaultPlan{})
	w.banksAreKind()
}

// forecast puts a plan in place of the last one, whose faults are counted.
func (w *world) forecast(next simulator.FaultPlan) {
	for _, f := range w.payTrace.sim.Faults().Faults {
		w.faults.count(Fault("PayTrace: "+f.Kind), f.Fired)
	}
	if err := w.payTrace.sim.SetFaults(next); err != nil {
		panic(err) // the plans are made here
	}
	w.payTrace.lags(next.Export.LagSeconds > 0)
	if next.Export.LagSeconds > 0 {
		w.faults.count(ExportLags, 1)
	}
	if next.Export.RowCap > 0 {
		w.faults.count(ExportCapped, 1)
	}
	if next.DuplicateFilter.Minutes > 0 {
		w.faults.count(DuplicateFilter, 1)
	}
}

func (w *world) plan(r *rand.Rand) simulator.FaultPlan {
	seed := r.Uint64()
	plan := simulator.FaultPlan{Seed: &seed}
	for range r.IntN(3) {
		plan.Faults = append(plan.Faults, strike(r))
	}
	if r.IntN(3) == 0 {
		plan.Export.LagSeconds = pick(r, 20.0, 300.0, 7200.0)
	}
	if w.merchant.ExportRowCap > 0 && r.IntN(2) == 0 {
		plan.Export.RowCap = w.merchant.ExportRowCap
	}
	if r.IntN(5) == 0 {
		plan.DuplicateFilter = simulator.DuplicateFilter{Minutes: 20, Answer: pick(r, "error", "original", "decline")}
	}
	return plan
}

// strike is one fault at single requests, or at the door.
func strike(r *rand.Rand) simulator.Fault {
	often := 0.2 + 0.6*r.Float64()
	f := simulator.Fault{
		Kind: pick(r, "delay", "reset_before", "reset_after", "reset_after", "late_action", "status", "status_after", "html",
			"unauthorized", "denied", "slow_bytes", "truncated_body", "redirect", "refuse"),
		Operation:   pick(r, "any", "any", "sale", "sale", "authorization", "capture", "void", "refund", "export"),
		Probability: &often,
	}
	switch f.Kind {
	case "refuse":
		return simulator.Fault{Kind: f.Kind, Seconds: 1 + 10*r.Float64()}
	case "delay":
		f.Seconds = pick(r, 0.5, 3.0, 12.0, 40.0, 75.0)
	case "late_action":
		f.Seconds = pick(r, 0.5, 20.0, 70.0, 200.0)
	case "slow_bytes":
		f.Seconds = 0.05
	case "status", "status_after":
		f.Status = pick(r, 500, 502, 503, 504)
	case "html":
		acted := r.IntN(2) == 0
		f.Acted, f.Status = &acted, pick(r, 200, 502)
	case "denied":
		f.Errors = []string{pick(r, "998", "999")}
	case "redirect":
		f.Location = fmt.Sprintf("%s/elsewhere", payTraceURL)
	}
	return f
}
