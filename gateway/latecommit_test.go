package gateway_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// late is a ledger whose first change is called lost, and is kept a while later all
// the same, as a commit that waits for a standby. It holds its rows until then: who
// needs them waits, which is everybody in these tests.
type late struct {
	gateway.Ledger
	first sync.Once
	ended chan struct{}
}

func lateBy(books gateway.Ledger) *late { return &late{Ledger: books, ended: make(chan struct{})} }

var errCommitLost = errors.New("the reply to COMMIT was lost")

func (l *late) write(keep func() error) error {
	lost := false
	l.first.Do(func() {
		lost = true
		go func() {
			defer close(l.ended)
			time.Sleep(4 * time.Second)
			keep()
		}()
	})
	if lost {
		return errCommitLost
	}
	<-l.ended
	return keep()
}

func (l *late) Apply(ctx context.Context, c gateway.Change) error {
	return l.write(func() error { return l.Ledger.Apply(context.WithoutCancel(ctx), c) })
}

func (l *late) ApplyVault(ctx context.Context, c gateway.VaultChange) error {
	return l.write(func() error { return l.Ledger.ApplyVault(context.WithoutCancel(ctx), c) })
}

func outcomeOf(err error) gateway.Outcome {
	var refused *gateway.Error
	if errors.As(err, &refused) {
		return refused.Outcome
	}
	return ""
}

func TestAnIntentThatIsKeptAfterItWasCalledLostIsTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		h.on(lateBy(h.ledger))
		_, err := h.CreatePayment(t.Context(), as("k"), sale(1999))
		if codeOf(err) != gateway.CodeLedgerUnavailable || outcomeOf(err) != gateway.NotSent {
			t.Fatalf("%v", err)
		}
		time.Sleep(time.Minute)
		h.expect(h.byKey("k"), nil, gateway.Failed, gateway.OpNotSent)
		h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
		synctest.Wait()
	})
}

func TestAStoredCardWhoseIntentIsKeptAfterItWasCalledLostIsTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		h.on(lateBy(h.ledger))
		_, err := h.createCustomer(time.Second, "k", oneCustomer)
		if codeOf(err) != gateway.CodeLedgerUnavailable || outcomeOf(err) != gateway.NotSent {
			t.Fatalf("%v", err)
		}
		time.Sleep(time.Minute)
		h.gone("c")
		a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpApproved)
		if n := h.processor.Calls("create_profile"); n != 1 {
			t.Errorf("%d calls", n)
		}
		synctest.Wait()
	})
}
