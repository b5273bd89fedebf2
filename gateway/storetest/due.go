package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var dueSpecs = []spec{
	{"Due/has what is due, from that moment on, and nothing that is not", dueInTime},
	{"UndecidedRefunds/counts the merchant's refunds of that amount that are sending or unknown", undecidedRefunds},
	{"Apply/never takes one refund at the processor for two of ours", refundAdoptedOnce},
	{"Due/has payments of all merchants, longest due first, at most the limit, each once", dueOrder},
}

// due makes a payment whose first operation is due at that time.
func due(t *testing.T, l gateway.Ledger, merchant string, made, at time.Time) gateway.Payment {
	t.Helper()
	p := applied(t, l, Sale(merchant, made))
	op := p.First()
	op.Due = at
	next := with(p, op, made.Add(time.Second))
	apply(t, l, gateway.Change{Payment: next, Base: p.Version})
	return next
}

func dueInTime(t *testing.T, l gateway.Ledger) {
	at := start.Add(time.Minute)
	p := due(t, l, "m1", start, at)
	due(t, l, "m1", start, time.Time{})
	equal(t, "before", allDue(t, l, at.Add(-time.Microsecond), 10), []gateway.Payment(nil))
	equal(t, "from then on", allDue(t, l, at, 10), []gateway.Payment{p})
	op := p.First()
	op.Due = time.Time{}
	apply(t, l, gateway.Change{Payment: with(p, op, start.Add(time.Hour)), Base: p.Version})
	equal(t, "done", allDue(t, l, at, 10), []gateway.Payment(nil))
}

func undecidedRefunds(t *testing.T, l gateway.Ledger) {
	for i, step := range []struct {
		merchant string
		status   gateway.OperationStatus
		want     int
	}{
		{"m1", gateway.OpUnknown, 1}, {"m1", gateway.OpSending, 2}, {"m1", gateway.OpApproved, 2},
		{"m1", gateway.OpWaiting, 2}, {"m2", gateway.OpUnknown, 2},
	} {
		p := decidedPayment(t, l, start.Add(time.Duration(i)*time.Minute)).Payment
		if step.merchant == "m2" {
			p = applied(t, l, Sale("m2", start))
		}
		c := refund(p, p.UpdatedAt.Add(time.Second))
		c.Payment.Operations[1].Status, c.Reply, c.Events = step.status, nil, nil
		c.Payment.Operations[1].SendBefore = start
		apply(t, l, c)
		n, err := l.UndecidedRefunds(t.Context(), "m1", 1, start)
		if err != nil || n != step.want {
			t.Errorf("after one of %s that is %s: %d, %v, want %d", step.merchant, step.status, n, err, step.want)
		}
	}
	if n, err := l.UndecidedRefunds(t.Context(), "m1", 2, start); err != nil || n != 0 {
		t.Errorf("of another amount: %d, %v", n, err)
	}
	if n, err := l.UndecidedRefunds(t.Context(), "m1", 1, start.Add(time.Microsecond)); err != nil || n != 0 {
		t.Errorf("that could have been sent later: %d, %v", n, err)
	}
}

func refundAdoptedOnce(t *testing.T, l gateway.Ledger) {
	first := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, first)
	second := refund(decidedPayment(t, l, start.Add(time.Second)).Payment, start.Add(time.Minute))
	second.Payment.Operations[1].TransactionID = first.Payment.Operations[1].TransactionID
	second.Reply, second.Events = nil, nil
	if err := l.Apply(t.Context(), second); err == nil {
		t.Error("two of our refunds have one transaction at the processor")
	}
}

func dueOrder(t *testing.T, l gateway.Ledger) {
	second := due(t, l, "m1", start, start.Add(2*time.Minute))
	first := due(t, l, "m2", start.Add(time.Second), start.Add(time.Minute))
	p := due(t, l, "m1", start.Add(2*time.Second), start.Add(4*time.Minute))
	// The last one has two operations that are due, and is listed once.
	another := refund(p, p.UpdatedAt.Add(time.Second))
	another.Payment.Operations[1].Due = start.Add(3 * time.Minute)
	apply(t, l, gateway.Change{Payment: another.Payment, Base: p.Version, Operation: another.Operation})
	want := []gateway.Payment{first, second, another.Payment}
	later := start.Add(time.Hour)
	equal(t, "all", allDue(t, l, later, 10), want)
	equal(t, "the first two", allDue(t, l, later, 2), want[:2])
	equal(t, "none", allDue(t, l, later, 0), []gateway.Payment(nil))
}

func allDue(t *testing.T, l gateway.Ledger, now time.Time, limit int) []gateway.Payment {
	t.Helper()
	payments, err := l.Due(t.Context(), now, limit)
	if err != nil {
		t.Fatalf("Due: %v", err)
	}
	return payments
}
