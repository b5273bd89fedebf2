package processortest

import (
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// Bench is a processor on a test's bench, with what the port does not have.
type Bench struct {
	Processor gateway.Processor
	// Method is a way to pay that the processor approves.
	Method gateway.PaymentMethod
	// CustomerID goes with a method from the vault.
	CustomerID string
	// Fields makes hosted fields with a new token, of a card that the processor
	// takes.
	Fields func() gateway.PaymentMethod
	// Account is a bank account that the processor draws on.
	Account func() gateway.PaymentMethod
	// Cover lets every card cover that much at a time; zero is anything.
	Cover func(gateway.Money)
	// Settle settles everything that is pending.
	Settle func()
	Now    func() time.Time
}

// Run is the specification of gateway.Processor.
func Run(t *testing.T, open func(*testing.T) Bench) {
	tests := map[string]func(*testing.T, Bench){
		"a sale is approved and on the books":        saleIsOnTheBooks,
		"an authorization is on the books":           authorizationIsOnTheBooks,
		"a verification takes nothing":               verificationTakesNothing,
		"a part is approved when it is allowed":      partWhenAllowed,
		"a decline has a transaction and its reason": declineHasAReason,
		"an authorization is captured once":          capturedOnce,
		"of many captures at once one is approved":   capturedOnceAtOnce,
		"what is pending is voided once":             voidedOnce,
		"what is settled is not voided":              settledIsNotVoided,
		"only what is settled is refunded":           settledIsRefunded,
		"nothing leaves after the send window":       nothingLeavesLate,
		"what is not there is not found":             notThereIsNotFound,
		"a charge is found by its reference":         foundByReference,
		"a card form is opened and charges nothing":  formIsOpened,
		"a purchase order is told while not settled": enhancedUntilSettled,
	}
	maps.Copy(tests, vaultTests)
	maps.Copy(tests, bankTests)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func (b Bench) soon() time.Time { return b.Now().Add(time.Minute) }

func (b Bench) charge(t *testing.T, intent gateway.Intent, amount gateway.Money) gateway.Result {
	t.Helper()
	return b.Processor.Charge(t.Context(), gateway.Charge{
		Intent: intent, Amount: amount, OrderID: "100000001", Reference: gateway.NewReference(b.Now()),
		Method: b.Method, CustomerID: b.CustomerID, SendBefore: b.soon(),
	})
}

func (b Bench) made(t *testing.T, intent gateway.Intent, amount gateway.Money) string {
	t.Helper()
	r := b.charge(t, intent, amount)
	want(t, r, gateway.Approved)
	return r.TransactionID
}

func (b Bench) shows(t *testing.T, id string, state gateway.RecordState, amount gateway.Money) {
	t.Helper()
	seen, err := b.Processor.Transaction(t.Context(), id)
	if err != nil || seen.State != state || seen.Amount != amount || seen.TransactionID != id {
		t.Fatalf("the books show %+v, %v; want %s, %s", seen, err, state, amount)
	}
}

func want(t *testing.T, r gateway.Result, outcome gateway.Outcome) {
	t.Helper()
	if r.Outcome != outcome {
		t.Fatalf("outcome %s (%s), want %s", r.Outcome, r.Detail, outcome)
	}
}

// wantContested is the answer to what the transaction's state forbids: it
// decides nothing.
func wantContested(t *testing.T, r gateway.Result) {
	t.Helper()
	want(t, r, gateway.Unknown)
	if !r.Contested {
		t.Fatalf("%+v is not contested", r)
	}
}

func (b Bench) capture(t *testing.T, id string, amount gateway.Money) gateway.Result {
	return b.Processor.Capture(t.Context(), gateway.Capture{TransactionID: id, Amount: amount, SendBefore: b.soon()})
}

func (b Bench) void(t *testing.T, id string) gateway.Result {
	return b.Processor.Void(t.Context(), gateway.Void{TransactionID: id, SendBefore: b.soon()})
}

func (b Bench) refund(t *testing.T, id string, amount gateway.Money) gateway.Result {
	return b.Processor.Refund(t.Context(), gateway.Refund{TransactionID: id, Amount: amount, SendBefore: b.soon()})
}

func saleIsOnTheBooks(t *testing.T, b Bench) {
	r := b.charge(t, gateway.IntentSale, 1999)
	want(t, r, gateway.Approved)
	if r.TransactionID == "" || r.ApprovalCode == "" {
		t.Fatalf("an approval without id or code: %+v", r)
	}
	b.shows(t, r.TransactionID, gateway.RecordPending, 1999)
	b.Settle()
	b.shows(t, r.TransactionID, gateway.RecordSettled, 1999)
}

func authorizationIsOnTheBooks(t *testing.T, b Bench) {
	b.shows(t, b.made(t, gateway.IntentAuthorize, 1999), gateway.RecordAuthorized, 1999)
}

func verificationTakesNothing(t *testing.T, b Bench) {
	b.shows(t, b.made(t, gateway.IntentVerify, 0), gateway.RecordAuthorized, 0)
}

func partWhenAllowed(t *testing.T, b Bench) {
	b.Cover(1000)
	want(t, b.charge(t, gateway.IntentSale, 1999), gateway.Declined)
	r := b.Processor.Charge(t.Context(), gateway.Charge{
		Intent: gateway.IntentSale, Amount: 1999, AcceptPartial: true, OrderID: "100000001", Reference: gateway.NewReference(b.Now()),
		Method: b.Method, CustomerID: b.CustomerID, SendBefore: b.soon(),
	})
	want(t, r, gateway.Approved)
	if r.ApprovedAmount != 1000 || r.Balance == nil || *r.Balance != 0 {
		t.Fatalf("approved for %s, with %v left", r.ApprovedAmount, r.Balance)
	}
	b.shows(t, r.TransactionID, gateway.RecordPending, 1000)
}

func declineHasAReason(t *testing.T, b Bench) {
	r := b.charge(t, gateway.IntentSale, Declines)
	want(t, r, gateway.Declined)
	if r.TransactionID == "" || r.Decline == nil || r.Decline.Message == "" || r.Decline.Category == "" {
		t.Fatalf("a decline that says nothing: %+v", r)
	}
	b.shows(t, r.TransactionID, gateway.RecordDeclined, Declines)
}

func capturedOnce(t *testing.T, b Bench) {
	id := b.made(t, gateway.IntentAuthorize, 1000)
	r := b.capture(t, id, 600)
	want(t, r, gateway.Approved)
	if r.TransactionID != id {
		t.Fatalf("the capture has transaction %s, want the authorization's %s", r.TransactionID, id)
	}
	b.shows(t, id, gateway.RecordPending, 600)
	wantContested(t, b.capture(t, id, 400))
	b.shows(t, id, gateway.RecordPending, 600)
}

func capturedOnceAtOnce(t *testing.T, b Bench) {
	id := b.made(t, gateway.IntentAuthorize, 1000)
	results := make([]gateway.Result, 8)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = b.capture(t, id, 1000) })
	}
	wg.Wait()
	approved := 0
	for _, r := range results {
		if r.Outcome == gateway.Approved {
			approved++
		}
	}
	if approved != 1 {
		t.Fatalf("%d captures were approved", approved)
	}
}

