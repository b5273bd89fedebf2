package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var applySpecs = []spec{
	{"Apply/a new payment comes back as it was applied", newPayment},
	{"Apply/a payment with every member filled comes back whole", fullPayment},
	{"Apply/a payment with no member that can be left out comes back whole", barePayment},
	{"Apply/the next version replaces the one before", nextVersion},
	{"Apply/a payment keeps the order of its operations", operationOrder},
	{"Apply/two merchants may have the same order and metadata", twoMerchants},
	{"Apply/operations of the processor's own screens have no key, and touch none", externalOperations},
	{"Apply/an event that tells of no payment is refused", eventOfNoPayment},
	{"Apply/a new payment whose id exists is stale", existingID},
	{"Apply/a version that was passed is stale", passedVersion},
	{"Apply/a version that is not reached yet is stale", futureVersion},
	{"Apply/a change of a payment that does not exist is stale", missingPayment},
	{"Apply/a change of another merchant's payment is stale", foreignPayment},
	{"Apply/a context that is done writes nothing", cancelledContext},
}

func newPayment(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	wantPayment(t, l, c.Payment)
	wantKey(t, l, "m1", gateway.KeyRecord{
		Key: c.Binds.Key, Fingerprint: c.Binds.Fingerprint,
		Payment: &c.Payment, OperationID: c.Operation,
	})
}

func fullPayment(t *testing.T, l gateway.Ledger) {
	c := Approval(applied(t, l, Sale("m1", start)), start.Add(time.Second))
	p := &c.Payment
	p.NeedsAttention, p.SettledAt = true, start.Add(time.Hour+time.Microsecond)
	p.Decline = &gateway.Decline{Code: "2", Message: "no", Category: "bank", Retryable: true}
	o := &p.Operations[0]
	o.ProcessedAs, o.Cancel = gateway.AsVoid, gateway.CancelDone
	o.Decline = p.Decline
	o.Rejection = &gateway.Rejection{Code: "35", Message: "bad", Field: "amount", Credentials: true}
	apply(t, l, c)
	wantPayment(t, l, c.Payment)
}

func barePayment(t *testing.T, l gateway.Ledger) {
	full := Sale("m1", start)
	p := gateway.Payment{
		ID: full.Payment.ID, MerchantID: "m1", Status: gateway.Sending, Intent: gateway.IntentSale,
		Amount: 1, Currency: "USD", Reference: full.Payment.Reference, Version: 1, CreatedAt: start, UpdatedAt: start,
		Operations: []gateway.Operation{{
			ID: full.Operation, Kind: gateway.KindSale, Status: gateway.OpSending, Amount: 1, Key: full.Binds.Key,
			CreatedAt: start, UpdatedAt: start,
		}},
	}
	apply(t, l, gateway.Change{Payment: p, Operation: full.Operation})
	wantPayment(t, l, p)
	wantNoKey(t, l, "m1", full.Binds.Key)
}

func nextVersion(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	approved := Approval(c.Payment, start.Add(time.Second))
	refunded := refund(approved.Payment, start.Add(time.Minute))
	apply(t, l, c, approved)
	wantPayment(t, l, approved.Payment)
	apply(t, l, refunded)
	wantPayment(t, l, refunded.Payment)
}

func operationOrder(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start), start.Add(time.Second))
	for i := range 5 {
		// Later operations have earlier ids: their order is their position.
		c := refund(p, start.Add(-time.Duration(i)*time.Minute))
		apply(t, l, c)
		p = c.Payment
	}
	wantPayment(t, l, p)
}

func twoMerchants(t *testing.T, l gateway.Ledger) {
	a, b := Sale("m1", start), Sale("m2", start)
	b.Binds.Key, b.Payment.Operations[0].Key = a.Binds.Key, a.Binds.Key
	apply(t, l, a, b)
	wantPayment(t, l, a.Payment)
	wantPayment(t, l, b.Payment)
	wantKey(t, l, "m2", gateway.KeyRecord{
		Key: a.Binds.Key, Fingerprint: b.Binds.Fingerprint, Payment: &b.Payment, OperationID: b.Operation,
	})
}

