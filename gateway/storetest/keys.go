package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var keySpecs = []spec{
	{"Key/an unknown key is not found", unknownKey},
	{"Key/a key has no reply until its operation is decided", undecidedKey},
	{"Key/a reply is kept as the payment stood then", keptReply},
	{"Key/a later reply replaces the one before", replacedReply},
	{"Key/a reply reaches the key of its operation only", replyOfItsOwn},
	{"Key/a key may be bound and answered by one change", boundAndAnswered},
	{"Key/a key comes back exactly as it was given", exactKey},
	{"Key/a key is bound once, whatever binds it", boundOnce},
	{"Key/keys of different merchants are different keys", keysOfMerchants},
	{"CloseKey/a closed key is bound to nothing", closedKey},
	{"CloseKey/a closed key cannot be bound", closedCannotBeBound},
	{"CloseKey/a bound key cannot be closed", boundCannotBeClosed},
	{"CloseKey/a key is closed once", closedOnce},
	{"CloseKey/a key is closed for one merchant only", closedForOne},
}

func unknownKey(t *testing.T, l gateway.Ledger) { wantNoKey(t, l, "m1", "never-seen") }

func undecidedKey(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	if r := keyOf(t, l, c.Binds.Key); r.Reply != nil || r.Closed() {
		t.Fatalf("key = %+v, want neither a reply nor closed", r)
	}
}

func keptReply(t *testing.T, l gateway.Ledger) {
	decided := decidedPayment(t, l, start)
	apply(t, l, touched(decided.Payment, start.Add(time.Minute)))
	equal(t, "reply", keyOf(t, l, decided.Payment.First().Key).Reply.Payment, decided.Payment)
}

func replacedReply(t *testing.T, l gateway.Ledger) {
	first := decidedPayment(t, l, start)
	second := touched(first.Payment, start.Add(time.Minute))
	second.Reply = &gateway.Reply{Payment: second.Payment, OperationID: first.Operation}
	apply(t, l, second)
	equal(t, "reply", keyOf(t, l, first.Payment.First().Key).Reply.Payment, second.Payment)
}

func replyOfItsOwn(t *testing.T, l gateway.Ledger) {
	decided := decidedPayment(t, l, start)
	refunded := refund(decided.Payment, start.Add(time.Minute))
	apply(t, l, refunded)
	equal(t, "the sale's reply", *keyOf(t, l, decided.Payment.First().Key).Reply, *decided.Reply)
	equal(t, "the refund's reply", *keyOf(t, l, refunded.Binds.Key).Reply, *refunded.Reply)
}

func boundAndAnswered(t *testing.T, l gateway.Ledger) {
	c := refund(decidedPayment(t, l, start).Payment, start.Add(time.Minute))
	apply(t, l, c)
	wantKey(t, l, "m1", gateway.KeyRecord{
		Key: c.Binds.Key, Fingerprint: c.Binds.Fingerprint, Payment: &c.Payment, OperationID: c.Operation, Reply: c.Reply,
	})
}

func exactKey(t *testing.T, l gateway.Ledger) {
	for _, key := range []string{"a", "A", "a:b~c._-", "a/void", "0010", "10"} {
		c := Sale("m1", start)
		c.Binds.Key, c.Payment.Operations[0].Key = key, key
		apply(t, l, c)
		wantKey(t, l, "m1", gateway.KeyRecord{
			Key: key, Fingerprint: c.Binds.Fingerprint, Payment: &c.Payment, OperationID: c.Operation,
		})
	}
}

func boundOnce(t *testing.T, l gateway.Ledger) {
	first, second := Sale("m1", start), Sale("m1", start)
	second.Binds.Key, second.Payment.Operations[0].Key = first.Binds.Key, first.Binds.Key
	second.Binds.Fingerprint = []byte("another")
	apply(t, l, first)
	wantErr(t, l.Apply(t.Context(), second), gateway.ErrKeyTaken)
	if r := keyOf(t, l, first.Binds.Key); r.OperationID != first.Operation {
		t.Fatalf("the key is bound to %s, want the first operation %s", r.OperationID, first.Operation)
	}
}

func keysOfMerchants(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	wantNoKey(t, l, "m2", c.Binds.Key)
}

func closedKey(t *testing.T, l gateway.Ledger) {
	closeKey(t, l, "m1", "gone")
	r := keyOf(t, l, "gone")
	if !r.Closed() || r.Key != "gone" || r.Payment != nil || r.Reply != nil || len(r.Fingerprint) != 0 {
		t.Fatalf("key = %+v, want it closed and bound to nothing", r)
	}
}

func closedCannotBeBound(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	closeKey(t, l, "m1", c.Binds.Key)
	wantErr(t, l.Apply(t.Context(), c), gateway.ErrKeyTaken)
	wantNoPayment(t, l, "m1", c.Payment.ID)
}

func boundCannotBeClosed(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	wantErr(t, l.CloseKey(t.Context(), "m1", c.Binds.Key, start), gateway.ErrKeyTaken)
	if keyOf(t, l, c.Binds.Key).Closed() {
		t.Fatal("a bound key was closed")
	}
}

func closedOnce(t *testing.T, l gateway.Ledger) {
	closeKey(t, l, "m1", "gone")
	wantErr(t, l.CloseKey(t.Context(), "m1", "gone", start), gateway.ErrKeyTaken)
}

func closedForOne(t *testing.T, l gateway.Ledger) {
	c := Sale("m2", start)
	closeKey(t, l, "m1", c.Binds.Key)
	apply(t, l, c)
	wantPayment(t, l, c.Payment)
}

func closeKey(t *testing.T, l gateway.Ledger, merchantID, key string) {
	t.Helper()
	if err := l.CloseKey(t.Context(), merchantID, key, start); err != nil {
		t.Fatalf("CloseKey(%s): %v", key, err)
	}
}
