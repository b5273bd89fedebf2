package guard_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
	"paytrace-gateway/gateway/processortest"
)

// bench is a guard before a processor in memory, whose answers a test may
// script. It lives in a bubble: time passes only while everybody waits.
type bench struct {
	*testing.T
	guard     *guard.Guard
	processor *processortest.Processor
	began     time.Time

	mu      sync.Mutex
	starts  []time.Duration
	changes []string
}

// longest is a random source that always makes the longest wait.
func longest(n int64) int64 { return n - 1 }

// run gives the test a bench in a bubble of its own. answer may be nil; what
// it returns is given in place of acting.
func run(t *testing.T, config guard.Config, answer func(ctx context.Context, call string) *gateway.Result, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, processor: processortest.New(time.Now), began: time.Now()}
		b.processor.SetBefore(func(ctx context.Context, call string) *gateway.Result {
			b.mu.Lock()
			b.starts = append(b.starts, time.Since(b.began))
			b.mu.Unlock()
			if answer == nil {
				return nil
			}
			return answer(ctx, call)
		})
		config.OnChange = func(class, from, to string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.changes = append(b.changes, class+": "+from+" → "+to)
		}
		b.guard = guard.New(b.processor, config)
		test(b)
	})
}

// charge has five seconds to leave and a minute to end, as in the gateway.
func (b *bench) charge() gateway.Result {
	return b.chargeWithin(b.Context(), gateway.DefaultSendWindow)
}

func (b *bench) chargeWithin(ctx context.Context, window time.Duration) gateway.Result {
	ctx, cancel := context.WithTimeout(ctx, gateway.DefaultCallDeadline)
	defer cancel()
	return b.guard.Charge(ctx, gateway.Charge{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: "100000001",
		Reference: gateway.NewReference(time.Now()), SendBefore: time.Now().Add(window),
	})
}

func (b *bench) charges(n int) {
	for range n {
		b.charge()
	}
}

func (b *bench) want(r gateway.Result, outcome gateway.Outcome, words ...string) {
	b.Helper()
	if r.Outcome != outcome {
		b.Fatalf("outcome %s (%s), want %s", r.Outcome, r.Detail, outcome)
	}
	for _, word := range words {
		if !strings.Contains(r.Detail, word) {
			b.Fatalf("%q does not say %q", r.Detail, word)
		}
	}
}

func (b *bench) wantCalls(call string, n int) {
	b.Helper()
	if got := b.processor.Calls(call); got != n {
		b.Fatalf("%d calls of %s reached the processor, want %d", got, call, n)
	}
}

func (b *bench) wantElapsed(want time.Duration) {
	b.Helper()
	if got := time.Since(b.began); got != want {
		b.Fatalf("%s have passed, want %s", got, want)
	}
}

func (b *bench) wantBreakers(money, look string) {
	b.Helper()
	state := b.guard.State()
	if state.Money.Breaker != money || state.Look.Breaker != look {
		b.Fatalf("the breakers are %s and %s, want %s and %s", state.Money.Breaker, state.Look.Breaker, money, look)
	}
}

// pass lets the bubble's time go by.
func pass(d time.Duration) { <-time.After(d) }

func always(r gateway.Result) func(context.Context, string) *gateway.Result {
	return func(context.Context, string) *gateway.Result { return &r }
}

// hang answers nothing until the call is given up.
func hang(ctx context.Context, _ string) *gateway.Result {
	<-ctx.Done()
	return &gateway.Result{Outcome: gateway.Unknown, Detail: "no answer by the deadline"}
}

var (
	approved = gateway.Result{Outcome: gateway.Approved, TransactionID: "100000001"}
	notSent  = gateway.Result{Outcome: gateway.NotSent, Detail: "connection refused"}
	unknown  = gateway.Result{Outcome: gateway.Unknown, Detail: "the connection broke"}
)

func TestAGuardedProcessorIsAProcessor(t *testing.T) {
	processortest.Run(t, func(*testing.T) processortest.Bench {
		p := processortest.New(time.Now)
		return processortest.Bench{
			Processor: guard.New(p, guard.Config{RatePerSecond: 10_000, Burst: 100}), Settle: p.Settle, Now: time.Now, Fields: processortest.Fields,
			Cover:  func(m gateway.Money) { p.SetBalance(m, false, false) },
			Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: "demo-visa"}}, CustomerID: "demo-visa",
			Account: processortest.Account,
		}
	})
}

