package gateway_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// books is a ledger whose looks at keys are counted, and which can be told not to
// take intents, or not to say what it knows of keys.
type books struct {
	gateway.Ledger
	looks        atomic.Int32
	full, unread atomic.Bool
}

func (b *books) Key(ctx context.Context, merchantID, key string) (gateway.KeyRecord, error) {
	b.looks.Add(1)
	if b.unread.Load() {
		return gateway.KeyRecord{}, errors.New("disk I/O error")
	}
	return b.Ledger.Key(ctx, merchantID, key)
}

func (b *books) Apply(ctx context.Context, c gateway.Change) error {
	if b.full.Load() && c.Binds != nil {
		return errors.New("database or disk is full")
	}
	return b.Ledger.Apply(ctx, c)
}

// forgetfulDesk is a house whose claims say of every key that it is free.
func forgetfulDesk(t *testing.T) (*house, *books) {
	h := newHouse(t)
	b := &books{Ledger: h.ledger}
	h.Gateway = gateway.New(gateway.Config{
		Ledger: b, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
		Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard, Claims: alwaysFree(),
	})
	return h, b
}

func alwaysFree() *desk {
	d := newDesk()
	d.lies(func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error) { return gateway.Claim{Won: true}, nil })
	return d
}

func (h *house) chargedOnce() {
	h.t.Helper()
	if n := h.processor.Calls("charge"); n != 1 {
		h.t.Errorf("%d charges", n)
	}
}

func TestANewKeyIsNotLookedUp(t *testing.T) {
	h, b := forgetfulDesk(t)
	h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
	if n := b.looks.Load(); n != 0 {
		t.Errorf("it was looked up %d times", n)
	}
	if again := h.create("k", sale(1999)); !again.Replayed {
		t.Errorf("%+v", again)
	}
	h.chargedOnce()
}

// Repeats come in storms, and each that is presumed new costs the ledger more than
// a look.
func TestAfterAWrongPresumptionKeysAreLookedUpForASecond(t *testing.T) {
	h, b := forgetfulDesk(t)
	h.create("k", sale(1999))
	h.create("k", sale(1999))
	before := b.looks.Load()
	h.create("new", sale(1999))
	if n := b.looks.Load() - before; n != 1 {
		t.Errorf("within the second a new key was looked up %d times", n)
	}
	var ahead atomic.Int64
	ahead.Store(int64(time.Second))
	began := time.Now()
	h.Gateway = gateway.New(gateway.Config{
		Ledger: b, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor}, Secret: secret,
		Instance: "one", Now: func() time.Time { return began.Add(time.Duration(ahead.Load())) }, MaxInFlight: 256, Log: discard, Claims: alwaysFree(),
	})
	h.create("k", sale(1999))
	ahead.Add(int64(time.Second))
	before = b.looks.Load()
	h.create("newer", sale(1999))
	if n := b.looks.Load() - before; n != 0 {
		t.Errorf("after the second a new key was looked up %d times", n)
	}
}

func TestAKeyThatIsWronglyPresumedNewChargesOnce(t *testing.T) {
	first, _ := forgetfulDesk(t)
	second := gateway.New(gateway.Config{
		Ledger: first.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": first.processor},
		Secret: secret, Instance: "two", Now: time.Now, MaxInFlight: 256, Log: discard, Claims: newDesk(),
	})
	var wg sync.WaitGroup
	for _, g := range []*gateway.Gateway{first.Gateway, second} {
		for range 20 {
			wg.Go(func() {
				a, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
					return g.CreatePayment(ctx, as("k"), sale(1999))
				})
				if err != nil || a.Operation().Status != gateway.OpApproved {
					t.Errorf("%+v, %v", a, err)
				}
			})
		}
	}
	wg.Wait()
	first.chargedOnce()
}

// What refuses a new request says nothing of one whose key is bound.
func TestARequestIsRefusedOnlyAfterItsKeyWasLookedUp(t *testing.T) {
	h, _ := forgetfulDesk(t)
	h.stored("t")
	first := h.create("k", byVault("c", ""))
	other := byVault("c", "")
	other.Currency = "EUR"
	if _, err := h.CreatePayment(t.Context(), as("k"), other); codeOf(err) != gateway.CodeKeyReused {
		t.Errorf("another request that would be refused too: %v", err)
	}
	if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
		t.Fatal(err)
	}
	if again := h.create("k", byVault("c", "")); !again.Replayed || again.Payment.ID != first.Payment.ID {
		t.Errorf("the same request, after its customer has gone: %+v", again)
	}
	if _, err := h.CreatePayment(t.Context(), as("j"), byVault("c", "")); codeOf(err) != gateway.CodeCustomerNotFound {
		t.Errorf("a new request: %v", err)
	}
	if _, err := h.Cancel(t.Context(), "main", "given-up"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreatePayment(t.Context(), as("given-up"), other); codeOf(err) != gateway.CodeKeyCancelled {
		t.Errorf("a key that was given up: %v", err)
	}
	h.chargedOnce()
}

func TestARepeatIsAnsweredWhileNothingNewIsTaken(t *testing.T) {
	h, b := forgetfulDesk(t)
	first := h.create("k", sale(1999))
	b.full.Store(true)
	for range 2 { // the first finds that nothing is written
		if again := h.create("k", sale(1999)); again.Payment.ID != first.Payment.ID {
			t.Errorf("while the ledger is full: %+v", again)
		}
	}
	b.full.Store(false)
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
	defer cancel()
	if err := h.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if again := h.create("k", sale(1999)); again.Payment.ID != first.Payment.ID {
		t.Errorf("while the gateway stops: %+v", again)
	}
	h.chargedOnce()
}

func TestNothingIsCalledNotSentWhileItsKeyCannotBeRead(t *testing.T) {
	h, b := forgetfulDesk(t)
	h.create("k", sale(1999))
	b.full.Store(true)
	b.unread.Store(true)
	for range 2 {
		_, err := h.CreatePayment(t.Context(), as("k"), sale(1999))
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeLedgerUnavailable || refused.Outcome != gateway.Unknown {
			t.Errorf("%v", err)
		}
	}
}

func TestARepeatedRefundAsksPayTraceNothing(t *testing.T) {
	h, _ := forgetfulDesk(t)
	h.stored("t") // of a stored card nothing is learned by a look afterwards
	p := h.create("k", byVault("c", "")).Payment
	part := gateway.Money(500)
	refund := func() (gateway.Answer, error) {
		return h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
	}
	first, err := refund()
	if err != nil {
		t.Fatal(err)
	}
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		t.Errorf("PayTrace was asked: %s", call)
		return nil
	})
	if again, err := refund(); err != nil || again.OperationID != first.OperationID {
		t.Errorf("%+v, %v", again, err)
	}
}

// A claim is left to end by itself only when the ledger has the key.
func TestAClaimIsLeftToEndOnlyWhenTheLedgerHasItsKey(t *testing.T) {
	atDesk(t, func(h *house, d *desk) {
		h.create("k", sale(processortest.Declines))
		h.create("j", sale(1000))
		started := time.Now()
		if again := h.create("j", sale(1000)); !again.Replayed {
			t.Errorf("%+v", again)
		}
		if time.Since(started) != 0 {
			t.Error("a repeat waited for a claim whose key the ledger has")
		}
	})
}
