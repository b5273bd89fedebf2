package telemetry

import (
	"context"
	"errors"
	"net/http"

	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"paytrace-gateway/gateway"
)

// The limits of what waits for the collector. A span that finds the queue full
// is dropped: nothing waits for a collector.
const (
	spanQueue    = 2048
	spanBatch    = 512
	spanEvery    = 2 * time.Second
	spanPatience = 5 * time.Second // for one export, and for the last one
)

// The attributes of spans. There are no others.
const (
	attributeMerchant = attribute.Key("merchant")
	attributeOutcome  = attribute.Key("outcome")
)

// traces makes spans and sends them to the collector.
type traces struct {
	provider  *sdktrace.TracerProvider
	tracer    trace.Tracer
	collector *collector
}

func newTraces(c Config) (*traces, error) {
	to, err := newCollector(c.Tracing, c.Log)
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "paytrace-gateway"),
			attribute.String("service.version", c.Version),
			attribute.String("service.instance.id", c.Instance),
		)),
		sdktrace.WithSampler(samplerOf(c.Tracing.Sample)),
		sdktrace.WithBatcher(to,
			sdktrace.WithMaxQueueSize(spanQueue), sdktrace.WithMaxExportBatchSize(spanBatch),
			sdktrace.WithBatchTimeout(spanEvery), sdktrace.WithExportTimeout(spanPatience)),
	)
	return &traces{provider: provider, tracer: provider.Tracer("paytrace-gateway"), collector: to}, nil
}

// samplerOf decides by the trace's id, whatever a caller's flag says: nobody
// outside may have more traced than the operator wants.
func samplerOf(share float64) sdktrace.Sampler {
	ours := sdktrace.TraceIDRatioBased(share)
	return sdktrace.ParentBased(ours,
		sdktrace.WithRemoteParentSampled(ours), sdktrace.WithRemoteParentNotSampled(ours))
}

// request begins the span of an incoming request.
func (t *traces) request(ctx context.Context, parent, route string) (context.Context, func(status int)) {
	ctx = propagation.TraceContext{}.Extract(ctx, traceparent(parent))
	ctx, span := t.tracer.Start(ctx, route, trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(status int) {
		if span.IsRecording() {
			span.SetAttributes(attributeOutcome.String(statusLabel(status)))
			if status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
		}
		span.End()
	}
}

// stage begins the span of a station. Stations are children of their request,
// also when one is told to the next by its context. One that belongs to no
// request, but to a job, begins a trace of its own, and the stations after it
// belong to that.
func (t *traces) stage(ctx context.Context, name, merchant string) (context.Context, func(error)) {
	parent := trace.SpanFromContext(ctx)
	if of := parent.SpanContext(); of.IsValid() && !of.IsSampled() {
		return ctx, unrecorded
	}
	child, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributeMerchant.String(merchant)))
	if !parent.SpanContext().IsValid() {
		ctx = child
	} else if parent.IsRecording() {
		// Who asks is known only on the way.
		parent.SetAttributes(attributeMerchant.String(merchant))
	}
	return ctx, func(err error) {
		if span.IsRecording() {
			span.SetAttributes(attributeOutcome.String(outcomeOf(err)))
			if err != nil {
				span.SetStatus(codes.Error, "")
			}
		}
		span.End()
	}
}

func unrecorded(error) {}

// outcomeOf tells a refusal by its code, which is ours, and never by its words.
func outcomeOf(err error) string {
	var refusal *gateway.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refusal):
		return string(refusal.Code)
	}
	return "error"
}

// traceparent is the one header that is taken from a caller: neither its state
// nor its baggage is carried on.
type traceparent string

func (t traceparent) Get(key string) string {
	if key == "traceparent" {
		return string(t)
	}
	return ""
}

func (traceparent) Set(string, string) {}

func (traceparent) Keys() []string { return []string{"traceparent"} }

// shutdown sends what is left. When there is no time for it, the export under
// way is ended, so that nothing lingers.
func (t *traces) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, spanPatience)
	defer cancel()
	err := t.provider.Shutdown(ctx)
	return errors.Join(err, t.collector.Shutdown(ctx))
}
