package gateway_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// between is a ledger in which something happens once, between the decision on
// a payment and the writing of its intent.
type between struct {
	gateway.Ledger
	happens func()
	done    atomic.Bool
}

func (b *between) Apply(ctx context.Context, c gateway.Change) error {
	if !b.done.Swap(true) {
		b.happens()
	}
	return b.Ledger.Apply(ctx, c)
}

func TestACardIsNotChargedThatGoesWhileItsPaymentIsDecided(t *testing.T) {
	for name, remove := range map[string]func(h *house, c gateway.VaultCustomer) error{
		"the card": func(h *house, c gateway.VaultCustomer) error {
			return h.RemoveMethod(h.t.Context(), as(""), "c", c.Methods[0].ID)
		},
		"the customer": func(h *house, _ gateway.VaultCustomer) error { return h.RemoveCustomer(h.t.Context(), as(""), "c") },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			c := h.stored("a", "b")
			h.on(&between{Ledger: h.ledger, happens: func() {
				if err := remove(h, c); err != nil {
					t.Error(err)
				}
			}})
			_, err := h.CreatePayment(t.Context(), as("pay"), byVault("c", c.Methods[0].ID))
			if code := codeOf(err); code != gateway.CodeMethodNotFound && code != gateway.CodeCustomerNotFound {
				t.Errorf("paid with a card that is gone: %v", err)
			}
			if n := h.processor.Calls("charge"); n != 0 {
				t.Errorf("PayTrace was asked %d times", n)
			}
		})
	}
}

func TestTheDefaultThatIsChargedIsTheOneAtTheIntent(t *testing.T) {
	h := newHouse(t)
	c := h.stored("a", "b")
	h.on(&between{Ledger: h.ledger, happens: func() {
		if _, err := h.UpdateCustomer(t.Context(), as(""), gateway.UpdateCustomer{CustomerID: "c", DefaultMethodID: c.Methods[1].ID}); err != nil {
			t.Error(err)
		}
	}})
	if paid := h.create("pay", byVault("c", "")); paid.Payment.PaymentMethodID != c.Methods[1].ID {
		t.Errorf("the old default was charged: %+v", paid.Payment)
	}
}

// While a card is replaced, PayTrace alone knows which of the two it charges.
func TestAPaymentDoesNotShowACardThatIsBeingReplaced(t *testing.T) {
	h := newHouse(t)
	m := h.stored("a").Methods[0]
	h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
		if call == "update_profile" {
			return gateway.Result{Outcome: gateway.Unknown}
		}
		return r
	})
	h.processor.SetBefore(awayFrom("profile"))
	card := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{Number: "sealed", ExpirationMonth: "01", ExpirationYear: "2034"}}
	a, err := h.updateMethod(time.Second, "replace", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: card})
	if err != nil || a.Operation.Status == gateway.OpApproved {
		t.Fatalf("%+v, %v", a.Operation, err)
	}
	_, err = within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
		paid, err := h.CreatePayment(ctx, as("pay"), byVault("c", m.ID))
		if p := paid.Payment; p.PaymentMethodID != m.ID || p.Card.ExpirationYear == "2030" {
			err = errors.Join(err, errors.New("the payment shows the card of before"))
		}
		return paid, err
	})
	if err != nil {
		t.Error(err)
	}
}

// A payment that was not sent is sent once its card has been replaced.
func TestAPaymentThatIsContinuedShowsTheCardThatItCharges(t *testing.T) {
	h := newHouse(t)
	m := h.stored("a").Methods[0]
	h.says("charge", gateway.Result{Outcome: gateway.NotSent})
	if first := h.create("pay", byVault("c", m.ID)); first.Payment.Card != shown || first.Operation().Status != gateway.OpNotSent {
		t.Fatalf("%+v", first.Payment)
	}
	h.processor.SetBefore(nil)
	card := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{Number: "sealed", ExpirationMonth: "01", ExpirationYear: "2034"}}
	a, err := h.updateMethod(9*time.Second, "replace", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: card})
	h.vaulted(a, err, gateway.OpApproved)
	paid := h.create("pay", byVault("c", m.ID)).Payment
	if now := h.customer("c").Methods[0].Card; now == shown || paid.Card != now || paid.Status != gateway.StatusApproved {
		t.Errorf("charged %+v, and shows %+v", now, paid.Card)
	}
}
