package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var unfinishedSpecs = []spec{
	{"Unfinished/has what is sending since before a time, and nothing that is not", unfinishedSending},
	{"Unfinished/has what was given up and is not undone", unfinishedCancel},
	{"Unfinished/has payments of all merchants, oldest first, at most the limit, each once", unfinishedOrder},
}

func unfinishedSending(t *testing.T, l gateway.Ledger) {
	late := applied(t, l, Sale("m1", start))
	applied(t, l, Sale("m1", start.Add(time.Minute)))
	decidedPayment(t, l, start.Add(-time.Hour))
	sentBefore := late.First().SendBefore
	equal(t, "at the deadline", unfinished(t, l, sentBefore, 10), []gateway.Payment(nil))
	equal(t, "after it", unfinished(t, l, sentBefore.Add(time.Microsecond), 10), []gateway.Payment{late})
	apply(t, l, Approval(late, start.Add(time.Second)))
	equal(t, "decided", unfinished(t, l, sentBefore.Add(time.Microsecond), 10), []gateway.Payment(nil))
}

func unfinishedCancel(t *testing.T, l gateway.Ledger) {
	p := decidedPayment(t, l, start).Payment
	for _, step := range []struct {
		cancel gateway.Cancellation
		status gateway.OperationStatus
		listed bool
	}{
		{gateway.CancelRequested, gateway.OpUnknown, false},
		{gateway.CancelRequested, gateway.OpApproved, true},
		{gateway.CancelDone, gateway.OpApproved, false},
		{"", gateway.OpApproved, false},
	} {
		op := p.First()
		op.Cancel, op.Status = step.cancel, step.status
		next := with(p, op, p.UpdatedAt.Add(time.Second))
		apply(t, l, gateway.Change{Payment: next, Base: p.Version})
		p = next
		var want []gateway.Payment
		if step.listed {
			want = append(want, p)
		}
		equal(t, string(step.cancel)+" "+string(step.status), unfinished(t, l, start, 10), want)
	}
}

func unfinishedOrder(t *testing.T, l gateway.Ledger) {
	young := applied(t, l, Sale("m1", start.Add(2*time.Minute)))
	old := applied(t, l, Sale("m2", start))
	p := applied(t, l, Sale("m1", start.Add(time.Minute)))
	// The one in the middle has two operations that are unfinished.
	second := refund(p, p.UpdatedAt.Add(time.Second))
	o := &second.Payment.Operations[1]
	o.Status, o.SendBefore = gateway.OpSending, start.Add(time.Minute)
	apply(t, l, gateway.Change{Payment: second.Payment, Base: p.Version, Operation: o.ID})
	want := []gateway.Payment{old, second.Payment, young}
	later := start.Add(time.Hour)
	equal(t, "all", unfinished(t, l, later, 10), want)
	equal(t, "the oldest two", unfinished(t, l, later, 2), want[:2])
	equal(t, "none", unfinished(t, l, later, 0), []gateway.Payment(nil))
}

func unfinished(t *testing.T, l gateway.Ledger, sentBefore time.Time, limit int) []gateway.Payment {
	t.Helper()
	payments, err := l.Unfinished(t.Context(), sentBefore, limit)
	if err != nil {
		t.Fatalf("Unfinished: %v", err)
	}
	return payments
}
