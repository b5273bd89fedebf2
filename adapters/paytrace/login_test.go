package paytrace

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway/guard"
)

// guarded runs a keeper on the script, behind the breaker of its class.
func guarded(t *testing.T, config guard.Config, answers []any, body func(t *testing.T, k *keeper, s *script)) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now(), answers: answers}
		k := newKeeper(s.fetch, guard.NewLogIn(config), time.Now, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go k.run(ctx)
		synctest.Wait()
		body(t, k, s)
	})
}

// waits asks for a token as a payment does, and says how long that took.
func (k *keeper) waits(t *testing.T) (string, error, time.Duration) {
	began := time.Now()
	token, err := k.token(t.Context(), began.Add(5*time.Second))
	return token, err, time.Since(began)
}

var down = errors.New("down")

func TestWhileTheLogInKeepsFailingNoCallWaitsForIt(t *testing.T) {
	guarded(t, guard.Config{}, []any{down}, func(t *testing.T, k *keeper, s *script) {
		if _, _, waited := k.waits(t); waited != 5*time.Second {
			t.Errorf("the first call waited %v for what may come at any moment", waited)
		}
		after(11 * time.Second) // the fifth failure was at 15 s
		_, err, waited := k.waits(t)
		if waited != 0 || err == nil || !strings.Contains(err.Error(), "down") {
			t.Errorf("%v after %v, want to be told at once why", err, waited)
		}
	})
}

func TestACallWithoutATokenMakesTheProbeThatTheBreakerLetsThrough(t *testing.T) {
	guarded(t, guard.Config{}, []any{down, down, down, down, down, down, grant{"one", time.Hour}}, func(t *testing.T, k *keeper, s *script) {
		after(25 * time.Second) // ten seconds after it opened
		if _, err, waited := k.waits(t); waited != 0 || err == nil {
			t.Errorf("the probe that failed: %v after %v", err, waited)
		}
		after(time.Second)
		if _, err, waited := k.waits(t); waited != 0 || err == nil {
			t.Errorf("open again: %v after %v", err, waited)
		}
		after(9 * time.Second)
		if got, err, waited := k.waits(t); got != "one" || err != nil || waited != 0 {
			t.Errorf("the probe that succeeded: %q, %v after %v", got, err, waited)
		}
		s.checkAsked(t, 0, 1*time.Second, 3*time.Second, 7*time.Second, 15*time.Second, 25*time.Second, 35*time.Second)
	})
}

func TestARefusedPasswordOpensNoBreaker(t *testing.T) {
	guarded(t, guard.Config{Breaker: guard.BreakerConfig{MinimumRequests: 1}}, []any{errCredentials}, func(t *testing.T, k *keeper, s *script) {
		if state := k.breaker.State(); state != "closed" {
			t.Errorf("the breaker is %s, and PayTrace has answered", state)
		}
		if _, err, _ := k.waits(t); !errors.Is(err, errCredentials) {
			t.Errorf("a call is told %v", err)
		}
	})
}

func TestADroppedTokenDoesNotAskPastAnOpenBreaker(t *testing.T) {
	guarded(t, guard.Config{}, []any{grant{"one", 100 * time.Second}, down}, func(t *testing.T, k *keeper, s *script) {
		after(88 * time.Second) // four of five requests have failed
		k.drop("one")
		after(10 * time.Second)
		if _, err, waited := k.waits(t); waited != 0 || err == nil || !strings.Contains(err.Error(), "down") {
			t.Errorf("%v after %v, want to be told at once why", err, waited)
		}
		s.checkAsked(t, 0, 80*time.Second, 81*time.Second, 83*time.Second, 87*time.Second, 97*time.Second)
	})
}

func TestACallWhoseTokenHasExpiredMakesTheProbeToo(t *testing.T) {
	guarded(t, guard.Config{}, []any{grant{"one", 100 * time.Second}, down, down, down, down, down, grant{"two", time.Hour}}, func(t *testing.T, k *keeper, s *script) {
		after(108 * time.Second) // the probe at 97 s has failed, and the next of itself would be at 113
		if got, err, waited := k.waits(t); got != "two" || err != nil || waited != 0 {
			t.Errorf("%q, %v after %v", got, err, waited)
		}
	})
}
