package telemetry

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestOperationsAreCountedByWhatBecameOfThem(t *testing.T) {
	tel := opened(t, newClock().Now)
	see := func(merchant string, kind gateway.OperationKind, status gateway.OperationStatus, by gateway.DecidedBy, took time.Duration) {
		tel.Observer().Operation(gateway.Observation{MerchantID: merchant, Kind: kind, Status: status, By: by, Took: took})
	}
	see("acme", gateway.KindSale, gateway.OpApproved, gateway.ByAnswer, 300*time.Millisecond)
	see("acme", gateway.KindSale, gateway.OpApproved, gateway.ByAnswer, 4*time.Second)
	see("acme", gateway.KindSale, gateway.OpUnknown, gateway.ByAnswer, 61*time.Second)
	see("globex", gateway.KindRefund, gateway.OpDeclined, gateway.ByLook, 2*time.Hour)

	wantMetrics(t, tel, "counter", "operations_total", `
		operations_total{by="answer",kind="sale",merchant="acme",status="approved"} 2
		operations_total{by="answer",kind="sale",merchant="acme",status="unknown"} 1
		operations_total{by="look",kind="refund",merchant="globex",status="declined"} 1`)
	wantMetrics(t, tel, "histogram", "operation_duration_seconds",
		histogram("operation_duration_seconds", `by="answer",kind="sale",merchant="acme"`, .3, 4, 61)+
			histogram("operation_duration_seconds", `by="look",kind="refund",merchant="globex"`, 7200))
}

func TestChangesOfStoredCardsAreCountedByWhatBecameOfThem(t *testing.T) {
	tel := opened(t, newClock().Now)
	for _, o := range []gateway.VaultObservation{
		{MerchantID: "acme", Verb: gateway.VaultAdd, Status: gateway.OpRejected, By: gateway.ByAnswer},
		{MerchantID: "acme", Verb: gateway.VaultAdd, Status: gateway.OpRejected, By: gateway.ByAnswer},
		{MerchantID: "globex", Verb: gateway.VaultRemove, Status: gateway.OpApproved, By: gateway.ByLook},
	} {
		tel.Observer().Vault(o)
	}
	wantMetrics(t, tel, "counter", "vault_operations_total", `
		vault_operations_total{by="answer",merchant="acme",status="rejected",verb="add"} 2
		vault_operations_total{by="look",merchant="globex",status="approved",verb="remove"} 1`)
}

func TestEveryStageIsMeasuredFromTheStart(t *testing.T) {
	tel := opened(t, newClock().Now)
	if got := count(t, tel, "stage_duration_seconds"); got != len(gateway.Stages) {
		t.Errorf("%d stages have a histogram before anything happened, want %d", got, len(gateway.Stages))
	}
	if got := count(t, tel, "stage_errors_total"); got != len(gateway.Stages) {
		t.Errorf("%d stages have an error counter before anything happened, want %d", got, len(gateway.Stages))
	}
}

func TestAStageIsMeasuredAndItsErrorsAreCounted(t *testing.T) {
	c := newClock()
	tel := opened(t, c.Now)
	for _, stay := range []struct {
		took time.Duration
		err  error
	}{{20 * time.Millisecond, nil}, {19 * time.Second, errAny}} {
		ctx, leave := tel.Observer().Stage(t.Context(), gateway.StageProcessor, "acme")
		if ctx != t.Context() {
			t.Error("without tracing the context changed")
		}
		c.advance(stay.took)
		leave(stay.err)
	}
	times, errs := "", ""
	for _, stage := range gateway.Stages {
		observed, failed := []float64{}, 0
		if stage == gateway.StageProcessor {
			observed, failed = []float64{.02, 19}, 1
		}
		times += histogram("stage_duration_seconds", fmt.Sprintf("stage=%q", stage), observed...)
		errs += fmt.Sprintf("stage_errors_total{stage=%q} %d\n", stage, failed)
	}
	wantMetrics(t, tel, "histogram", "stage_duration_seconds", times)
	wantMetrics(t, tel, "counter", "stage_errors_total", errs)
}
