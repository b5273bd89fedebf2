package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// straddle lets something happen right before the n-th time that the ledger is
// asked for a payment, be it by a key, or is given a change. What comes once sent
// says so is not counted: who is overtaken then is waited for.
type straddle struct {
	gateway.Ledger
	calls  atomic.Int64
	before int64
	sent   func() bool
	happen func()
}

func (s *straddle) call() {
	if s.sent != nil && s.sent() {
		return
	}
	if s.calls.Add(1) == s.before {
		s.happen()
	}
}

func (s *straddle) Payment(ctx context.Context, merchantID, id string) (gateway.Payment, error) {
	s.call()
	return s.Ledger.Payment(ctx, merchantID, id)
}

func (s *straddle) Key(ctx context.Context, merchantID, key string) (gateway.KeyRecord, error) {
	s.call()
	return s.Ledger.Key(ctx, merchantID, key)
}

func (s *straddle) Apply(ctx context.Context, c gateway.Change) error {
	s.call()
	return s.Ledger.Apply(ctx, c)
}

// atEach lets a test's request be overtaken at each call that it makes of the
// ledger, the first ones of which are named.
func atEach(t *testing.T, named int64, overtaken func(t *testing.T, h *house, s *straddle)) {
	t.Helper()
	for n := int64(1); ; n++ {
		met := int64(0)
		t.Run(fmt.Sprintf("at call %d", n), func(t *testing.T) {
			h := newHouse(t)
			s := &straddle{Ledger: h.ledger, before: n}
			overtaken(t, h, s)
			met = s.calls.Load()
		})
		if met < n {
			if n <= named {
				t.Errorf("it ended after %d calls", met)
			}
			return
		}
	}
}

// unsent makes a payment that certainly did not reach the processor.
func unsent(h *house, key string) gateway.Payment {
	h.processor.SetBefore(func(context.Context, string) *gateway.Result { return &gateway.Result{Outcome: gateway.NotSent} })
	defer h.processor.SetBefore(nil)
	return h.create(key, sale(1999)).Payment
}

func TestManyRepeatsOfWhatWasNotSentSendItOnce(t *testing.T) {
	h := newHouse(t)
	for i := range 20 {
		key := fmt.Sprintf("k%d", i)
		unsent(h, key)
		made := len(h.processor.Records())
		var repeats sync.WaitGroup
		for range 20 {
			repeats.Go(func() { h.create(key, sale(1999)) })
		}
		repeats.Wait()
		if n := len(h.processor.Records()) - made; n != 1 {
			t.Errorf("%d charges for one key", n)
		}
	}
}

func TestARepeatThatWasOvertakenDoesNotSendAgain(t *testing.T) {
	atEach(t, 2, func(t *testing.T, h *house, s *straddle) {
		unsent(h, "k")
		other := *h
		s.sent = func() bool { return h.processor.Calls("charge") > 1 }
		s.happen = func() { other.create("k", sale(1999)) }
		h.on(s)
		h.create("k", sale(1999))
		h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
		if n := len(h.processor.Records()); n != 1 {
			t.Errorf("%d charges for one key", n)
		}
	})
}

func TestARepeatThatWasGivenUpMeanwhileIsNotSent(t *testing.T) {
	const claim, intent = 1, 2
	for _, before := range []int64{claim, intent} {
		h := newHouse(t)
		unsent(h, "k")
		other := *h
		h.on(&straddle{Ledger: h.ledger, before: before, happen: func() {
			if _, err := other.Cancel(t.Context(), "main", "k"); err != nil {
				t.Error(err)
			}
		}})
		_, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		if codeOf(err) != gateway.CodeKeyCancelled || len(h.processor.Records()) != 0 {
			t.Errorf("given up before call %d: %v, %d charges", before, err, len(h.processor.Records()))
		}
	}
}

