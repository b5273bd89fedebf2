package guard_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// Deletions of stored cards are tried again by themselves, and so often meet a
// breaker that is half open. It must not be the one that charges wait behind.
func TestChangesOfStoredCardsThatFailHoldUpNoChargeAndNoLook(t *testing.T) {
	for call, change := range map[string]func(b *bench) gateway.Result{
		"create_profile": func(b *bench) gateway.Result { return b.guard.CreateProfile(b.Context(), soonSaved()) },
		"update_profile": func(b *bench) gateway.Result { return b.guard.UpdateProfile(b.Context(), soonSaved()) },
		"delete_profile": func(b *bench) gateway.Result {
			return b.guard.DeleteProfile(b.Context(), gateway.RemoveProfile{ProfileID: "p1", SendBefore: soonSaved().SendBefore})
		},
	} {
		t.Run(call, func(t *testing.T) {
			fails := func(_ context.Context, made string) *gateway.Result {
				if made == call {
					return &unknown
				}
				return nil
			}
			run(t, guard.Config{}, fails, func(b *bench) {
				for n := range guard.DefaultMinimumRequests {
					b.want(change(b), gateway.Unknown)
					b.wantCalls(call, n+1)
				}
				b.want(change(b), gateway.NotSent, "circuit breaker")
				pass(guard.DefaultOpenFor)
				b.want(change(b), gateway.Unknown) // the probe
				b.want(change(b), gateway.NotSent)
				b.wantCalls(call, guard.DefaultMinimumRequests+1)
				b.wantBreakers("closed", "closed")
				b.want(b.charge(), gateway.Approved)
				state := b.guard.State().Vault
				if state.Breaker != "open" || state.Attempts["unknown"] != guard.DefaultMinimumRequests+1 || state.Refused["open"] != 2 {
					b.Errorf("its state is %+v", state)
				}
			})
		})
	}
}

func soonSaved() gateway.SaveProfile {
	return gateway.SaveProfile{ProfileID: "p1", SendBefore: time.Now().Add(gateway.DefaultSendWindow)}
}
