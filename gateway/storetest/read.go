package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var readSpecs = []spec{
	{"Payment/an unknown id is not found", unknownPayment},
	{"Payment/another merchant's payment is not found", isolatedPayment},
	{"PaymentByTransaction/finds a payment by its own transaction", byOwnTransaction},
	{"PaymentByTransaction/finds a payment by a refund's transaction", byRefundTransaction},
	{"PaymentByTransaction/finds a payment by what only its charge has", byChargesTransaction},
	{"PaymentByTransaction/an operation that lost its transaction id no longer finds it", byLostTransaction},
	{"PaymentByTransaction/an empty or unknown id is not found", byNoTransaction},
	{"PaymentByTransaction/another merchant's transaction is not found", isolatedTransaction},
	{"PaymentByTransaction/finds the payment of the mode that is asked for", transactionOfMode},
	{"PaymentByReference/finds the payment whose reference it is", byReference},
	{"PaymentByReference/an empty, unknown or another merchant's reference is not found", byNoReference},
	{"Ready/a ledger that can write is ready", isReady},
}

func unknownPayment(t *testing.T, l gateway.Ledger) { wantNoPayment(t, l, "m1", "pay_unknown") }

func isolatedPayment(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	wantNoPayment(t, l, "m2", p.ID)
	wantNoPayment(t, l, "", p.ID)
}

func byOwnTransaction(t *testing.T, l gateway.Ledger) {
	decidedPayment(t, l, start)
	p := decidedPayment(t, l, start.Add(time.Hour)).Payment
	wantFound(t, l, p.TransactionID, p)
}

func byRefundTransaction(t *testing.T, l gateway.Ledger) {
	c := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, c)
	wantFound(t, l, c.Payment.Operations[1].TransactionID, c.Payment)
	wantFound(t, l, c.Payment.TransactionID, c.Payment)
}

// byChargesTransaction has a charge that is unknown, of which PayTrace has named the
// transaction; then it becomes the payment's, which
// may have another again.
func byChargesTransaction(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	op := c.Payment.Operations[0]
	op.Status, op.TransactionID = gateway.OpUnknown, "770001"
	unknown := with(c.Payment, op, start.Add(time.Minute))
	apply(t, l, gateway.Change{Payment: unknown, Base: c.Payment.Version})
	wantFound(t, l, "770001", unknown)
	found := with(unknown, op, start.Add(2*time.Minute))
	found.TransactionID = "770001"
	apply(t, l, gateway.Change{Payment: found, Base: unknown.Version})
	wantFound(t, l, "770001", found)
	other := with(found, op, start.Add(3*time.Minute))
	other.TransactionID = "770002"
	apply(t, l, gateway.Change{Payment: other, Base: found.Version})
	wantFound(t, l, "770001", other)
	wantFound(t, l, "770002", other)
}

func byLostTransaction(t *testing.T, l gateway.Ledger) {
	c := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, c)
	op, _ := c.Payment.Operation(c.Operation)
	op.TransactionID = ""
	apply(t, l, gateway.Change{Payment: with(c.Payment, op, start.Add(time.Hour)), Base: c.Payment.Version})
	wantNoRefund(t, l, c)
}

func byNoTransaction(t *testing.T, l gateway.Ledger) {
	apply(t, l, Sale("m1", start)) // its transaction id is empty still
	for _, id := range []string{"", "unknown"} {
		_, err := l.PaymentByTransaction(t.Context(), "m1", true, id)
		wantErr(t, err, gateway.ErrNotFound)
	}
}

func isolatedTransaction(t *testing.T, l gateway.Ledger) {
	c := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, c)
	for _, id := range []string{c.Payment.TransactionID, c.Payment.Operations[1].TransactionID} {
		_, err := l.PaymentByTransaction(t.Context(), "m2", true, id)
		wantErr(t, err, gateway.ErrNotFound)
	}
}

func transactionOfMode(t *testing.T, l gateway.Ledger) {
	live := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, live)
	ids := []string{live.Payment.TransactionID, live.Payment.Operations[1].TransactionID}
	for _, id := range ids {
		_, err := l.PaymentByTransaction(t.Context(), "m1", false, id)
		wantErr(t, err, gateway.ErrNotFound)
	}
	test := refund(testPayment(t, l, start.Add(time.Hour)), start.Add(2*time.Hour))
	test.Payment.TransactionID, test.Payment.Operations[1].TransactionID = ids[0], ids[1]
	test.Reply, test.Events = nil, nil
	apply(t, l, test)
	for _, id := range ids {
		wantFound(t, l, id, live.Payment)
		wantFound(t, l, id, test.Payment)
	}
}

func byReference(t *testing.T, l gateway.Ledger) {
	decidedPayment(t, l, start)
	want := decidedPayment(t, l, start.Add(time.Hour)).Payment
	got, err := l.PaymentByReference(t.Context(), "m1", want.Reference)
	if err != nil {
		t.Fatalf("PaymentByReference(%s): %v", want.Reference, err)
	}
	equal(t, "payment", got, want)
}

func byNoReference(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	bare := Sale("m1", start)
	bare.Payment.Reference = ""
	apply(t, l, bare)
	for _, of := range [][2]string{{"m1", ""}, {"m1", "UNKNOWN"}, {"m2", p.Reference}, {"", p.Reference}} {
		_, err := l.PaymentByReference(t.Context(), of[0], of[1])
		wantErr(t, err, gateway.ErrNotFound)
	}
}

func wantFound(t *testing.T, l gateway.Ledger, transactionID string, want gateway.Payment) {
	t.Helper()
	got, err := l.PaymentByTransaction(t.Context(), want.MerchantID, want.LiveMode, transactionID)
	if err != nil {
		t.Fatalf("PaymentByTransaction(%s): %v", transactionID, err)
	}
	equal(t, "payment", got, want)
}

func isReady(t *testing.T, l gateway.Ledger) {
	for range 3 {
		if err := l.Ready(t.Context()); err != nil {
			t.Fatalf("Ready: %v", err)
		}
	}
}
