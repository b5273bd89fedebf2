package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var backlogSpecs = []spec{
	{"Backlog/has nothing of what is decided", emptyBacklog},
	{"Backlog/counts what is unknown, and tells the oldest intent", backlogUnknown},
	{"Backlog/counts what waits, and for whom", backlogWaiting},
	{"Backlog/counts what is overdue, and tells what waits longest", backlogOverdue},
	{"Backlog/follows a payment when it changes", backlogFollows},
	{"Backlog/counts what the vault has unfinished", backlogOfVault},
	{"Backlog/counts apart by merchant and mode, merchants in order", backlogApart},
}

// made applies a payment whose one operation was edited, and is approved and
// neither due nor for a person unless the edit says otherwise.
func made(t *testing.T, l gateway.Ledger, merchantID string, at time.Time, edit func(*gateway.Payment, *gateway.Operation)) {
	t.Helper()
	c := Sale(merchantID, at)
	op := &c.Payment.Operations[0]
	op.Status, op.Due = gateway.OpApproved, time.Time{}
	edit(&c.Payment, op)
	apply(t, l, c)
}

func status(s gateway.OperationStatus) func(*gateway.Payment, *gateway.Operation) {
	return func(_ *gateway.Payment, op *gateway.Operation) { op.Status = s }
}

func emptyBacklog(t *testing.T, l gateway.Ledger) {
	wantBacklog(t, l, start)
	for _, s := range []gateway.OperationStatus{
		gateway.OpApproved, gateway.OpDeclined, gateway.OpRejected, gateway.OpNotSent, gateway.OpFailed, gateway.OpCancelled,
	} {
		made(t, l, "m1", start, status(s))
	}
	wantBacklog(t, l, start)
}

func backlogUnknown(t *testing.T, l gateway.Ledger) {
	made(t, l, "m1", start, status(gateway.OpSending))
	made(t, l, "m1", start.Add(-time.Hour), func(_ *gateway.Payment, op *gateway.Operation) {
		// Made first, but sent again last.
		op.Status, op.SentAt = gateway.OpUnknown, start.Add(time.Hour)
	})
	oldest := start.Add(-time.Minute)
	made(t, l, "m1", oldest.Add(-time.Second), func(_ *gateway.Payment, op *gateway.Operation) {
		op.Status, op.SentAt = gateway.OpUnknown, oldest
	})
	made(t, l, "m1", start.Add(-2*time.Hour), status(gateway.OpApproved))
	wantBacklog(t, l, start, gateway.Backlog{MerchantID: "m1", LiveMode: true, Unknown: 3, OldestUnknown: oldest})
}

func backlogWaiting(t *testing.T, l gateway.Ledger) {
	p := decidedPayment(t, l, start).Payment
	for range 2 {
		c := refund(p, p.UpdatedAt.Add(time.Second))
		c.Payment.Operations[len(c.Payment.Operations)-1].Status = gateway.OpWaiting
		c.Payment.NeedsAttention = true
		c.Reply, c.Events = nil, nil
		apply(t, l, c)
		p = c.Payment
	}
	keep(t, l, stray("m1", "1001", start), nil)
	keep(t, l, stray("m1", "1002", start), nil)
	keep(t, l, stray("m1", "1003", start), nil)
	wantBacklog(t, l, start, gateway.Backlog{MerchantID: "m1", LiveMode: true, Waiting: 2, Attention: 1, Unmatched: 3})
	if err := l.DropUnmatched(t.Context(), "m1", true, "1002"); err != nil {
		t.Fatal(err)
	}
	wantBacklog(t, l, start, gateway.Backlog{MerchantID: "m1", LiveMode: true, Waiting: 2, Attention: 1, Unmatched: 2})
}

func backlogOverdue(t *testing.T, l gateway.Ledger) {
	longest := start.Add(-time.Hour)
	for _, at := range []time.Time{start, longest, start.Add(-time.Minute), start.Add(time.Microsecond)} {
		made(t, l, "m1", start, func(_ *gateway.Payment, op *gateway.Operation) { op.Due = at })
	}
	wantBacklog(t, l, longest.Add(-time.Microsecond))
	wantBacklog(t, l, longest, gateway.Backlog{MerchantID: "m1", LiveMode: true, Overdue: 1, OldestDue: longest})
	wantBacklog(t, l, start, gateway.Backlog{MerchantID: "m1", LiveMode: true, Overdue: 3, OldestDue: longest})
}

