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

// straddle lets something happen right before the n-th read of a payment: the
// first is the claim's, the second the decision's.
type straddle struct {
	gateway.Ledger
	reads  atomic.Int64
	before int64
	happen func()
}

func (s *straddle) Payment(ctx context.Context, merchantID, id string) (gateway.Payment, error) {
	if s.reads.Add(1) == s.before {
		s.happen()
	}
	return s.Ledger.Payment(ctx, merchantID, id)
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
	h := newHouse(t)
	unsent(h, "k")
	books := h.ledger
	h.on(&straddle{Ledger: books, before: 2, happen: func() {
		other := *h
		other.on(books)
		other.create("k", sale(1999))
	}})
	h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
	if n := len(h.processor.Records()); n != 1 {
		t.Errorf("%d charges for one key", n)
	}
}

func TestARepeatThatWasGivenUpMeanwhileIsNotSent(t *testing.T) {
	h := newHouse(t)
	unsent(h, "k")
	books := h.ledger
	h.on(&straddle{Ledger: books, before: 2, happen: func() {
		other := *h
		other.on(books)
		if _, err := other.Cancel(t.Context(), "main", "k"); err != nil {
			t.Error(err)
		}
	}})
	_, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
		return h.CreatePayment(ctx, as("k"), sale(1999))
	})
	if codeOf(err) != gateway.CodeKeyCancelled || len(h.processor.Records()) != 0 {
		t.Errorf("%v, %d charges", err, len(h.processor.Records()))
	}
}

func TestARepeatedRefundThatWasOvertakenIsNotSentAgain(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(1000)).Payment
	h.processor.Settle()
	part := gateway.Money(300)
	refund := func(h *house) error {
		_, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.Refund(ctx, as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		})
		return err
	}
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "refund" {
			return &gateway.Result{Outcome: gateway.NotSent}
		}
		return nil
	})
	if err := refund(h); err != nil {
		t.Fatal(err)
	}
	h.processor.SetBefore(nil)
	books := h.ledger
	// The first read finds the target, the second is the claim's.
	h.on(&straddle{Ledger: books, before: 3, happen: func() {
		other := *h
		other.on(books)
		if err := refund(&other); err != nil {
			t.Error(err)
		}
	}})
	if err := refund(h); err != nil {
		t.Error(err)
	}
	if n := len(h.processor.Records()); n != 2 {
		t.Errorf("%d refunds for one key", n-1)
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
