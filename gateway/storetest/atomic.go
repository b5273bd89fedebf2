package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var atomicSpecs = []spec{
	{"Atomic/a change that fails leaves nothing behind", nothingLeft},
	{"Atomic/a new payment that fails leaves nothing behind", nothingLeftOfNew},
	{"Atomic/a failed change does not stand in the way of the right one", repaired},
}

// spoiled is a change to a payment that fails, each for its own reason. It
// brings a new operation, a key, a reply and an event, none of which may stay.
type spoiled struct {
	name  string
	want  error // nil: an error that is none of the port's
	spoil func(c *gateway.Change, other gateway.Change)
}

// other is a change of another payment that was applied before.
var spoils = []spoiled{
	{"its key is taken", gateway.ErrKeyTaken, func(c *gateway.Change, other gateway.Change) {
		c.Binds.Key = other.Payment.First().Key
		c.Payment.Operations[len(c.Payment.Operations)-1].Key = c.Binds.Key
	}},
	{"its transaction is another payment's", gateway.ErrTransactionTaken, func(c *gateway.Change, other gateway.Change) {
		c.Payment.TransactionID = other.Payment.TransactionID
	}},
	{"its event exists", nil, func(c *gateway.Change, other gateway.Change) {
		c.Events = append(c.Events, other.Events[0])
	}},
	{"its operation belongs to another payment", nil, func(c *gateway.Change, other gateway.Change) {
		o := other.Payment.First()
		o.Key = "stolen"
		c.Payment.Operations = append(c.Payment.Operations, o)
	}},
	{"its reply answers an operation that the payment does not have", nil, func(c *gateway.Change, other gateway.Change) {
		c.Reply.OperationID = "op_missing"
	}},
	{"its reply answers a key that is not bound", nil, func(c *gateway.Change, other gateway.Change) {
		c.Payment.Operations[len(c.Payment.Operations)-1].Key = "never-bound"
	}},
	{"its reply answers a key that is bound to another operation", nil, func(c *gateway.Change, other gateway.Change) {
		c.Payment.Operations[len(c.Payment.Operations)-1].Key = other.Payment.First().Key
	}},
	{"its key is bound to an operation that the payment does not have", nil, func(c *gateway.Change, other gateway.Change) {
		c.Operation = "op_missing"
	}},
	{"its version is not above its base", nil, func(c *gateway.Change, other gateway.Change) {
		c.Payment.Version = c.Base
	}},
}

func nothingLeft(t *testing.T, l gateway.Ledger) {
	other := decidedPayment(t, l, start)
	for i, s := range spoils {
		t.Run(s.name, func(t *testing.T) {
			p := decidedPayment(t, l, start.Add(time.Duration(i+1)*time.Hour)).Payment
			c := refund(p, p.UpdatedAt.Add(time.Second))
			s.spoil(&c, other)
			before := keyOf(t, l, other.Payment.First().Key)
			wantErr(t, l.Apply(t.Context(), c), s.want)
			wantPayment(t, l, p)
			wantPayment(t, l, other.Payment)
			if c.Binds.Key != before.Key {
				wantNoKey(t, l, "m1", c.Binds.Key)
			}
			wantKey(t, l, "m1", before)
			wantNoRefund(t, l, c)
		})
	}
	t.Run("its version is stale", func(t *testing.T) {
		p := decidedPayment(t, l, start.Add(-time.Hour)).Payment
		c := refund(p, p.UpdatedAt.Add(time.Second))
		current := applied(t, l, touched(p, p.UpdatedAt.Add(time.Minute)))
		wantErr(t, l.Apply(t.Context(), c), gateway.ErrStale)
		wantPayment(t, l, current)
		wantNoKey(t, l, "m1", c.Binds.Key)
		wantNoRefund(t, l, c)
	})
}

func nothingLeftOfNew(t *testing.T, l gateway.Ledger) {
	other := decidedPayment(t, l, start)
	for _, s := range []spoiled{
		spoils[0], spoils[2],
		{"its reference exists", nil, func(c *gateway.Change, other gateway.Change) {
			c.Payment.Reference = other.Payment.Reference
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			c := Sale("m1", start.Add(time.Minute))
			s.spoil(&c, other)
			wantErr(t, l.Apply(t.Context(), c), s.want)
			wantNoPayment(t, l, "m1", c.Payment.ID)
			if c.Binds.Key != other.Payment.First().Key {
				wantNoKey(t, l, "m1", c.Binds.Key)
			}
			page, err := l.Payments(t.Context(), gateway.PaymentFilter{MerchantID: "m1", Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "the list", page, []gateway.Payment{other.Payment})
		})
	}
}

// repaired also shows what cannot be read: an operation or event that a failed
// change had left behind would now be there twice.
func repaired(t *testing.T, l gateway.Ledger) {
	other := decidedPayment(t, l, start)
	p := decidedPayment(t, l, start.Add(time.Hour)).Payment
	right := refund(p, p.UpdatedAt.Add(time.Second))
	wrong := right
	wrong.Binds = &gateway.Binding{Key: other.Payment.First().Key}
	wantErr(t, l.Apply(t.Context(), wrong), gateway.ErrKeyTaken)
	wrong = right
	wrong.Events = append([]gateway.Event{right.Events[0]}, other.Events[0])
	wantErr(t, l.Apply(t.Context(), wrong), nil)
	apply(t, l, right)
	wantPayment(t, l, right.Payment)
	wantKey(t, l, "m1", gateway.KeyRecord{
		Key: right.Binds.Key, Fingerprint: right.Binds.Fingerprint,
		Payment: &right.Payment, OperationID: right.Operation, Reply: right.Reply,
	})
}

// decidedPayment applies a sale of merchant m1 and its approval, and returns the latter.
func decidedPayment(t *testing.T, l gateway.Ledger, at time.Time) gateway.Change {
	t.Helper()
	c := Approval(applied(t, l, Sale("m1", at)), at.Add(time.Second))
	apply(t, l, c)
	return c
}

func wantNoRefund(t *testing.T, l gateway.Ledger, c gateway.Change) {
	t.Helper()
	_, err := l.PaymentByTransaction(t.Context(), "m1", true, c.Payment.Operations[1].TransactionID)
	wantErr(t, err, gateway.ErrNotFound)
}

func keyOf(t *testing.T, l gateway.Ledger, key string) gateway.KeyRecord {
	t.Helper()
	r, err := l.Key(t.Context(), "m1", key)
	if err != nil {
		t.Fatalf("Key(%s): %v", key, err)
	}
	return r
}