// The payment is read for the claim, for the decision, and once more when PayTrace
// has shown what was given back at its own screens: who has sent the refund between
// the last two must not be followed by a second one.
func TestARefundThatWasOvertakenByItsKeyIsSentOnce(t *testing.T) {
	part := gateway.Money(300)
	for name, c := range map[string]struct{ settled, repeated bool }{
		"settled": {true, true}, "not settled": {false, true},
		"settled, first": {true, false}, "not settled, first": {false, false},
	} {
		t.Run(name, func(t *testing.T) {
			atEach(t, 5, func(t *testing.T, h *house, s *straddle) {
				p := h.create("k", sale(1000)).Payment
				amount := &part
				if c.settled {
					h.processor.Settle()
				} else {
					amount = nil // all of it, by a void
				}
				refund := func(h *house) {
					if _, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
						return h.Refund(ctx, as("r"), p.ID, gateway.RefundPayment{Amount: amount})
					}); err != nil {
						t.Error(err)
					}
				}
				h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
					if call == "refund" || call == "void" {
						return &gateway.Result{Outcome: gateway.NotSent}
					}
					return nil
				})
				if c.repeated {
					refund(h)
				}
				h.processor.SetBefore(nil)
				calls := func() int { return h.processor.Calls("refund") + h.processor.Calls("void") }
				before, other := calls(), *h
				s.sent = func() bool { return calls() > before }
				s.happen = func() { refund(&other) }
				h.on(s)
				refund(h)
				if op := h.byKey("r").Operation(); op.Status != gateway.OpApproved {
					t.Errorf("the refund is %s", op.Status)
				}
				if n := calls() - before; n != 1 {
					t.Errorf("%d refunds for one key", n)
				}
			})
		})
	}
}

func TestAWaitingRefundIsNotGivenUpWhileAVoidMayBeGivingItBack(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(1000)).Payment
	four, six := gateway.Money(400), gateway.Money(600)
	a, err := h.Refund(t.Context(), as("r1"), p.ID, gateway.RefundPayment{Amount: &four})
	h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
	h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
		if call == "void" {
			if _, err := h.Cancel(context.Background(), "main", "r1"); codeOf(err) != gateway.CodeInProgress {
				t.Errorf("giving it up while the void is under way: %v", err)
			}
		}
		return r
	})
	a, err = h.Refund(t.Context(), as("r2"), p.ID, gateway.RefundPayment{Amount: &six})
	h.expect(a, err, gateway.Refunded, gateway.OpApproved)
}

// losing is a ledger that does not keep the next changes, and takes none again
// before it is told to.
type losing struct {
	gateway.Ledger
	lost    atomic.Int64
	recover chan struct{}
}

func (l *losing) Apply(ctx context.Context, c gateway.Change) error {
	if l.lost.Add(1) == 1 {
		return errors.New("the server has crashed")
	}
	<-l.recover
	return l.Ledger.Apply(ctx, c)
}

func TestTheTakingBackOfALostIntentLeavesItsSuccessorAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t)
		unsent(h, "k")
		crashed, other := *h, *h
		books := &losing{Ledger: h.ledger, recover: make(chan struct{})}
		crashed.on(books)
		if _, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return crashed.CreatePayment(ctx, as("k"), sale(1999))
		}); codeOf(err) != gateway.CodeLedgerUnavailable {
			t.Fatal(err)
		}
		underWay := make(chan struct{})
		h.processor.SetAfter(func(_ context.Context, _ string, r gateway.Result) gateway.Result {
			close(books.recover) // the lost intent is taken back while its successor is at the processor
			<-underWay
			return r
		})
		answered := make(chan gateway.Answer, 1)
		go func() { answered <- other.create("k", sale(1999)) }()
		time.Sleep(30 * time.Second)
		if op := other.byKey("k").Operation(); op.Status != gateway.OpSending {
			t.Errorf("the intent that is under way became %s", op.Status)
		}
		close(underWay)
		time.Sleep(time.Second)
		h.expect(other.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
		<-answered
		h.ledger.Close()
	})
}
