package simulation

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// checkNames are the names of what is done to bank payments at PayTrace, and of
// the same with a card.
var checkNames = map[string]string{
	"check_sale": "sale", "check_hold": "authorization", "check_fund": "capture", "check_void": "void", "check_refund": "refund",
}

// asCheck gives what was done to a bank payment the name of the same with a card,
// and our form of its id, whose numbers are a range of their own.
func asCheck(a *history.Arrival) {
	name, check := checkNames[a.Operation]
	if !check {
		return
	}
	a.Operation = name
	if a.TransactionID != "" {
		a.TransactionID = gateway.CheckPrefix + a.TransactionID
	}
}

// checkStates are the states of bank payments at PayTrace by the names of cards'.
var checkStates = map[string]string{
	"held": "authorized", "pending": "pending_settlement", "settled": "settled", "voided": "voided", "refund": "pending_settlement",
}

// checks are PayTrace's bank payments in the end.
func (w *world) checks(h *history.History) error {
	for _, k := range w.payTrace.sim.Checks() {
		t := history.Transaction{
			ID: gateway.CheckPrefix + k.CheckTransactionID, Kind: "sale", State: checkStates[k.State], Reference: k.CustomerReferenceID,
			Order: k.InvoiceID, At: k.CreatedAt, Captured: !k.FundedAt.IsZero(),
		}
		switch {
		case k.RefundOf != "":
			t.Kind, t.Of = "refund", gateway.CheckPrefix+k.RefundOf
		case k.State == "held" || t.Captured:
			t.Kind = "authorization"
		}
		var err error
		if t.Amount, err = cents(k.Amount); err != nil {
			return err
		}
		if t.Authorized, err = cents(k.OriginalAmount); err != nil {
			return err
		}
		h.Transactions = append(h.Transactions, t)
	}
	return nil
}

// checkFault strikes what is done to bank payments.
func checkFault(r *rand.Rand) (f simulator.Fault, comes bool) {
	if r.IntN(2) > 0 {
		return f, false
	}
	f = strike(r)
	f.Operation = pick(r, "check_sale", "check_sale", "check_hold", "check_fund", "check_void", "check_refund")
	return f, f.Kind != "refuse" // that is at the door
}

const (
	// clearing is longer than a weekend and the return window after it: runs begin
	// on a Saturday.
	clearing = 6 * 24 * time.Hour
	// settledBy is when what was given back after the window is decided.
	settledBy = time.Hour
)

// slowPace is that of the days in which bank payments clear.
var slowPace = pace{3 * time.Hour, 12 * time.Hour, 3 * time.Hour, 12 * time.Hour}

// checksClear is the time until banks return nothing any more, in which PayTrace
// loses some of the refunds that waited for it. The operator decides what nobody
// has heard of, before it and after it, and enters some returns.
func (w *world) checksClear() error {
	if err := w.resolveChecks(); err != nil {
		return err
	}
	if err := w.enterReturn(); err != nil {
		return err
	}
	w.setPace(slowPace)
	checks := w.of("weather of checks", "clearing")
	for until := time.Now().Add(clearing); time.Now().Before(until); time.Sleep(4 * time.Hour) {
		plan := simulator.FaultPlan{}
		if f, comes := checkFault(checks); comes {
			f.Operation = "check_refund"
			plan.Faults = append(plan.Faults, f)
		}
		w.forecast(plan)
	}
	w.forecast(simulator.FaultPlan{})
	w.setPace(busyPace)
	time.Sleep(settledBy)
	if err := w.resolveChecks(); err != nil {
		return err
	}
	time.Sleep(settledBy)
	return nil
}

// resolveChecks is the operator with the attention list and PayTrace's screens.
func (w *world) resolveChecks() error {
	payments, err := w.list()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	g, taken := w.slots[0].instance().gateway, takenChecks(payments)
	for _, p := range payments {
		for _, o := range p.Operations {
			if !p.ACH || !p.NeedsAttention || o.Status != "unknown" {
				continue
			}
			cmd, decided := w.byScreens(p, o, taken), time.Now()
			if _, err := g.Resolve(ctx, merchantID, operator, p.ID, cmd); err != nil {
				return err
			}
			subject := p.TransactionID
			if subject == "" {
				subject = p.Reference
			}
			w.resolved = append(w.resolved, history.Resolved{At: decided, Subject: subject, Operation: o.ID})
		}
	}
	return nil
}

// takenChecks are those that an operation names.
func takenChecks(payments []history.Payment) map[string]bool {
	taken := map[string]bool{}
	for _, p := range payments {
		for _, o := range p.Operations {
			taken[o.TransactionID] = true
		}
	}
	return taken
}

// byScreens is what PayTrace's screens show of an operation.
func (w *world) byScreens(p history.Payment, o history.Operation, taken map[string]bool) gateway.ResolveOperation {
	cmd := gateway.ResolveOperation{OperationID: o.ID, Decision: gateway.NotDone}
	for _, k := range w.payTrace.sim.Checks() {
		id := gateway.CheckPrefix + k.CheckTransactionID
		switch {
		case o.Kind == "sale" || o.Kind == "authorize":
			if k.CustomerReferenceID == p.Reference {
				cmd.Decision, cmd.TransactionID = gateway.Done, id
			}
		case o.Kind == "refund" && o.ProcessedAs != "void":
			if gateway.CheckPrefix+k.RefundOf == p.TransactionID && k.Amount == decimal(o.Amount) && !taken[id] {
				cmd.Decision, cmd.TransactionID, taken[id] = gateway.Done, id, true
				return cmd
			}
		case id != p.TransactionID:
		case o.Kind == "capture" && !k.FundedAt.IsZero(), o.Kind != "capture" && k.State == "voided":
			cmd.Decision = gateway.Done
		}
	}
	return cmd
}

// enterReturn enters what banks have returned: two of three accepted payments. The
// gateway refuses one while it does not know what became of the payment.
func (w *world) enterReturn() error {
	payments, err := w.list()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	g, random := w.slots[1].instance().gateway, w.of("returns")
	for _, p := range payments {
		busy := slices.ContainsFunc(p.Operations, func(o history.Operation) bool { return o.Status == "unknown" })
		if p.Status != "accepted" || p.NeedsAttention || busy || !gateway.CheckID(p.TransactionID) || random.IntN(3) == 0 {
			continue
		}
		if _, err := g.Return(ctx, merchantID, operator, p.TransactionID, gateway.ReturnPayment{Code: pick(random, "R01", "R02", "R10")}); err != nil {
			return err
		}
		w.faults.count(BankReturns, 1)
	}
	return nil
}