func voidedOnce(t *testing.T, b Bench) {
	for _, intent := range []gateway.Intent{gateway.IntentSale, gateway.IntentAuthorize} {
		id := b.made(t, intent, 1000)
		want(t, b.void(t, id), gateway.Approved)
		b.shows(t, id, gateway.RecordVoided, 1000)
		wantContested(t, b.void(t, id))
		wantContested(t, b.capture(t, id, 1000))
	}
}

func settledIsNotVoided(t *testing.T, b Bench) {
	id := b.made(t, gateway.IntentSale, 1000)
	b.Settle()
	wantContested(t, b.void(t, id))
	b.shows(t, id, gateway.RecordSettled, 1000)
}

func settledIsRefunded(t *testing.T, b Bench) {
	id := b.made(t, gateway.IntentSale, 1000)
	wantContested(t, b.refund(t, id, 400))
	b.Settle()
	r := b.refund(t, id, 400)
	want(t, r, gateway.Approved)
	if r.TransactionID == "" || r.TransactionID == id {
		t.Fatalf("the refund has transaction %q, want one of its own", r.TransactionID)
	}
	seen, err := b.Processor.Transaction(t.Context(), r.TransactionID)
	if err != nil || seen.Kind != gateway.KindRefund || seen.Amount != 400 {
		t.Fatalf("the books show the refund as %+v, %v", seen, err)
	}
}

