package telemetry

import (
	"context"
	"encoding/hex"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"paytrace-gateway/gateway"
)

// sent ends the telemetry and returns what the collector got, by name.
func (c *fakeCollector) sent(t *testing.T, tel *Telemetry) map[string]*tracepb.Span {
	t.Helper()
	if err := tel.Shutdown(context.Background()); err != nil {
		t.Fatalf("shutdown: %v", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	byName := map[string]*tracepb.Span{}
	for _, s := range c.spans {
		byName[s.GetName()] = s
	}
	return byName
}

func attributesOf(s *tracepb.Span) map[string]string {
	all := map[string]string{}
	for _, a := range s.GetAttributes() {
		all[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return all
}

func wantAttributes(t *testing.T, s *tracepb.Span, want map[string]string) {
	t.Helper()
	got := attributesOf(s)
	if len(got) != len(want) {
		t.Errorf("%s has the attributes %v, want %v", s.GetName(), got, want)
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s has %s=%q, want %q", s.GetName(), key, got[key], value)
		}
	}
}

func TestARequestIsOneSpanWithAChildForEachStage(t *testing.T) {
	collector := newFakeCollector(t)
	tel := traced(t, Tracing{Endpoint: collector.url, Sample: 1, Headers: map[string]string{"X-Key": "k"}})
	ctx, end := tel.Span(t.Context(), "", "/api/v1/payments")
	_, leaveClaim := tel.Observer().Stage(ctx, gateway.StageClaim, "acme")
	leaveClaim(nil)
	inProcessor, leaveProcessor := tel.Observer().Stage(ctx, gateway.StageProcessor, "acme")
	_, leaveDecide := tel.Observer().Stage(inProcessor, gateway.StageDecide, "acme")
	leaveDecide(&gateway.Error{Code: gateway.CodeAmount, Message: "4111111111111111"})
	// The work outlives its caller.
	end(202)
	leaveProcessor(errAny)
	_, leaveRecord := tel.Observer().Stage(ctx, gateway.StageRecord, "acme")
	leaveRecord(nil)

	spans := collector.sent(t, tel)
	root := spans["/api/v1/payments"]
	if len(spans) != 5 || root == nil || len(root.GetParentSpanId()) != 0 || root.GetKind() != tracepb.Span_SPAN_KIND_SERVER {
		t.Fatalf("got %v", spans)
	}
	wantAttributes(t, root, map[string]string{"merchant": "acme", "outcome": "202"})
	for name, outcome := range map[string]string{"claim": "ok", "decide": "amount_invalid", "processor": "error", "record": "ok"} {
		s := spans[name]
		if s == nil || !slices.Equal(s.GetParentSpanId(), root.GetSpanId()) || !slices.Equal(s.GetTraceId(), root.GetTraceId()) {
			t.Errorf("%s is no child of the request: %v", name, s)
			continue
		}
		wantAttributes(t, s, map[string]string{"merchant": "acme", "outcome": outcome})
		if failed := s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR; failed != (outcome != "ok") || s.GetStatus().GetMessage() != "" {
			t.Errorf("%s has the status %v", name, s.GetStatus())
		}
		if len(s.GetEvents()) > 0 {
			t.Errorf("%s has events: %v", name, s.GetEvents())
		}
	}
	if collector.headers.Get("X-Key") != "k" {
		t.Error("the headers were not sent")
	}
	if collector.service["service.name"] != "paytrace-gateway" || collector.service["service.version"] != "1.2.3" || collector.service["service.instance.id"] != "one" {
		t.Errorf("the service is %v", collector.service)
	}
}

func TestOnlyAFailureOfOursMarksTheRequest(t *testing.T) {
	for status, failed := range map[int]bool{201: false, 422: false, 500: true, 503: true} {
		collector := newFakeCollector(t)
		tel := traced(t, Tracing{Endpoint: collector.url, Sample: 1})
		_, end := tel.Span(t.Context(), "", "/api/v1/payments")
		end(status)
		root := collector.sent(t, tel)["/api/v1/payments"]
		if got := root.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR; got != failed {
			t.Errorf("%d: marked as failed: %v", status, got)
		}
	}
}

func TestAJobsStagesMakeATraceOfTheirOwn(t *testing.T) {
	collector := newFakeCollector(t)
	tel := traced(t, Tracing{Endpoint: collector.url, Sample: 1})
	ctx, leaveLook := tel.Observer().Stage(t.Context(), gateway.StageLook, "acme")
	_, leaveRecord := tel.Observer().Stage(ctx, gateway.StageRecord, "acme")
	leaveRecord(nil)
	leaveLook(nil)
	spans := collector.sent(t, tel)
	look, record := spans["look"], spans["record"]
	if look == nil || record == nil || len(look.GetParentSpanId()) != 0 || !slices.Equal(record.GetParentSpanId(), look.GetSpanId()) {
		t.Errorf("got %v", spans)
	}
}

func TestATraceparentIsTakenOnlyWhenItIsWellFormed(t *testing.T) {
	const id, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for header, taken := range map[string]bool{
		"00-" + id + "-" + span + "-01": true,
		"00-" + id + "-" + span + "-00": true, // whether to record is for us to say
		"cc-" + id + "-" + span + "-01": true, // a version to come

		"":                                   false,
		"ff-" + id + "-" + span + "-01":      false,
		"00-" + id + "-" + span:              false,
		"00-" + id + "-" + span + "-01-more": false,
		"00-" + id[1:] + "-" + span + "-01":  false,
		"00-" + id + "0-" + span + "-01":     false,
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01":             false,
		"00-00000000000000000000000000000000-" + span + "-01":             false,
		"00-" + id + "-0000000000000000-01":                               false,
		"00-" + id + "-" + span + "-0g":                                   false,
		" 00-" + id + "-" + span + "-01":                                  false,
		"00-" + id + "-" + span + "-01\r\nbaggage: card=4111111111111111": false,
		"00-4111111111111111x111111111111111-" + span + "-01":             false,
		"00-" + id + "-" + span + "-01,00-" + id + "-" + span + "-01":     false,
	} {
		collector := newFakeCollector(t)
		tel := traced(t, Tracing{Endpoint: collector.url, Sample: 1})
		_, end := tel.Span(t.Context(), header, "/api/v1/payments")
		end(200)
		root := collector.sent(t, tel)["/api/v1/payments"]
		if root == nil {
			t.Errorf("%q: no span", header)
			continue
		}
		joined := hex.EncodeToString(root.GetTraceId()) == id && hex.EncodeToString(root.GetParentSpanId()) == span
		if joined != taken || (!taken && len(root.GetParentSpanId()) != 0) {
			t.Errorf("%q: taken is %v", header, joined)
		}
		if root.GetTraceState() != "" || len(root.GetLinks()) != 0 {
			t.Errorf("%q: more than the parent was taken: %v", header, root)
		}
	}
}

func TestTheOperatorDecidesWhatIsRecorded(t *testing.T) {
	const sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for share, want := range map[float64]int{0: 0, 1: 2} {
		collector := newFakeCollector(t)
		tel := traced(t, Tracing{Endpoint: collector.url, Sample: share})
		ctx, end := tel.Span(t.Context(), sampled, "/api/v1/payments")
		_, leave := tel.Observer().Stage(ctx, gateway.StageClaim, "acme")
		leave(nil)
		end(200)
		if got := len(collector.sent(t, tel)); got != want {
			t.Errorf("a share of %v recorded %d spans, want %d", share, got, want)
		}
	}
}

func TestSpansHoldNothingThatACallerMadeUp(t *testing.T) {
	for _, value := range hostile {
		collector := newFakeCollector(t)
		tel := traced(t, Tracing{Endpoint: collector.url, Sample: 1})
		ctx, end := tel.Span(t.Context(), value, value)
		_, leave := tel.Observer().Stage(ctx, gateway.Stage(value), value)
		leave(nil)
		end(7)
		collector.sent(t, tel)
		if len(collector.spans) != 2 {
			t.Fatalf("%q: %d spans", value, len(collector.spans))
		}
		for _, s := range collector.spans {
			if s.GetName() != other || attributesOf(s)["merchant"] != other {
				t.Errorf("%q: the span is %v", value, s)
			}
		}
	}
}

func TestWithoutACollectorThereIsNoSpanAndNoCost(t *testing.T) {
	tel := opened(t, newClock().Now)
	ctx := t.Context()
	got, end := tel.Span(ctx, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "/api/v1/payments")
	end(200)
	if got != ctx || trace.SpanContextFromContext(got).IsValid() {
		t.Error("the context bears a span")
	}
	if allocs := testing.AllocsPerRun(100, func() {
		_, end := tel.Span(ctx, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "/api/v1/payments")
		end(200)
	}); allocs != 0 {
		t.Errorf("a request costs %v allocations", allocs)
	}
	if err := tel.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}
