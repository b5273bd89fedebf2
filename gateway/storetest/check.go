package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"paytrace-gateway/gateway"
)

// apply applies changes that have to succeed.
func apply(t *testing.T, l gateway.Ledger, changes ...gateway.Change) {
	t.Helper()
	for _, c := range changes {
		if err := l.Apply(t.Context(), c); err != nil {
			t.Fatalf("Apply of payment %s at version %d: %v", c.Payment.ID, c.Payment.Version, err)
		}
	}
}

// wantErr compares with a port's error; nil as want means any error at all
// that is none of the port's.
func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if want != nil {
		if !errors.Is(err, want) {
			t.Fatalf("error = %v, want %v", err, want)
		}
		return
	}
	ports := []error{gateway.ErrStale, gateway.ErrKeyTaken, gateway.ErrTransactionTaken, gateway.ErrProfileTaken, gateway.ErrNotFound}
	if err == nil || slices.ContainsFunc(ports, func(port error) bool { return errors.Is(err, port) }) {
		t.Fatalf("error = %v, want one that says the change is impossible", err)
	}
}

func wantPayment(t *testing.T, l gateway.Ledger, want gateway.Payment) {
	t.Helper()
	got, err := l.Payment(t.Context(), want.MerchantID, want.ID)
	if err != nil {
		t.Fatalf("Payment(%s): %v", want.ID, err)
	}
	equal(t, "payment", got, want)
}

func wantKey(t *testing.T, l gateway.Ledger, merchantID string, want gateway.KeyRecord) {
	t.Helper()
	got, err := l.Key(t.Context(), merchantID, want.Key)
	if err != nil {
		t.Fatalf("Key(%s): %v", want.Key, err)
	}
	equal(t, "key", normalKey(got), normalKey(want))
}

func wantNoKey(t *testing.T, l gateway.Ledger, merchantID, key string) {
	t.Helper()
	if r, err := l.Key(t.Context(), merchantID, key); !errors.Is(err, gateway.ErrNotFound) {
		t.Fatalf("Key(%s) = %+v, %v; want ErrNotFound", key, r, err)
	}
}

func wantNoPayment(t *testing.T, l gateway.Ledger, merchantID, id string) {
	t.Helper()
	if _, err := l.Payment(t.Context(), merchantID, id); !errors.Is(err, gateway.ErrNotFound) {
		t.Fatalf("Payment(%s): %v, want ErrNotFound", id, err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := normal(got), normal(want); !reflect.DeepEqual(g, w) {
		t.Fatalf("%s differs\n got %+v\nwant %+v", what, g, w)
	}
}

func normal(v any) any {
	switch v := v.(type) {
	case gateway.Payment:
		return normalPayment(v)
	case gateway.KeyRecord:
		return normalKey(v)
	case []gateway.Payment:
		return each(v, normalPayment)
	case []gateway.Backlog:
		return append([]gateway.Backlog{}, v...)
	case []gateway.UnmatchedTransaction:
		return append([]gateway.UnmatchedTransaction{}, v...)
	case []gateway.DeliveryBacklog:
		return append([]gateway.DeliveryBacklog{}, v...)
	case gateway.Delivery:
		return normalDelivery(v)
	case []gateway.Delivery:
		return each(v, normalDelivery)
	case []gateway.Event:
		return each(v, normalEvent)
	case gateway.VaultCustomer:
		return normalCustomer(v)
	case []gateway.VaultCustomer:
		return each(v, normalCustomer)
	case []gateway.VaultOperation:
		return append([]gateway.VaultOperation{}, v...)
	}
	return v
}

func each[T any](values []T, normal func(T) T) []T {
	normals := make([]T, 0, len(values))
	for _, v := range values {
		normals = append(normals, normal(v))
	}
	return normals
}

func normalDelivery(d gateway.Delivery) gateway.Delivery {
	if len(d.Log) == 0 {
		d.Log = nil
	}
	d.Event = normalEvent(d.Event)
	return d
}

func normalEvent(e gateway.Event) gateway.Event {
	e.Payment = normalPayment(e.Payment)
	return e
}

func normalCustomer(c gateway.VaultCustomer) gateway.VaultCustomer {
	if len(c.Methods) == 0 {
		c.Methods = nil
	}
	return c
}

// normalPayment takes nil and empty for the same, which a store may not tell
// apart.
func normalPayment(p gateway.Payment) gateway.Payment {
	if len(p.Metadata) == 0 {
		p.Metadata = nil
	}
	if len(p.Operations) == 0 {
		p.Operations = nil
	}
	return p
}

func normalKey(k gateway.KeyRecord) gateway.KeyRecord {
	if len(k.Fingerprint) == 0 {
		k.Fingerprint = nil
	}
	if k.Payment != nil {
		p := normalPayment(*k.Payment)
		k.Payment = &p
	}
	if k.Reply != nil {
		r := *k.Reply
		r.Payment = normalPayment(r.Payment)
		k.Reply = &r
	}
	return k
}
