package guard_test

import (
	"context"
	"testing"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// Enhanced data that PayTrace does not answer holds up no charge and no look, and
// is sent once.
func TestEnhancedDataThatFailsHoldsUpNoLookAndNoCharge(t *testing.T) {
	fails := func(_ context.Context, call string) *gateway.Result {
		if call == "enhance" {
			return &gateway.Result{Outcome: gateway.Unknown}
		}
		return nil
	}
	run(t, guard.Config{}, fails, func(b *bench) {
		enhance := func() gateway.Result { return b.guard.Enhance(b.Context(), gateway.Enhance{TransactionID: "1"}) }
		for n := range guard.DefaultMinimumRequests {
			b.want(enhance(), gateway.Unknown)
			b.wantCalls("enhance", n+1)
		}
		b.want(enhance(), gateway.NotSent)
		b.wantCalls("enhance", guard.DefaultMinimumRequests)
		b.wantBreakers("closed", "closed")
		b.want(b.charge(), gateway.Approved)
		if state := b.guard.State().Enhanced; state.Breaker != "open" || state.Attempts["unknown"] != guard.DefaultMinimumRequests {
			b.Errorf("its state is %+v", state)
		}
	})
}
