package gateway_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// desk is a store of claims whose answers a test may replace.
type desk struct {
	mu     sync.Mutex
	owners map[gateway.ClaimKey]string
	kept   map[gateway.ClaimKey][]byte
	says   func(key gateway.ClaimKey, honest gateway.Claim) (gateway.Claim, error)
}

func newDesk() *desk {
	return &desk{owners: map[gateway.ClaimKey]string{}, kept: map[gateway.ClaimKey][]byte{}}
}

func (d *desk) Claim(_ context.Context, key gateway.ClaimKey, owner string, _ time.Duration) (gateway.Claim, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	holder, busy := d.owners[key]
	honest := gateway.Claim{Answer: d.kept[key]}
	honest.Won = honest.Answer == nil && (!busy || holder == owner)
	if honest.Won {
		d.owners[key] = owner
	}
	if d.says != nil {
		return d.says(key, honest)
	}
	return honest, nil
}

func (d *desk) Finish(_ context.Context, key gateway.ClaimKey, owner string, answer []byte, _ time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if answer != nil {
		d.kept[key] = answer
	}
	if d.owners[key] == owner {
		delete(d.owners, key)
	}
	return nil
}

func (d *desk) keptFor(key string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[gateway.ClaimKey{MerchantID: "main", Key: key}]
}

func (d *desk) lies(says func(key gateway.ClaimKey, honest gateway.Claim) (gateway.Claim, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.says = says
}

// atDesk is a house whose keys are claimed at the desk.
func atDesk(t *testing.T, test func(h *house, d *desk)) {
	path := t.TempDir() + "/ledger.db"
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		d := newDesk()
		h.Gateway = gateway.New(gateway.Config{
			Ledger: h.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
			Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard, Claims: d,
		})
		test(h, d)
		synctest.Wait()
		h.ledger.Close()
	})
}

func TestWhateverTheClaimsSayAKeyChargesOnce(t *testing.T) {
	for name, says := range map[string]func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error){
		"honest":      nil,
		"always free": func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error) { return gateway.Claim{Won: true}, nil },
		"always busy": func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error) { return gateway.Claim{}, nil },
		"away": func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error) {
			return gateway.Claim{}, errors.New("away")
		},
		"made-up reply": func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error) {
			return gateway.Claim{Answer: []byte("{}")}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(h *house, d *desk) {
				d.lies(says)
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() { h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved) })
				}
				wg.Wait()
				h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
				if n := h.processor.Calls("charge"); n != 1 {
					t.Errorf("%d charges", n)
				}
			})
		})
	}
}

func TestAnAnswerThatNothingCanChangeIsKeptAndAnswered(t *testing.T) {
	atDesk(t, func(h *house, d *desk) {
		first := h.create("k", sale(processortest.Declines))
		synctest.Wait()
		if d.keptFor("k") == nil {
			t.Fatal("a decline is not kept")
		}
		h.ledger.Close() // so that only what was kept can answer
		again := h.create("k", sale(processortest.Declines))
		if !again.Replayed || again.Payment.ID != first.Payment.ID || again.Operation().Decline == nil || *again.Operation().Decline != *first.Operation().Decline {
			t.Errorf("%+v", again)
		}
		_, err := h.CreatePayment(context.Background(), as("k"), sale(500))
		if codeOf(err) != gateway.CodeKeyReused {
			t.Errorf("another request with its key: %v", err)
		}
	})
}

func TestAnAnswerThatMayChangeIsNotKept(t *testing.T) {
	atDesk(t, func(h *house, d *desk) {
		h.create("approved", sale(1000)) // it may be given up
		h.dies("charge")
		h.create("unknown", sale(1000))
		h.processor.SetBefore(func(context.Context, string) *gateway.Result { return &gateway.Result{Outcome: gateway.NotSent} })
		h.create("not-sent", sale(1000))
		synctest.Wait()
		for _, key := range []string{"approved", "unknown", "not-sent"} {
			if d.keptFor(key) != nil {
				t.Errorf("the answer of %s is kept", key)
			}
		}
	})
}

func TestAnAnswerOfAnotherKeyIsNotBelieved(t *testing.T) {
	atDesk(t, func(h *house, d *desk) {
		h.create("declined", sale(processortest.Declines))
		synctest.Wait()
		stolen := d.keptFor("declined")
		changed := append([]byte(nil), stolen...)
		changed[len(changed)-3] ^= 1
		for _, kept := range [][]byte{stolen, changed, stolen[:10]} {
			key := "k" + string(rune('a'+len(kept)%20)) + string(kept[40%len(kept)]%26+'a')
			d.lies(func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error) { return gateway.Claim{Answer: kept}, nil })
			h.expect(h.create(key, sale(1000)), nil, gateway.StatusApproved, gateway.OpApproved)
		}
	})
}

func TestAKeyInAnotherHandIsWaitedForAndThenDoneWithout(t *testing.T) {
	atDesk(t, func(h *house, d *desk) {
		d.owners[gateway.ClaimKey{MerchantID: "main", Key: "k"}] = "one that died"
		started := time.Now()
		h.expect(h.create("k", sale(1000)), nil, gateway.StatusApproved, gateway.OpApproved)
		if waited := time.Since(started); waited < time.Second || waited > 3*time.Second {
			t.Errorf("it waited %v", waited) // in the bubble's time
		}
		d.owners[gateway.ClaimKey{MerchantID: "main", Key: "j"}] = "one that died"
		a, err := within(time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("j"), sale(1000))
		})
		h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
	})
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	atDesk(t, func(h *house, d *desk) {
		cmd := sale(1000)
		cmd.Currency = "EUR"
		if _, err := h.CreatePayment(context.Background(), as("k"), cmd); codeOf(err) != gateway.CodeCurrency {
			t.Fatal(err)
		}
		synctest.Wait()
		started := time.Now()
		h.expect(h.create("k", sale(1000)), nil, gateway.StatusApproved, gateway.OpApproved)
		if time.Since(started) != 0 {
			t.Error("the next request waited for a claim that nobody needs")
		}
	})
}