func externalOperations(t *testing.T, l gateway.Ledger) {
	sold := decidedPayment(t, l, start)
	other := decidedPayment(t, l, start.Add(time.Second))
	before := keyOf(t, l, sold.Payment.First().Key)
	p := sold.Payment
	for range 3 {
		c := external(p, p.UpdatedAt.Add(time.Minute))
		apply(t, l, c)
		p = c.Payment
	}
	theirs := external(other.Payment, start.Add(time.Hour))
	apply(t, l, theirs)
	wantPayment(t, l, p)
	wantPayment(t, l, theirs.Payment)
	wantFound(t, l, p.Operations[3].TransactionID, p)
	before.Payment = &p
	wantKey(t, l, "m1", before)
	wantNoKey(t, l, "m1", "")
	// One that is there already is never taken for another of ours.
	again := refund(p, p.UpdatedAt.Add(time.Minute))
	again.Payment.Operations[4].TransactionID = p.Operations[3].TransactionID
	wantErr(t, l.Apply(t.Context(), again), gateway.ErrTransactionTaken)
}

func eventOfNoPayment(t *testing.T, l gateway.Ledger) {
	c := Approval(applied(t, l, Sale("m1", start)), start.Add(time.Second))
	c.Events[0].PaymentID = ""
	wantErr(t, l.Apply(t.Context(), c), nil)
}

func existingID(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	again := Sale("m1", start)
	again.Payment.ID = p.ID
	wantErr(t, l.Apply(t.Context(), again), gateway.ErrStale)
	wantPayment(t, l, p)
}

func passedVersion(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	next := applied(t, l, Approval(p, start.Add(time.Second)))
	wantErr(t, l.Apply(t.Context(), touched(p, start.Add(time.Minute))), gateway.ErrStale)
	wantPayment(t, l, next)
}

func futureVersion(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	skipped := touched(p, start.Add(time.Second)).Payment
	wantErr(t, l.Apply(t.Context(), touched(skipped, start.Add(time.Minute))), gateway.ErrStale)
	wantPayment(t, l, p)
}

func missingPayment(t *testing.T, l gateway.Ledger) {
	c := touched(Sale("m1", start).Payment, start.Add(time.Second))
	wantErr(t, l.Apply(t.Context(), c), gateway.ErrStale)
	wantNoPayment(t, l, "m1", c.Payment.ID)
}

func foreignPayment(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	theirs := p
	theirs.MerchantID = "m2"
	wantErr(t, l.Apply(t.Context(), touched(theirs, start.Add(time.Second))), gateway.ErrStale)
	wantPayment(t, l, p)
	wantNoPayment(t, l, "m2", p.ID)
}

func cancelledContext(t *testing.T, l gateway.Ledger) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := Sale("m1", start)
	if err := l.Apply(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply: %v, want context.Canceled", err)
	}
	if err := l.CloseKey(ctx, "m1", "closed", start); !errors.Is(err, context.Canceled) {
		t.Errorf("CloseKey: %v, want context.Canceled", err)
	}
	made := adding(shopper("m1", "cus_1", start))
	if err := l.ApplyVault(ctx, made); !errors.Is(err, context.Canceled) {
		t.Errorf("ApplyVault: %v, want context.Canceled", err)
	}
	if err := l.SaveWatch(ctx, gateway.Watch{MerchantID: "m1", Version: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("SaveWatch: %v, want context.Canceled", err)
	}
	if err := l.KeepUnmatched(ctx, stray("m1", "1001", start), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("KeepUnmatched: %v, want context.Canceled", err)
	}
	// What is written after them would show what they left behind.
	apply(t, l, Sale("m2", start))
	wantNoPayment(t, l, "m1", c.Payment.ID)
	wantNoKey(t, l, "m1", c.Binds.Key)
	wantNoKey(t, l, "m1", "closed")
	wantNothingOfVault(t, l, made)
	wantWatch(t, l, gateway.Watch{MerchantID: "m1"})
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10})
}

// applied applies a change, then raises the version at each of the given times.
func applied(t *testing.T, l gateway.Ledger, c gateway.Change, then ...time.Time) gateway.Payment {
	t.Helper()
	apply(t, l, c)
	for _, at := range then {
		next := touched(c.Payment, at)
		apply(t, l, next)
		c = next
	}
	return c.Payment
}
