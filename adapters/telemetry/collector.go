package telemetry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	dialTimeout = 2 * time.Second
	// answerLimit bounds what is read of the collector's answers.
	answerLimit = 64 << 10
)

// collector sends spans away, and tells the log when that begins to fail and
// when it works again. Its failures end here: OpenTelemetry would print each.
type collector struct {
	sdktrace.SpanExporter
	log *slog.Logger
	// lost is touched by ExportSpans alone, which is never called twice at once.
	lost bool
}

func newCollector(c Tracing, log *slog.Logger) (*collector, error) {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, err // Config.check has seen that it parses
	}
	if endpoint.Path == "" || endpoint.Path == "/" {
		endpoint.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(context.Background(),
		otlptracehttp.WithEndpointURL(endpoint.String()),
		otlptracehttp.WithHeaders(c.Headers),
		otlptracehttp.WithHTTPClient(exportClient()),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingProtobuf),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithMaxResponseSize(answerLimit),
		// A repeated export would keep the ones after it waiting.
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}),
	)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	return &collector{SpanExporter: exporter, log: log}, nil
}

// exportClient follows no redirect, which would carry the headers elsewhere,
// and takes no proxy from the environment.
func exportClient() *http.Client {
	return &http.Client{
		Timeout:       spanPatience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout: dialTimeout,
			MaxConnsPerHost:     1,
			IdleConnTimeout:     time.Minute,
		},
	}
}

// ExportSpans returns nil also when the spans are lost.
func (c *collector) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !c.lost:
		c.log.Warn("traces.lost", "spans", len(spans), "cause", causeOf(err))
	case err == nil && c.lost:
		c.log.Info("traces.back")
	}
	c.lost = err != nil
	return nil
}

// causeOf never quotes what the collector has answered: net/http does, when that
// is no HTTP. Told are its failures to connect, and to be answered in time.
func causeOf(err error) string {
	var failed *url.Error
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case !errors.As(err, &failed):
		return "the collector did not take them; its own log says why"
	case errors.As(failed.Err, &network), errors.As(failed.Err, &certificate), failed.Timeout():
		return failed.Err.Error()
	}
	return "the connection broke, or the answer was not HTTP; is that a collector, and is the scheme right?"
}
