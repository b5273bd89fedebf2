package drill

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"
)

// fault is one of the simulator's, as its control port takes it.
type fault struct {
	Operation   string   `json:"operation,omitempty"`
	Kind        string   `json:"kind"`
	Probability float64  `json:"probability,omitempty"`
	Seconds     float64  `json:"seconds,omitempty"`
	Status      int      `json:"status,omitempty"`
	Location    string   `json:"location,omitempty"`
	Acted       *bool    `json:"acted,omitempty"`
	Errors      []string `json:"errors,omitempty"`
	Fired       int      `json:"fired,omitempty"`
}

type exportFaults struct {
	LagSeconds float64 `json:"lagSeconds,omitempty"`
}

type duplicateFilter struct {
	Minutes int    `json:"minutes,omitempty"`
	Answer  string `json:"answer,omitempty"`
}

type forecast struct {
	Faults          []fault          `json:"faults"`
	Export          *exportFaults    `json:"export,omitempty"`
	DuplicateFilter *duplicateFilter `json:"duplicateFilter,omitempty"`
	Seed            uint64           `json:"seed,omitempty"`
}

// weather is what PayTrace does to everybody: it changes every few seconds.
func (w *town) weather(r *rand.Rand, until time.Time) {
	for time.Now().Before(until) {
		w.announce(w.plan(r))
		pass(min(between(r, time.Second, 3*time.Second), time.Until(until)))
	}
	w.announce(forecast{Faults: []fault{}})
}

// announce puts a forecast in place of the last one, whose faults are counted.
func (w *town) announce(next forecast) {
	body, err := json.Marshal(next)
	var last forecast
	if err == nil {
		err = w.payTrace.try(http.MethodGet, "/faults", "", &last)
	}
	if err == nil {
		err = w.payTrace.try(http.MethodPut, "/faults", string(body), nil)
	}
	if err != nil {
		w.t.Errorf("the simulator takes no faults: %v", err)
		return
	}
	for _, f := range last.Faults {
		w.happened("PayTrace: "+f.Kind, f.Fired)
	}
	if next.Export != nil {
		w.happened("PayTrace: export lags", 1)
	}
	if next.DuplicateFilter != nil {
		w.happened("PayTrace: duplicate filter", 1)
	}
}

func (w *town) plan(r *rand.Rand) forecast {
	plan := forecast{Faults: []fault{}, Seed: r.Uint64() >> 1}
	for range 1 + r.IntN(3) {
		plan.Faults = append(plan.Faults, w.strike(r))
	}
	if r.IntN(5) == 0 {
		plan.Export = &exportFaults{LagSeconds: pick(r, 5.0, 20.0)}
	}
	if r.IntN(5) == 0 {
		plan.DuplicateFilter = &duplicateFilter{Minutes: 20, Answer: pick(r, "error", "original", "decline")}
	}
	return plan
}

// strike is one fault at single requests, or at the door. It is rare enough to
// leave the breaker closed most of the time, behind which nothing would happen.
func (w *town) strike(r *rand.Rand) fault {
	f := fault{
		Kind: pick(r, "delay", "delay", "reset_before", "reset_after", "reset_after", "late_action", "status", "status_after", "html",
			"unauthorized", "denied", "slow_bytes", "truncated_body", "redirect", "refuse"),
		Operation:   pick(r, "any", "sale", "sale", "authorization", "capture", "void", "refund", "export"),
		Probability: 0.1 + 0.25*r.Float64(),
	}
	switch f.Kind {
	case "refuse":
		return fault{Kind: f.Kind, Seconds: 0.2 + r.Float64()}
	case "delay":
		f.Seconds = pick(r, 0.3, 1, 3, callDeadline.Seconds()+2)
	case "late_action":
		f.Seconds = pick(r, 0.5, 2, 5.0)
	case "slow_bytes":
		f.Seconds = 0.005
	case "status", "status_after":
		f.Status = pick(r, 500, 502, 503, 504)
	case "html":
		acted := r.IntN(2) == 0
		f.Acted, f.Status = &acted, pick(r, 200, 502)
	case "denied":
		f.Errors = []string{pick(r, "998", "999")}
	case "redirect":
		f.Location = "http://" + w.payTrace.api + "/elsewhere"
	}
	return f
}
