package gateway_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// told is a card that counts how often it is wiped.
type told struct{ wiped atomic.Int32 }

func (t *told) Summary() gateway.CardSummary {
	return gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2031"}
}
func (t *told) Fingerprint([]byte) []byte { return []byte("the same card") }
func (t *told) Wipe()                     { t.wiped.Add(1) }

func keyed(amount gateway.Money) (gateway.CreatePayment, *told) {
	card := &told{}
	cmd := sale(amount)
	cmd.Method = gateway.PaymentMethod{Card: card}
	return cmd, card
}

func (t *told) mustBeWiped(on *testing.T, when string) {
	on.Helper()
	if t.wiped.Load() == 0 {
		on.Errorf("%s: the card was not wiped", when)
	}
}

func TestACardIsWipedWhateverBecomesOfItsPayment(t *testing.T) {
	h := newHouse(t)
	for name, amount := range map[string]gateway.Money{"approved": 1999, "declined": processortest.Declines, "refused": 0} {
		cmd, card := keyed(amount)
		_, err := h.CreatePayment(t.Context(), as(name), cmd)
		if refused := amount == 0; (err != nil) != refused {
			t.Errorf("%s: %v", name, err)
		}
		card.mustBeWiped(t, name)
	}

	cmd, card := keyed(1999)
	if a, err := h.CreatePayment(t.Context(), as("approved"), cmd); err != nil || !a.Replayed {
		t.Errorf("a repeat: %+v, %v", a, err)
	}
	card.mustBeWiped(t, "a repeat")

	cmd, card = keyed(2000)
	if _, err := h.CreatePayment(t.Context(), as("approved"), cmd); err == nil {
		t.Error("a key was used for another amount")
	}
	card.mustBeWiped(t, "a key used again")

	cmd, card = keyed(1999)
	if _, err := h.CreatePayment(t.Context(), gateway.Caller{MerchantID: "nobody", Key: "k"}, cmd); err == nil {
		t.Error("nobody is a merchant")
	}
	card.mustBeWiped(t, "no such merchant")

	h.processor.SetBefore(func(context.Context, string) *gateway.Result { panic("a mistake") })
	cmd, card = keyed(1999)
	if a, err := h.CreatePayment(t.Context(), as("panic"), cmd); err != nil || a.Operation().Status != gateway.OpUnknown {
		t.Errorf("a panic: %+v, %v", a.Operation(), err)
	}
	card.mustBeWiped(t, "a panic")

	if err := h.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd, card = keyed(1999)
	if _, err := h.CreatePayment(t.Context(), as("late"), cmd); err == nil {
		t.Error("a stopped gateway took a payment")
	}
	card.mustBeWiped(t, "stopping")
}

// The call goes on when the caller has gone, and needs the card until it ends.
func TestACardIsWipedWhenTheCallHasEndedAndNotBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		cmd, card := keyed(1999)
		h.processor.SetBefore(func(context.Context, string) *gateway.Result {
			time.Sleep(12 * time.Second)
			if card.wiped.Load() != 0 {
				t.Error("the card was wiped while it was needed")
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		a, err := h.CreatePayment(ctx, as("slow"), cmd)
		if err != nil || !a.Operation().Undecided() || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Fatalf("%+v, %v", a.Operation(), err)
		}
		if card.wiped.Load() != 0 {
			t.Error("the card was wiped while its call was under way")
		}

		again, second := keyed(1999)
		waiting, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		var waited sync.WaitGroup
		waited.Go(func() {
			if a, err := h.CreatePayment(waiting, as("slow"), again); err != nil || !a.Replayed {
				t.Errorf("%+v, %v", a, err)
			}
		})
		synctest.Wait()
		second.mustBeWiped(t, "a repeat that waits for the first")
		waited.Wait()
		if card.wiped.Load() != 0 {
			t.Error("a repeat has wiped the card of the first")
		}

		time.Sleep(20 * time.Second)
		synctest.Wait()
		card.mustBeWiped(t, "the call has ended")
		if n := h.processor.Calls("charge"); n != 1 {
			t.Errorf("%d charges", n)
		}
	})
}

// onlooker is told of every station before it is entered.
type onlooker func(gateway.Stage)

func (o onlooker) Stage(ctx context.Context, stage gateway.Stage, _ string) (context.Context, func(error)) {
	o(stage)
	return ctx, func(error) {}
}
func (onlooker) Operation(gateway.Observation)        {}
func (onlooker) Vault(gateway.VaultObservation)       {}
func (onlooker) Delivery(gateway.DeliveryObservation) {}

// Recording an answer may take long, and a mistake may end a flight anywhere.
func TestACardIsWipedBeforeTheAnswerIsRecordedAndWhenAFlightBreaksOff(t *testing.T) {
	for name, stage := range map[string]gateway.Stage{"recorded": gateway.StageRecord, "broken off": gateway.StageProcessor} {
		h := newHouse(t)
		cmd, card := keyed(1999)
		h.Gateway = gateway.New(gateway.Config{
			Ledger: h.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
			Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard,
			Observer: onlooker(func(at gateway.Stage) {
				switch {
				case at == stage && stage == gateway.StageRecord:
					card.mustBeWiped(t, name)
				case at == stage:
					panic("a mistake")
				}
			}),
		})
		if _, err := h.CreatePayment(t.Context(), as("k"), cmd); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		card.mustBeWiped(t, name)
	}
}
