package telemetry

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"paytrace-gateway/gateway"
)

// fakeCollector keeps the spans it is sent, and answers as it is told.
type fakeCollector struct {
	url string

	mu      sync.Mutex
	status  int
	spans   []*tracepb.Span
	service map[string]string
	headers http.Header
	took    chan struct{} // one for each export
}

func newFakeCollector(t *testing.T) *fakeCollector {
	c := &fakeCollector{status: http.StatusOK, service: map[string]string{}, took: make(chan struct{}, 1000)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *fakeCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { c.took <- struct{}{} }()
	if c.status != http.StatusOK || r.URL.Path != "/v1/traces" {
		http.Error(w, "the collector's own words", c.status)
		return
	}
	var body collectorpb.ExportTraceServiceRequest
	unpacked, err := gzip.NewReader(r.Body)
	if err == nil {
		var bytes []byte
		if bytes, err = io.ReadAll(unpacked); err == nil {
			err = proto.Unmarshal(bytes, &body)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.headers = r.Header.Clone()
	for _, resource := range body.GetResourceSpans() {
		for _, a := range resource.GetResource().GetAttributes() {
			c.service[a.GetKey()] = a.GetValue().GetStringValue()
		}
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

func (c *fakeCollector) answer(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// traced is a Telemetry that sends spans, and knows one route.
func traced(t testing.TB, to Tracing) *Telemetry { return tracedTo(t, to, slog.DiscardHandler) }

func tracedTo(t testing.TB, to Tracing, log slog.Handler) *Telemetry {
	t.Helper()
	tel, err := New(Config{
		Version: "1.2.3", Instance: "one", Merchants: []string{"acme"}, Now: time.Now, Log: slog.New(log), Tracing: to,
	})
	if err != nil {
		t.Fatal(err)
	}
	tel.Watch(Sources{Routes: []string{"/api/v1/payments"}})
	t.Cleanup(func() { tel.Shutdown(context.Background()) })
	return tel
}

// batch ends as many requests as make one export.
func batch(tel *Telemetry) {
	for range spanBatch {
		_, end := tel.Span(context.Background(), "", "/api/v1/payments")
		end(200)
	}
}

func TestTheLogIsToldOnceWhenSpansAreLostAndWhenTheyArriveAgain(t *testing.T) {
	collector := newFakeCollector(t)
	var log lines
	tel := tracedTo(t, Tracing{Endpoint: collector.url, Sample: 1}, slog.NewTextHandler(&log, nil))
	for _, status := range []int{503, 400, 200, 200, 500} {
		collector.answer(status)
		batch(tel)
		<-collector.took
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	if lost, back := strings.Count(text, "msg=traces.lost"), strings.Count(text, "msg=traces.back"); lost != 2 || back != 1 {
		t.Errorf("lost was told %d times and back %d times:\n%s", lost, back, text)
	}
	if strings.Contains(text, "own words") {
		t.Errorf("the collector's answer is in the log:\n%s", text)
	}
}

// lines is a log that may be written and read at once.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// blackHole takes connections and never answers. Each ends up in gone once
// the other side has given it up.
func blackHole(t testing.TB) (address string, taken, gone chan struct{}) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	taken, gone = make(chan struct{}, 100), make(chan struct{}, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			taken <- struct{}{}
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				conn.Close()
				gone <- struct{}{}
			}()
		}
	}()
	return listener.Addr().String(), taken, gone
}

func TestACollectorThatNeverAnswersBlocksNothing(t *testing.T) {
	address, taken, gone := blackHole(t)
	tel := traced(t, Tracing{Endpoint: "http://" + address, Sample: 1})
	batch(tel)
	<-taken
	// That export will not return by itself. The queue is filled three times over
	// meanwhile.
	const spans = 3 * spanQueue
	for range spans / 2 {
		ctx, end := tel.Span(context.Background(), "", "/api/v1/payments")
		_, leave := tel.Observer().Stage(ctx, gateway.StageProcessor, "acme")
		leave(nil)
		end(200)
	}
	// Had anything waited for room in the queue, all that does not fit into it
	// would have been through an export by now.
	if begun := len(taken); begun >= (spans-spanQueue)/spanBatch {
		t.Errorf("%d exports were begun: the spans have waited for the collector", begun)
	}
	// A stop that has no time left ends the export too.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := tel.Shutdown(ctx); err == nil {
		t.Error("the shutdown says that all spans were sent")
	}
	for range 1 + len(taken) {
		<-gone
	}
	// What was still in the queue must not keep trying.
	span := tracetest.SpanStub{Name: "late"}.Snapshot()
	if err := tel.traces.collector.SpanExporter.ExportSpans(context.Background(), []sdktrace.ReadOnlySpan{span}); !errors.Is(err, context.Canceled) {
		t.Errorf("an export after the shutdown ended with %v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := newFakeCollector(t)
	asked := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.url+"/v1/traces", http.StatusTemporaryRedirect)
		asked <- struct{}{}
	}))
	defer server.Close()
	tel := traced(t, Tracing{Endpoint: server.URL, Sample: 1, Headers: map[string]string{"Authorization": "secret"}})
	_, end := tel.Span(t.Context(), "", "/api/v1/payments")
	end(200)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-asked
	if len(elsewhere.took) > 0 {
		t.Error("the spans, and the key, went elsewhere")
	}
}

// TestACollectorThatQuotesIsNotQuoted has a collector answer with what is no
// HTTP, which net/http's own errors repeat.
func TestACollectorThatQuotesIsNotQuoted(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 4111111111111111\r\n\r\n", "HTTP/1.1 200 OK\r\n4111111111111111\r\n\r\n", "4111111111111111\r\n\r\n"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(connection, answer)
				connection.Close()
			}
		}))
		defer server.Close()
		var log lines
		tel := tracedTo(t, Tracing{Endpoint: server.URL, Sample: 1}, slog.NewTextHandler(&log, nil))
		batch(tel)
		if err := tel.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if text := log.String(); !strings.Contains(text, "traces.lost") || strings.Contains(text, "4111") {
			t.Errorf("after %q: %s", answer, text)
		}
	}
}