func TestNoCallGoesWithoutADeadline(t *testing.T) {
	run(t, guard.Config{}, hang, func(b *bench) {
		r := b.guard.Charge(b.Context(), gateway.Charge{SendBefore: time.Now().Add(time.Second)})
		b.want(r, gateway.Unknown)
		b.wantElapsed(gateway.DefaultCallDeadline)
	})
	run(t, guard.Config{Retry: guard.RetryConfig{Attempts: 1}}, hang, func(b *bench) {
		if _, err := b.guard.Transaction(b.Context(), "100000001"); err == nil {
			b.Fatal("a look that hung has found something")
		}
		b.wantElapsed(guard.DefaultLookTimeout)
	})
}

func TestTheDeadlineOfACallIsLeftAsItIs(t *testing.T) {
	run(t, guard.Config{CallDeadline: time.Second}, hang, func(b *bench) {
		b.want(b.charge(), gateway.Unknown)
		b.wantElapsed(gateway.DefaultCallDeadline)
	})
}

func TestStateTellsWhatHappened(t *testing.T) {
	script := []gateway.Result{approved, notSent, unknown}
	config := guard.Config{RatePerSecond: 1, Burst: 9, Retry: guard.RetryConfig{Base: time.Nanosecond}}
	run(t, config, func(_ context.Context, call string) *gateway.Result {
		if call == "look" || len(script) == 0 {
			return nil
		}
		next := script[0]
		script = script[1:]
		return &next
	}, func(b *bench) {
		b.want(b.charge(), gateway.Approved)
		b.want(b.charge(), gateway.Unknown) // not sent at first
		b.want(b.chargeWithin(b.Context(), -time.Second), gateway.NotSent, "the time to send had passed")
		b.guard.Transaction(b.Context(), "999999999")
		state := b.guard.State()
		for what, pair := range map[string][2]uint64{
			"approved": {state.Money.Attempts["approved"], 1}, "not sent": {state.Money.Attempts["not_sent"], 1},
			"unknown": {state.Money.Attempts["unknown"], 1}, "retried": {state.Money.Retried, 1},
			"late": {state.Money.Refused["late"], 1}, "not found": {state.Look.Attempts["not_found"], 1},
		} {
			if pair[0] != pair[1] {
				b.Errorf("%s: %d, want %d", what, pair[0], pair[1])
			}
		}
	})
}

// A thousand callers at once, real goroutines and no bubble: each is answered
// once, each answer is right, and nothing is charged that was not told.
func TestAThousandCallersAtOnce(t *testing.T) {
	p := processortest.New(time.Now)
	g := guard.New(p, guard.Config{RatePerSecond: 2000, MaxQueue: 500})
	var mu sync.Mutex
	told := map[gateway.Outcome]int{}
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			r := g.Charge(t.Context(), gateway.Charge{
				Amount: 1999, Reference: gateway.NewReference(time.Now()), SendBefore: time.Now().Add(time.Minute),
			})
			g.State()
			mu.Lock()
			defer mu.Unlock()
			told[r.Outcome]++
		})
	}
	wg.Wait()
	if told[gateway.Approved]+told[gateway.NotSent] != 1000 || told[gateway.Approved] != len(p.Records()) {
		t.Fatalf("the callers were told %v, the books hold %d", told, len(p.Records()))
	}
	state := g.State()
	if state.Queue != 0 || state.Money.Attempts["approved"] != uint64(told[gateway.Approved]) ||
		state.Money.Refused["limit"] != uint64(told[gateway.NotSent]) {
		t.Fatalf("the state shows %+v, the callers were told %v", state, told)
	}
}

func TestAnExportThatShowsNothingHasFoundNothing(t *testing.T) {
	run(t, guard.Config{}, nil, func(b *bench) {
		look := func() {
			if _, err := b.guard.Transactions(b.Context(), time.Now(), time.Now(), ""); err != nil {
				b.Error(err)
			}
		}
		look()
		b.charge()
		look()
		if got := b.guard.State().Look.Attempts; got["not_found"] != 1 || got["found"] != 1 {
			b.Errorf("counted %v", got)
		}
	})
}
