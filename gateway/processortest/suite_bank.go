package processortest

import (
	"errors"
	"testing"

	"paytrace-gateway/gateway"
)

// bankTests are the specification of a processor for bank payments.
var bankTests = map[string]func(*testing.T, Bench){
	"a bank payment is accepted and on no export":            bankSaleIsOnNoExport,
	"a bank payment that is declined has a reason":           bankDeclineHasAReason,
	"a held bank payment is funded once":                     bankHoldIsFundedOnce,
	"a bank payment is voided once":                          bankSaleIsVoidedOnce,
	"a bank payment is refunded by one of its own":           bankSaleIsRefunded,
	"the number of a bank payment is none of a card payment": bankNumberIsItsOwn,
	"nothing of a bank payment leaves after the send window": noBankPaymentLeavesLate,
}

func (b Bench) draw(t *testing.T, intent gateway.Intent, amount gateway.Money) gateway.Result {
	t.Helper()
	return b.Processor.Charge(t.Context(), gateway.Charge{
		Intent: intent, Amount: amount, OrderID: "100000001", Reference: gateway.NewReference(b.Now()),
		Method: b.Account(), ACH: true, SendBefore: b.soon(),
	})
}

func (b Bench) drawn(t *testing.T, intent gateway.Intent, amount gateway.Money) string {
	t.Helper()
	r := b.draw(t, intent, amount)
	want(t, r, gateway.Approved)
	if !gateway.CheckID(r.TransactionID) {
		t.Fatalf("%q is no id of a bank payment", r.TransactionID)
	}
	return r.TransactionID
}

func bankSaleIsOnNoExport(t *testing.T, b Bench) {
	id := b.drawn(t, gateway.IntentSale, 1999)
	if seen, err := b.Processor.Transaction(t.Context(), id); !errors.Is(err, gateway.ErrNotFound) {
		t.Fatalf("the export shows %+v, %v", seen, err)
	}
	rows, err := b.Processor.Transactions(t.Context(), b.Now(), b.Now(), "")
	if err != nil || len(rows) > 0 {
		t.Fatalf("the export shows %+v, %v", rows, err)
	}
}

func bankDeclineHasAReason(t *testing.T, b Bench) {
	r := b.draw(t, gateway.IntentSale, Declines)
	want(t, r, gateway.Declined)
	if !gateway.CheckID(r.TransactionID) || r.Decline == nil || r.Decline.Message == "" || r.Decline.Category == "" {
		t.Fatalf("a decline that says nothing: %+v", r)
	}
}

func bankHoldIsFundedOnce(t *testing.T, b Bench) {
	id := b.drawn(t, gateway.IntentAuthorize, 1000)
	r := b.capture(t, id, 600)
	want(t, r, gateway.Approved)
	if r.TransactionID != id {
		t.Fatalf("funded as %q, held as %q", r.TransactionID, id)
	}
	wantContested(t, b.capture(t, id, 400))
}

func bankSaleIsVoidedOnce(t *testing.T, b Bench) {
	for _, intent := range []gateway.Intent{gateway.IntentSale, gateway.IntentAuthorize} {
		id := b.drawn(t, intent, 1000)
		r := b.void(t, id)
		want(t, r, gateway.Approved)
		if r.TransactionID != id {
			t.Fatalf("voided as %q, made as %q", r.TransactionID, id)
		}
		wantContested(t, b.void(t, id))
		wantContested(t, b.refund(t, id, 1000))
	}
}

func bankSaleIsRefunded(t *testing.T, b Bench) {
	id := b.drawn(t, gateway.IntentSale, 1000)
	b.Settle()
	wantContested(t, b.void(t, id))
	seen := map[string]bool{id: true}
	for _, part := range []gateway.Money{300, 700} {
		r := b.refund(t, id, part)
		want(t, r, gateway.Approved)
		if !gateway.CheckID(r.TransactionID) || seen[r.TransactionID] {
			t.Fatalf("refunded by %q, after %v", r.TransactionID, seen)
		}
		seen[r.TransactionID] = true
	}
	wantContested(t, b.refund(t, id, 1))
}

// bankNumberIsItsOwn has a card payment and a bank payment that PayTrace gave one
// number, if it does: what is asked of the one must not reach the other.
func bankNumberIsItsOwn(t *testing.T, b Bench) {
	check := b.drawn(t, gateway.IntentSale, 1000)
	card := b.made(t, gateway.IntentSale, 1000)
	want(t, b.void(t, check), gateway.Approved)
	b.shows(t, card, gateway.RecordPending, 1000)
	wantContested(t, b.void(t, check))
	want(t, b.void(t, card), gateway.Approved)
}

func noBankPaymentLeavesLate(t *testing.T, b Bench) {
	id := b.drawn(t, gateway.IntentSale, 1000)
	late := b.Now().Add(-1)
	want(t, b.Processor.Charge(t.Context(), gateway.Charge{Intent: gateway.IntentSale, Amount: 1000, Method: b.Account(), ACH: true, SendBefore: late}), gateway.NotSent)
	want(t, b.Processor.Void(t.Context(), gateway.Void{TransactionID: id, SendBefore: late}), gateway.NotSent)
	want(t, b.Processor.Refund(t.Context(), gateway.Refund{TransactionID: id, Amount: 1, SendBefore: late}), gateway.NotSent)
	want(t, b.void(t, id), gateway.Approved)
}