func backlogFollows(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	op := p.First()
	op.SentAt, op.Due = start.Add(time.Hour), start.Add(2*time.Hour)
	again := with(p, op, start.Add(time.Hour))
	again.LiveMode = false
	apply(t, l, gateway.Change{Payment: again, Base: p.Version})
	wantBacklog(t, l, op.Due,
		gateway.Backlog{MerchantID: "m1", Unknown: 1, OldestUnknown: op.SentAt, Overdue: 1, OldestDue: op.Due})
	op.Status, op.Due = gateway.OpFailed, time.Time{}
	apply(t, l, gateway.Change{Payment: with(again, op, start.Add(3*time.Hour)), Base: again.Version})
	wantBacklog(t, l, start.Add(4*time.Hour))
}

// backlogOfVault counts removals that PayTrace refuses as well: they are due
// until it has the profile no more.
func backlogOfVault(t *testing.T, l gateway.Ledger) {
	at := start
	keep := func(verb gateway.VaultVerb, status gateway.OperationStatus, due time.Duration) gateway.VaultOperation {
		at = at.Add(time.Second)
		op := operationOn(shopper("m1", "cus_1", at), at)
		op.Verb, op.Status, op.Due = verb, status, time.Time{}
		if due > 0 {
			op.Due = at.Add(due)
		}
		applyVault(t, l, gateway.VaultChange{Operations: []gateway.VaultOperation{op}})
		return op
	}
	keep(gateway.VaultAdd, gateway.OpApproved, 0)
	keep(gateway.VaultRemove, gateway.OpApproved, 0)
	wantBacklog(t, l, start)
	storing := keep(gateway.VaultReplace, gateway.OpUnknown, time.Minute)
	keep(gateway.VaultAdd, gateway.OpSending, time.Hour)
	refused := keep(gateway.VaultRemove, gateway.OpRejected, time.Hour)
	wantBacklog(t, l, start, gateway.Backlog{
		MerchantID: "m1", LiveMode: true, Storing: 2, OldestStoring: storing.CreatedAt, Removing: 1, OldestRemoving: refused.CreatedAt,
	})
	applyVault(t, l, gateway.VaultChange{Operations: []gateway.VaultOperation{
		afterwards(refused, gateway.OpApproved, time.Time{}, later), afterwards(storing, gateway.OpFailed, time.Time{}, later),
	}})
	wantBacklog(t, l, start, gateway.Backlog{MerchantID: "m1", LiveMode: true, Storing: 1, OldestStoring: storing.CreatedAt.Add(time.Second)})
}

func backlogApart(t *testing.T, l gateway.Ledger) {
	test := func(p *gateway.Payment, op *gateway.Operation) { p.LiveMode, op.Status = false, gateway.OpUnknown }
	made(t, l, "m3", start, status(gateway.OpUnknown))
	made(t, l, "m1", start.Add(time.Second), status(gateway.OpUnknown))
	made(t, l, "m1", start.Add(2*time.Second), test)
	made(t, l, "m1", start.Add(3*time.Second), test)
	keep(t, l, stray("m2", "1001", start), nil)
	wantBacklog(t, l, start,
		gateway.Backlog{MerchantID: "m1", Unknown: 2, OldestUnknown: start.Add(2 * time.Second)},
		gateway.Backlog{MerchantID: "m1", LiveMode: true, Unknown: 1, OldestUnknown: start.Add(time.Second)},
		gateway.Backlog{MerchantID: "m2", LiveMode: true, Unmatched: 1},
		gateway.Backlog{MerchantID: "m3", LiveMode: true, Unknown: 1, OldestUnknown: start},
	)
}

// wantBacklog takes one who has nothing unfinished for one who is absent.
func wantBacklog(t *testing.T, l gateway.Ledger, now time.Time, want ...gateway.Backlog) {
	t.Helper()
	all, err := l.Backlog(t.Context(), now)
	if err != nil {
		t.Fatalf("Backlog: %v", err)
	}
	var got []gateway.Backlog
	for _, b := range all {
		if b != (gateway.Backlog{MerchantID: b.MerchantID, LiveMode: b.LiveMode}) {
			got = append(got, b)
		}
	}
	equal(t, "the backlog", got, want)
}
