package ledger

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// occupied gives the writer something to do until the returned function is called.
func occupied(t *testing.T, l *Ledger) (release func()) {
	t.Helper()
	busy, free := make(chan struct{}), make(chan struct{})
	go l.writes.do(context.Background(), l.writes.queue, "", func(*session) error {
		close(busy)
		<-free
		return nil
	})
	<-busy
	release = sync.OnceFunc(func() { close(free) })
	t.Cleanup(release)
	return release
}

// waitQueued returns when so many writes wait behind the one that occupies the
// writer, none of which may be answered yet.
func waitQueued(t *testing.T, l *Ledger, n int, answers <-chan error) {
	t.Helper()
	for len(l.writes.queue) < n {
		select {
		case err := <-answers:
			t.Fatalf("answered while the writer was busy: %v", err)
		default:
			runtime.Gosched()
		}
	}
}

func nothing(*session) error { return nil }

func TestAFullQueueWaitsNoLongerThanItsCaller(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	release := occupied(t, l)
	var queued sync.WaitGroup
	for range queueLimit {
		w := write{run: nothing, done: make(chan error, 1)}
		l.writes.queue <- w
		queued.Go(func() {
			if err := <-w.done; err != nil {
				t.Errorf("queued: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() { answer <- l.Apply(ctx, storetest.Sale("m1", noon)) }()
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Errorf("Apply: %v, want context.Canceled", err)
	}
	release()
	queued.Wait()
	if page, err := l.Payments(t.Context(), gateway.PaymentFilter{MerchantID: "m1", Limit: 1}); err != nil || len(page) != 0 {
		t.Errorf("Payments = %v, %v; want none", page, err)
	}
}

func TestAQueuedChangeIsAnsweredWhateverBecomesOfItsCaller(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	release := occupied(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	c := storetest.Sale("m1", noon)
	answer := make(chan error, 1)
	go func() { answer <- l.Apply(ctx, c) }()
	waitQueued(t, l, 1, answer)
	cancel()
	release()
	if err := <-answer; err != nil {
		t.Fatalf("Apply: %v", err)
	}
	if _, err := l.Payment(t.Context(), "m1", c.Payment.ID); err != nil {
		t.Fatalf("Payment: %v", err)
	}
}

func TestCloseAnswersWhatIsQueued(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{})
	release := occupied(t, l)
	changes := make([]gateway.Change, 50)
	answers := make(chan error, len(changes))
	for i := range changes {
		changes[i] = storetest.Sale("m1", noon)
		go func() { answers <- l.Apply(context.Background(), changes[i]) }()
	}
	waitQueued(t, l, len(changes), answers)
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	release()
	for range changes {
		if err := <-answers; err != nil {
			t.Errorf("queued: %v", err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if err := l.Apply(t.Context(), storetest.Sale("m1", noon)); !errors.Is(err, ErrClosed) {
		t.Errorf("Apply after Close: %v, want ErrClosed", err)
	}
	again := opened(t, path, Options{})
	for _, c := range changes {
		if _, err := again.Payment(t.Context(), "m1", c.Payment.ID); err != nil {
			t.Errorf("an acknowledged payment is lost: %v", err)
		}
	}
}

// TestATakenTransactionFailsItsOwnChangeOnly has one group with two payments of
// one transaction, two refunds of another, and a payment that has to do with
// neither.
func TestATakenTransactionFailsItsOwnChangeOnly(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			l := blank(t).open(t)
			changes := rivals(t, l)
			release := occupied(t, l)
			answers := make([]chan error, len(changes))
			for i, c := range changes {
				answers[i] = make(chan error, 1)
				go func() { answers[i] <- l.Apply(context.Background(), c) }()
				waitQueued(t, l, i+1, answers[i])
			}
			release()
			kept := map[string]int{}
			for i, c := range changes {
				switch err := <-answers[i]; {
				case err == nil:
					kept[c.Payment.First().TransactionID]++
				case !errors.Is(err, gateway.ErrTransactionTaken):
					t.Errorf("change %d: %v, want ErrTransactionTaken", i, err)
				}
			}
			if want := map[string]int{"1001": 1, "1002": 1, "1003": 1}; !maps.Equal(kept, want) {
				t.Errorf("kept by transaction: %v, want %v", kept, want)
			}
		})
	}
}

// rivals are changes of payments that the ledger has.
func rivals(t *testing.T, l *Ledger) []gateway.Change {
	t.Helper()
	var changes []gateway.Change
	for _, transaction := range []string{"1001", "1002", "1001", "1002", "1003"} {
		sale := storetest.Sale("m1", noon)
		if transaction == "1002" {
			sale.Payment.Operations[0].Kind, sale.Payment.Operations[0].ProcessedAs = gateway.KindRefund, gateway.AsRefund
		}
		if err := l.Apply(t.Context(), sale); err != nil {
			t.Fatal(err)
		}
		c := storetest.Approval(sale.Payment, noon.Add(time.Second))
		c.Payment.Operations[0].TransactionID, c.Payment.TransactionID = transaction, transaction
		if transaction == "1002" {
			c.Payment.TransactionID = "" // only the refund has it
		}
		c.Reply, c.Events = nil, nil
		changes = append(changes, c)
	}
	return changes
}

func TestAFailedCommitFailsEveryChangeOfItsGroup(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	release := occupied(t, l)
	changes := []gateway.Change{storetest.Sale("m1", noon), storetest.Sale("m1", noon)}
	answers := make(chan error, len(changes)+1)
	for i := range changes {
		go func() { answers <- l.Apply(context.Background(), changes[i]) }()
	}
	// A deferred reference to nothing is looked at by the commit only.
	go func() {
		answers <- l.write(context.Background(), "", func(s *session) error {
			if _, err := s.exec("PRAGMA defer_foreign_keys = 1"); err != nil {
				return err
			}
			_, err := s.exec(insertKeySQL, "m1", "dangling", nil, "pay_missing", "op_missing", 0)
			return err
		})
	}()
	tried := make(chan error, 1)
	go func() {
		tried <- l.tryWrite(context.Background(), "", func(s *session) error { return s.put(clearReadinessSQL) })
	}()
	waitQueued(t, l, len(changes)+2, answers)
	release()
	for range len(changes) + 1 {
		wantWords(t, <-answers, "not known whether the change was kept")
	}
	if err := <-tried; err == nil || strings.Contains(err.Error(), "kept") {
		t.Errorf("of what nobody reads it says: %v", err)
	}
	for _, c := range changes {
		if _, err := l.Payment(t.Context(), "m1", c.Payment.ID); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("Payment: %v, want ErrNotFound", err)
		}
		if err := l.Apply(t.Context(), c); err != nil {
			t.Errorf("the next group: %v", err)
		}
	}
}

func TestALostTransactionFailsEveryChangeOfItsGroup(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	release := occupied(t, l)
	c := storetest.Sale("m1", noon)
	applied := make(chan error, 1)
	go func() { applied <- l.Apply(context.Background(), c) }()
	waitQueued(t, l, 1, applied)
	lost := make(chan error, 1)
	go func() {
		lost <- l.write(context.Background(), "", func(s *session) error {
			_, _ = s.exec("ROLLBACK") // what SQLite does by itself on a full disk
			return errors.New("lost")
		})
	}()
	waitQueued(t, l, 2, lost)
	release()
	wantWords(t, <-applied, "nothing was written")
	wantWords(t, <-lost, "nothing was written")
	if err := l.Apply(t.Context(), c); err != nil {
		t.Errorf("the next group: %v", err)
	}
}

func TestReadyWritesAtMostOnceASecond(t *testing.T) {
	now := noon
	l := opened(t, fresh(t), Options{Now: func() time.Time { return now }})
	if err := l.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.writes.close()
	now = now.Add(readyEvery - 1)
	if err := l.Ready(t.Context()); err != nil {
		t.Errorf("within a second: %v, want the last answer", err)
	}
	now = now.Add(1)
	if err := l.Ready(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after a second: %v, want ErrClosed", err)
	}
}

func TestReadyWaitsNoLongerThanItsCaller(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	release := occupied(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantWords(t, l.Ready(ctx), "disk may be stuck")
	release()
	if err := l.Ready(t.Context()); err != nil {
		t.Errorf("Ready: %v", err)
	}
}

// TestWhomACallerWaitsForGoesFirst has a hundred writes of the telling wait
// before the one of a payment.
func TestWhomACallerWaitsForGoesFirst(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	release := occupied(t, l)
	answered := make(chan error, 101)
	var mu sync.Mutex
	var before, all int
	told := func(*session) error {
		mu.Lock()
		defer mu.Unlock()
		all++
		return nil
	}
	for range 100 {
		go func() { answered <- l.writes.do(t.Context(), l.writes.patient, "", told) }()
	}
	for len(l.writes.patient) < 100 {
		runtime.Gosched()
	}
	go func() {
		answered <- l.writes.do(t.Context(), l.writes.queue, "payment", func(*session) error {
			mu.Lock()
			defer mu.Unlock()
			before = all
			return nil
		})
	}()
	waitQueued(t, l, 1, answered)
	release()
	for range 101 {
		fits(t, <-answered)
	}
	if before > 20 || all != 100 {
		t.Errorf("the payment came after %d of %d", before, all)
	}
}
