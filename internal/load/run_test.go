package load

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func run1(t *testing.T, c Config) Report {
	t.Helper()
	found, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEachOperationIsAnsweredByTheGateway(t *testing.T) {
	c := short(house(t, payTrace(t)))
	c.Mix = Mix{{Sale, 4}, {AuthorizeCapture, 2}, {Refund, 2}, {ByKey, 2}, {Replay, 2}}
	found := run1(t, c)
	if !found.Good() || found.Scheduled != 60 || found.Answered != 60 {
		t.Fatalf("%d due, %d answered, failures %v", found.Scheduled, found.Answered, found.Errors)
	}
	for _, name := range Operations {
		if o := found.Operations[name]; o.Answered == 0 || o.Latency.Max == 0 {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if found.Mode != "rate" || found.Rate != 1000 || found.Seconds != 0.06 || found.Throughput <= 0 {
		t.Errorf("mode %s, rate %g, %g s, %g/s", found.Mode, found.Rate, found.Seconds, found.Throughput)
	}
}

// Each operation alone has no other's payments to work on.
func TestAnOperationAloneMakesWhatItNeeds(t *testing.T) {
	base := house(t, payTrace(t))
	for _, name := range Operations {
		c := short(base)
		c.Stages[0].For = 10 * time.Millisecond
		c.Mix = Mix{{name, 1}}
		if found := run1(t, c); !found.Good() || found.Operations[name].Answered != 10 {
			t.Errorf("%s: failures %v", name, found.Errors)
		}
	}
}

// What is not told apart from a first answer would be a second payment.
func TestAReplayThatIsNoReplayIsAFailure(t *testing.T) {
	c := short(fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"outcome":"approved","status":"approved","transactionId":"1"}`))
	}))
	one := clerk(t, c)
	if failure := one.perform(Sale, job{n: 0}); failure != "" {
		t.Fatal(failure)
	}
	if failure := one.perform(Replay, job{n: 1}); failure != failAnswer {
		t.Errorf("a replay that says nothing of it: %q", failure)
	}
}

// One operation after the other, so that there is a payment for each.
func TestOperationsWorkOnThePaymentsOfTheRun(t *testing.T) {
	one := clerk(t, short(house(t, payTrace(t))))
	var transaction string
	for n, name := range []string{Sale, ByKey, Replay, Refund, AuthorizeCapture} {
		if failure := one.perform(name, job{n: n}); failure != "" {
			t.Fatalf("%s: %s: %s", name, failure, one.response.Body())
		}
		if name == Sale {
			transaction = one.transaction()
		}
		if same := one.transaction() == transaction; same == (name == AuthorizeCapture) {
			t.Errorf("%s worked on another payment: %t", name, !same)
		}
	}
	if one.shelf.refundable = nil; one.perform(Refund, job{n: 9}) != "" || one.transaction() == transaction {
		t.Errorf("a refund without a payment: %s", one.response.Body())
	}
}

// clerk makes the requests of a run by hand.
func clerk(t *testing.T, c Config) *caller {
	t.Helper()
	r, err := newRun(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.token.fetch(); err != nil {
		t.Fatal(err)
	}
	return r.newCaller()
}

func TestAPaymentIsRefundedOnce(t *testing.T) {
	var s shelf
	for n := range roomFor + 5 {
		s.put(paid{n, "t"})
	}
	seen := map[int]bool{}
	for p, found := s.take(); found; p, found = s.take() {
		if seen[p.n] {
			t.Fatalf("%d is refunded twice", p.n)
		}
		seen[p.n] = true
	}
	if len(seen) != roomFor || len(s.kept) != roomFor {
		t.Errorf("%d to refund, %d kept", len(seen), len(s.kept))
	}
	if oldest := s.kept[0].n; oldest != roomFor {
		t.Errorf("the place of the oldest has %d", oldest)
	}
}

func TestTheSameSaleIsMadeAtPayTraceItself(t *testing.T) {
	c := short(payTrace(t))
	c.As, c.ClientID, c.Secret, c.IntegratorID = AsPayTrace, simulator.DefaultUsername, simulator.DefaultPassword, simulator.DefaultIntegratorID
	if found := run1(t, c); !found.Good() || found.Answered != 60 {
		t.Errorf("%d answered, failures %v", found.Answered, found.Errors)
	}
	c.IntegratorID = "somebody-else"
	if found := run1(t, c); found.Good() || found.Errors["400"] != 60 {
		t.Errorf("with a wrong integrator: %d answered, failures %v", found.Answered, found.Errors)
	}
}

func TestConnectionsMakeRequestsUntilTheyAreStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen atomic.Int64
	c := short(fake(t, func(w http.ResponseWriter, _ *http.Request) {
		if seen.Add(1) == 20 {
			cancel()
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"status":"approved","transactionId":"1"}`))
	}))
	c.Stages, c.Connections, c.For = nil, 4, time.Hour
	found, err := Run(ctx, c)
	if err != nil || !found.Good() || found.Mode != "connections" || found.Answered < 20 || found.Answered > 20+3 {
		t.Errorf("%v: mode %s, %d answered, failures %v", err, found.Mode, found.Answered, found.Errors)
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	hold := make(chan struct{})
	cases := map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"202": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
		failAnswer: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"status":"declined","outcome":"declined"}`))
		},
		failBroken:  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		failTimeout: func(http.ResponseWriter, *http.Request) { <-hold },
	}
	for class, answer := range cases {
		t.Run(class, func(t *testing.T) {
			c := short(fake(t, answer))
			if class == failTimeout {
				// After the server's own clean-up, which waits for its handlers.
				defer close(hold)
				c.Timeout = 5 * time.Second // the token has to come within it too
			}
			found := run1(t, c)
			if found.Good() || found.Errors[class] != 60 || found.Failed != 60 {
				t.Errorf("%d answered, failures %v", found.Answered, found.Errors)
			}
			if waited := found.Latency.Max > 0; waited != (class == failTimeout) {
				t.Errorf("the latencies are %+v", found.Latency)
			}
		})
	}
}

func TestARequestThatFailsIsNotSentAgainBehindTheCountersBack(t *testing.T) {
	var seen atomic.Int64
	c := short(fake(t, func(http.ResponseWriter, *http.Request) { seen.Add(1); panic(http.ErrAbortHandler) }))
	c.Mix = Mix{{Sale, 1}}
	if run1(t, c); seen.Load() != 60 {
		t.Errorf("60 requests were seen %d times", seen.Load())
	}
}

func TestNobodyThereIsAFailureToConnect(t *testing.T) {
	stays := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"status":"approved","transactionId":"1"}`))
	})
	c := short(stays, nobody(t))
	found := run1(t, c)
	if found.Answered != 30 || found.Errors[failConnect] != 30 {
		t.Errorf("%d answered, failures %v", found.Answered, found.Errors)
	}
}

func TestWithoutATokenThereIsNoRun(t *testing.T) {
	c := short(house(t, payTrace(t)))
	c.Secret = "wrong secret words"
	_, err := Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "words") {
		t.Errorf("error %v", err)
	}
	if errors.Is(err, ErrConfig) {
		t.Errorf("%v is called a fault of the flags", err)
	}
}

func TestATokenIsRenewedAheadOfItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var asked []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		renew(ctx, 100*time.Second, func() (time.Duration, error) {
			asked = append(asked, time.Since(began))
			switch len(asked) {
			case 1:
				return 0, errors.New("not now")
			case 3:
				cancel()
			}
			return 40 * time.Second, nil
		})
		want := []time.Duration{75 * time.Second, 76 * time.Second, 106 * time.Second}
		for i := range want {
			if len(asked) != len(want) || asked[i] != want[i] {
				t.Fatalf("asked at %v, want %v", asked, want)
			}
		}
	})
}
