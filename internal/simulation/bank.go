package simulation

import (
	"math/rand/v2"

	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/internal/simulation/history"
)

// partsGiven is the part of the runs in which banks give parts of what is asked
// for, and partsNamed that of those in which it is known where PayTrace tells them.
const partsGiven, partsNamed = 0.4, 0.5

// approvedField is where PayTrace tells the part that a bank has given.
const approvedField = "APPROVED"

// whereParts is the member of PayTrace's answers that the instances read a part
// from, if they know of one.
func (w *world) whereParts() string {
	if !w.namesParts {
		return ""
	}
	return "discretionary_data." + approvedField
}

// banks are what the banks of cards do until the weather changes: some cards do not
// cover everything, and some are not good.
func (w *world) banks(r *rand.Rand) {
	s := simulator.DefaultSettings()
	if balance := pick(r, "", "3.00", "7.50", "12.00"); w.givesParts && balance != "" {
		s.PartialApproval.CardBalance = balance
		if w.namesParts {
			// Where nothing names it, nobody could know that a part came unasked.
			s.PartialApproval.Field, s.PartialApproval.Unasked = approvedField, r.IntN(2) == 0
		}
	}
	if r.IntN(4) == 0 {
		s.DeclineVerificationText = s.DoNotHonorText
	}
	w.settle(s)
}

// countParts counts the parts that banks have given, which only the books tell.
func (w *world) countParts(h history.History) {
	asked := map[string]history.Call{}
	for _, c := range h.Calls {
		if c.Verb == history.Pay {
			asked[c.Order] = c
		}
	}
	for _, p := range h.Payments {
		switch {
		case p.Part == 0:
		case asked[p.Order].TakesPart:
			w.faults.count(PartGiven, 1)
		default:
			w.faults.count(PartUnasked, 1)
		}
	}
}

// banksAreKind has banks approve everything.
func (w *world) banksAreKind() { w.settle(simulator.DefaultSettings()) }

func (w *world) settle(s simulator.Settings) {
	if err := w.payTrace.sim.SetSettings(s); err != nil {
		panic(err) // the settings are made here
	}
}