func nothingLeavesLate(t *testing.T, b Bench) {
	reference := gateway.NewReference(b.Now())
	r := b.Processor.Charge(t.Context(), gateway.Charge{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: "100000001", Reference: reference,
		Method: b.Method, CustomerID: b.CustomerID, SendBefore: b.Now().Add(-time.Second),
	})
	want(t, r, gateway.NotSent)
	found, err := b.Processor.Transactions(t.Context(), b.Now().AddDate(0, 0, -1), b.Now().AddDate(0, 0, 1), reference)
	if err != nil || len(found) != 0 {
		t.Fatalf("what was not sent is on the books: %+v, %v", found, err)
	}
}

func notThereIsNotFound(t *testing.T, b Bench) {
	if _, err := b.Processor.Transaction(t.Context(), "999999999"); !errors.Is(err, gateway.ErrNotFound) {
		t.Fatalf("looking for what is not there: %v", err)
	}
}

func foundByReference(t *testing.T, b Bench) {
	reference := gateway.NewReference(b.Now())
	b.made(t, gateway.IntentSale, 1999) // another one
	r := b.Processor.Charge(t.Context(), gateway.Charge{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: "100000002", Reference: reference,
		Method: b.Method, CustomerID: b.CustomerID, SendBefore: b.soon(),
	})
	want(t, r, gateway.Approved)
	found, err := b.Processor.Transactions(t.Context(), b.Now().AddDate(0, 0, -1), b.Now().AddDate(0, 0, 1), reference)
	if err != nil || len(found) != 1 || found[0].TransactionID != r.TransactionID ||
		found[0].Reference != reference || found[0].Amount != 1999 {
		t.Fatalf("looking for %s showed %+v, %v", reference, found, err)
	}
}

// enhancedUntilSettled has the purchase order stand in the place of the reference
// from then on. A refusal is no Unknown: it has done nothing.
func enhancedUntilSettled(t *testing.T, b Bench) {
	zero := gateway.Money(0)
	tell := func(id string, brand gateway.Brand) gateway.Result {
		return b.Processor.Enhance(t.Context(), gateway.Enhance{
			TransactionID: id, Brand: brand, OrderID: "100000001", Reference: gateway.NewReference(b.Now()),
			Data: gateway.EnhancedData{TaxAmount: &zero, PurchaseOrder: "PO-7"},
		})
	}
	id := b.made(t, gateway.IntentSale, 1000)
	seen, err := b.Processor.Transaction(t.Context(), id)
	if err != nil || seen.Card.Brand == "" {
		t.Fatalf("the books show %+v, %v", seen, err)
	}
	want(t, tell(id, otherThan(seen.Card.Brand)), gateway.Rejected)
	want(t, tell(id, seen.Card.Brand), gateway.Approved)
	after, err := b.Processor.Transaction(t.Context(), id)
	if err != nil || after.Reference != "PO-7" || after.OrderID != seen.OrderID || after.Amount != seen.Amount || after.State != seen.State {
		t.Fatalf("the books show %+v, %v; before it were %+v", after, err, seen)
	}
	b.Settle()
	want(t, tell(id, seen.Card.Brand), gateway.Rejected)
	want(t, tell(b.made(t, gateway.IntentAuthorize, 1000), seen.Card.Brand), gateway.Rejected)
}

func otherThan(brand gateway.Brand) gateway.Brand {
	if brand == gateway.Visa {
		return gateway.Mastercard
	}
	return gateway.Visa
}

func formIsOpened(t *testing.T, b Bench) {
	for range 2 { // It may be asked again.
		if key, err := b.Processor.ClientKey(t.Context()); err != nil || key.Key == "" {
			t.Fatalf("no client key: %v", err)
		}
	}
	found, err := b.Processor.Transactions(t.Context(), b.Now().AddDate(0, 0, -1), b.Now().AddDate(0, 0, 1), "")
	if err != nil || len(found) != 0 {
		t.Fatalf("asking for a client key left %+v on the books, %v", found, err)
	}
}
