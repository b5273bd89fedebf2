package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var transactionSpecs = []spec{
	{"Apply/never takes one transaction at the processor for two payments", transactionTakenOnce},
	{"Apply/never takes one refund at the processor for two of ours", refundTakenOnce},
	{"Apply/takes a transaction that another payment has given up", transactionGivenUp},
	{"Apply/takes one transaction id of both modes, and of two merchants", transactionIDsApart},
	{"Apply/takes the transaction of a payment for its operations, and a void's for its refund", transactionOfItsOwn},
	{"Apply/a new payment whose id exists is stale, whatever its transaction is", existingTransaction},
	{"Apply/of 64 payments that take one transaction one is applied", raceForTransaction},
	{"Apply/of 64 refunds that take one transaction one is applied", raceForRefund},
}

func transactionTakenOnce(t *testing.T, l gateway.Ledger) {
	first := decidedPayment(t, l, start).Payment
	t.Run("by a payment that is decided", func(t *testing.T) {
		p := applied(t, l, Sale("m1", start.Add(time.Minute)))
		c := Approval(p, start.Add(time.Hour))
		c.Payment.TransactionID, c.Reply, c.Events = first.TransactionID, nil, nil
		wantErr(t, l.Apply(t.Context(), c), gateway.ErrTransactionTaken)
		wantPayment(t, l, p)
		// The payment goes on with another one.
		right := Approval(p, start.Add(time.Hour))
		apply(t, l, right)
		wantPayment(t, l, right.Payment)
	})
	t.Run("by a new payment", func(t *testing.T) {
		c := Sale("m1", start.Add(time.Minute))
		c.Payment.TransactionID = first.TransactionID
		wantErr(t, l.Apply(t.Context(), c), gateway.ErrTransactionTaken)
		wantNoPayment(t, l, "m1", c.Payment.ID)
		wantNoKey(t, l, "m1", c.Binds.Key)
	})
	wantFound(t, l, first.TransactionID, first)
}

func refundTakenOnce(t *testing.T, l gateway.Ledger) {
	first := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, first)
	taken := first.Payment.Operations[1].TransactionID
	for name, p := range map[string]gateway.Payment{
		"by another payment":  decidedPayment(t, l, start.Add(time.Second)).Payment,
		"by the same payment": first.Payment,
	} {
		t.Run(name, func(t *testing.T) {
			c := refund(p, start.Add(time.Hour))
			c.Payment.Operations[len(c.Payment.Operations)-1].TransactionID = taken
			c.Reply, c.Events = nil, nil
			wantErr(t, l.Apply(t.Context(), c), gateway.ErrTransactionTaken)
			wantPayment(t, l, p)
			wantNoKey(t, l, "m1", c.Binds.Key)
		})
	}
	wantFound(t, l, taken, first.Payment)
}

func transactionGivenUp(t *testing.T, l gateway.Ledger) {
	first := decidedPayment(t, l, start).Payment
	freed := with(first, first.First(), start.Add(time.Minute))
	freed.TransactionID, freed.Operations[0].TransactionID = "", ""
	apply(t, l, gateway.Change{Payment: freed, Base: first.Version})
	second := Approval(applied(t, l, Sale("m1", start.Add(time.Second))), start.Add(time.Hour))
	second.Payment.TransactionID, second.Reply, second.Events = first.TransactionID, nil, nil
	apply(t, l, second)
	wantFound(t, l, first.TransactionID, second.Payment)
}

func transactionIDsApart(t *testing.T, l gateway.Ledger) {
	live := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, live)
	for _, p := range []gateway.Payment{testPayment(t, l, start.Add(time.Hour)), applied(t, l, Sale("m2", start))} {
		c := refund(p, start.Add(2*time.Hour))
		c.Payment.TransactionID, c.Reply, c.Events = live.Payment.TransactionID, nil, nil
		c.Payment.Operations[1].TransactionID = live.Payment.Operations[1].TransactionID
		apply(t, l, c)
		wantPayment(t, l, c.Payment)
	}
	wantPayment(t, l, live.Payment)
}

// transactionOfItsOwn has no two refunds at the processor: a void answers with
// the transaction that it voids, as often as it is asked for.
func transactionOfItsOwn(t *testing.T, l gateway.Ledger) {
	p := decidedPayment(t, l, start).Payment
	for range 2 {
		c := refund(p, p.UpdatedAt.Add(time.Minute))
		op := &c.Payment.Operations[len(c.Payment.Operations)-1]
		op.ProcessedAs, op.TransactionID = gateway.AsVoid, p.TransactionID
		c.Reply, c.Events = nil, nil
		apply(t, l, c)
		p = c.Payment
	}
	wantFound(t, l, p.TransactionID, p)
}

func existingTransaction(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	c.Payment.TransactionID = "txn-1"
	apply(t, l, c)
	wantErr(t, l.Apply(t.Context(), c), gateway.ErrStale)
	wantPayment(t, l, c.Payment)
}

func raceForTransaction(t *testing.T, l gateway.Ledger) {
	changes := make([]gateway.Change, racers)
	for i := range changes {
		changes[i] = Approval(applied(t, l, Sale("m1", start)), start.Add(time.Second))
		changes[i].Payment.TransactionID, changes[i].Reply, changes[i].Events = "txn-1", nil, nil
	}
	errs := race(racers, func(i int) error { return l.Apply(t.Context(), changes[i]) })
	winner := changes[oneWins(t, errs, gateway.ErrTransactionTaken)].Payment
	wantFound(t, l, "txn-1", winner)
	wantPayment(t, l, winner)
}

func raceForRefund(t *testing.T, l gateway.Ledger) {
	changes := make([]gateway.Change, racers)
	for i := range changes {
		changes[i] = refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
		changes[i].Payment.Operations[1].TransactionID, changes[i].Reply, changes[i].Events = "refund-1", nil, nil
	}
	errs := race(racers, func(i int) error { return l.Apply(t.Context(), changes[i]) })
	wantFound(t, l, "refund-1", changes[oneWins(t, errs, gateway.ErrTransactionTaken)].Payment)
}

// testPayment applies a payment of merchant m1 in test mode.
func testPayment(t *testing.T, l gateway.Ledger, at time.Time) gateway.Payment {
	t.Helper()
	c := Sale("m1", at)
	c.Payment.LiveMode = false
	return applied(t, l, c)
}
