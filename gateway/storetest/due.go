package storetest

import (
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var dueSpecs = []spec{
	{"Due/has what is due, from that moment on, and nothing that is not", dueInTime},
	{"UndecidedRefunds/counts the merchant's refunds of that amount that are sending or unknown", undecidedRefunds},
	{"UndecidedRefunds/counts the refunds of one mode", undecidedRefundsOfMode},
	{"UndecidedRefunds/counts none of a bank payment", undecidedRefundsOfBanks},
	{"Due/has payments of all merchants, longest due first, each once", dueOrder},
	{"Due/has at most the limit of each merchant, what it has longest due", dueOfEach},
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
		n, err := l.UndecidedRefunds(t.Context(), "m1", true, 1, start)
		if err != nil || n != step.want {
			t.Errorf("after one of %s that is %s: %d, %v, want %d", step.merchant, step.status, n, err, step.want)
		}
	}
	if n, err := l.UndecidedRefunds(t.Context(), "m1", true, 2, start); err != nil || n != 0 {
		t.Errorf("of another amount: %d, %v", n, err)
	}
	if n, err := l.UndecidedRefunds(t.Context(), "m1", true, 1, start.Add(time.Microsecond)); err != nil || n != 0 {
		t.Errorf("that could have been sent later: %d, %v", n, err)
	}
}

func undecidedRefundsOfMode(t *testing.T, l gateway.Ledger) {
	for i, live := range []bool{true, false, false} {
		sale := Sale("m1", start.Add(time.Duration(i)*time.Minute))
		sale.Payment.LiveMode = live
		c := refund(applied(t, l, sale), start.Add(time.Hour))
		c.Payment.Operations[1].Status, c.Payment.Operations[1].SendBefore = gateway.OpUnknown, start
		c.Reply, c.Events = nil, nil
		apply(t, l, c)
	}
	for live, want := range map[bool]int{true: 1, false: 2} {
		if n, err := l.UndecidedRefunds(t.Context(), "m1", live, 1, start); err != nil || n != want {
			t.Errorf("live mode %t: %d, %v, want %d", live, n, err, want)
		}
	}
}

func undecidedRefundsOfBanks(t *testing.T, l gateway.Ledger) {
	c := refund(drawn(t, l, start, gateway.StatusApproved), start.Add(time.Hour))
	c.Payment.Operations[1].Status, c.Payment.Operations[1].SendBefore = gateway.OpUnknown, start
	c.Reply, c.Events = nil, nil
	apply(t, l, c)
	if n, err := l.UndecidedRefunds(t.Context(), "m1", true, 1, start); err != nil || n != 0 {
		t.Errorf("%d, %v: no export shows what could be confused with it", n, err)
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
	equal(t, "the first of each", allDue(t, l, later, 1), want[:2])
	equal(t, "none", allDue(t, l, later, 0), []gateway.Payment(nil))
}

func dueOfEach(t *testing.T, l gateway.Ledger) {
	var hanging []gateway.Payment
	for i := range 20 {
		hanging = append(hanging, due(t, l, "m1", start, start.Add(time.Duration(20-i)*time.Second)))
	}
	slices.Reverse(hanging)
	rare := due(t, l, "m2", start, start.Add(time.Minute))
	later := due(t, l, "m3", start, start.Add(3*time.Minute))
	due(t, l, "m3", start, start.Add(4*time.Minute))
	third := due(t, l, "m3", start, start.Add(2*time.Minute))
	equal(t, "two of each", allDue(t, l, start.Add(time.Hour), 2),
		[]gateway.Payment{hanging[0], hanging[1], rare, third, later})
	equal(t, "five of each", allDue(t, l, start.Add(90*time.Second), 5), append(hanging[:5:5], rare))
}

func allDue(t *testing.T, l gateway.Ledger, now time.Time, limit int) []gateway.Payment {
	t.Helper()
	payments, err := l.Due(t.Context(), now, limit)
	if err != nil {
		t.Fatalf("Due: %v", err)
	}
	return payments
}
