package guard_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// Shoppers open the form again and again while it fails. Lost answers are found
// all the same.
func TestAFormThatFailsHoldsUpNoLookAndNoCharge(t *testing.T) {
	fails := func(_ context.Context, call string) *gateway.Result {
		if call == "client_key" {
			return &gateway.Result{Outcome: gateway.Unknown}
		}
		return nil
	}
	run(t, guard.Config{Retry: guard.RetryConfig{Attempts: 1}}, fails, func(b *bench) {
		for range 2 * guard.DefaultMinimumRequests {
			if _, err := b.guard.ClientKey(b.Context()); err == nil {
				b.Fatal("a key was given")
			}
		}
		_, err := b.guard.ClientKey(b.Context())
		var refused *guard.Refused
		if !errors.As(err, &refused) || !errors.Is(err, guard.ErrOpen) {
			b.Errorf("refused with %v, want the open breaker", err)
		}
		b.wantCalls("client_key", guard.DefaultMinimumRequests)
		b.wantBreakers("closed", "closed")
		b.want(b.charge(), gateway.Approved)
		if state := b.guard.State().Form; state.Breaker != "open" || state.Attempts["failed"] != guard.DefaultMinimumRequests {
			b.Errorf("the form's state is %+v", state)
		}
	})
}

// A refusal is an answer: PayTrace is there, and asking once more helps nobody.
func TestARefusedFormIsNotAskedForAgain(t *testing.T) {
	refuses := func(context.Context, string) *gateway.Result {
		return &gateway.Result{Rejection: &gateway.Rejection{Credentials: true}}
	}
	run(t, guard.Config{}, refuses, func(b *bench) {
		for range 2 * guard.DefaultMinimumRequests {
			if _, err := b.guard.ClientKey(b.Context()); !errors.Is(err, gateway.ErrCredentials) {
				b.Fatalf("refused with %v", err)
			}
		}
		b.wantCalls("client_key", 2*guard.DefaultMinimumRequests)
		if state := b.guard.State().Form; state.Breaker != "closed" || state.Attempts["refused"] != 2*guard.DefaultMinimumRequests {
			b.Errorf("the form's state is %+v", state)
		}
	})
}

func TestAFormThatFailedOnceIsAskedForAgain(t *testing.T) {
	failed := false
	run(t, guard.Config{}, func(context.Context, string) *gateway.Result {
		if failed {
			return nil
		}
		failed = true
		return &gateway.Result{Outcome: gateway.NotSent}
	}, func(b *bench) {
		if key, err := b.guard.ClientKey(b.Context()); err != nil || key.Key == "" {
			b.Errorf("%+v, %v", key, err)
		}
		if state := b.guard.State().Form; state.Retried != 1 || state.Attempts["given"] != 1 {
			b.Errorf("the form's state is %+v", state)
		}
	})
}

// Who asks for reports with little patience opens no breaker but that of reports, and
// has PayTrace asked once each time.
func TestReportsThatFailHoldUpNoLook(t *testing.T) {
	fails := func(_ context.Context, call string) *gateway.Result {
		if call == "export" {
			return &gateway.Result{Outcome: gateway.Unknown}
		}
		return nil
	}
	run(t, guard.Config{}, fails, func(b *bench) {
		for range 2 * guard.DefaultMinimumRequests {
			if _, err := b.guard.Books(b.Context(), time.Now(), time.Now()); err == nil {
				b.Fatal("a report was given")
			}
		}
		_, err := b.guard.Books(b.Context(), time.Now(), time.Now())
		if !errors.Is(err, guard.ErrOpen) {
			b.Errorf("refused with %v, want the open breaker", err)
		}
		b.wantCalls("export", guard.DefaultMinimumRequests)
		b.wantBreakers("closed", "closed")
		if state := b.guard.State().Report; state.Breaker != "open" || state.Retried != 0 || state.Attempts["failed"] != guard.DefaultMinimumRequests {
			b.Errorf("the state of reports is %+v", state)
		}
	})
}

// A report may take longer than a look.
func TestAReportTakesAsLongAsWhoAsksForItWaits(t *testing.T) {
	slow := func(ctx context.Context, call string) *gateway.Result {
		select {
		case <-time.After(2 * guard.DefaultLookTimeout):
			return nil
		case <-ctx.Done():
			return &gateway.Result{Outcome: gateway.Unknown}
		}
	}
	run(t, guard.Config{}, slow, func(b *bench) {
		if _, err := b.guard.Books(b.Context(), time.Now(), time.Now()); err != nil {
			b.Errorf("a slow report: %v", err)
		}
		b.wantCalls("export", 1)
	})
}
