package gateway_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// counter notes what the observer is told of the vault.
type counter struct {
	mu   sync.Mutex
	seen []gateway.VaultObservation
}

func (*counter) Stage(ctx context.Context, _ gateway.Stage, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}
func (*counter) Operation(gateway.Observation)        {}
func (*counter) Delivery(gateway.DeliveryObservation) {}
func (c *counter) Vault(o gateway.VaultObservation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, o)
}

func TestTheObserverIsToldWhatBecameOfStoredCards(t *testing.T) {
	h, watching := newHouse(t), &counter{}
	h.Gateway = gateway.New(gateway.Config{
		Ledger: h.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
		Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard, Observer: watching,
	})
	h.stored("a")
	h.processor.SetBefore(awayFrom("create_profile"))
	if _, err := h.addMethod(9*time.Second, "k", gateway.AddMethod{CustomerID: "c", Card: fields("b")}); err != nil {
		t.Fatal(err)
	}
	watching.mu.Lock()
	defer watching.mu.Unlock()
	if want := []gateway.VaultObservation{
		{MerchantID: "main", Verb: gateway.VaultAdd, Status: gateway.OpApproved, By: gateway.ByAnswer},
		{MerchantID: "main", Verb: gateway.VaultAdd, Status: gateway.OpUnknown, By: gateway.ByAnswer},
	}; !slices.Equal(watching.seen, want) {
		t.Errorf("%+v", watching.seen)
	}
}
