package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// prefix stands before the name of every metric of ours.
const prefix = "paytrace_gateway_"

// maxScrapes bounds the scrapes at once; the one above it is told to come
// again.
const maxScrapes = 4

// buckets fit a checkout: from a refusal at once to a call that PayTrace
// answers after a minute.
var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60}

// Telemetry holds the metrics and traces of one process. Its methods may be
// called concurrently.
type Telemetry struct {
	registry *prometheus.Registry
	handler  http.Handler
	road     *road
	requests *requests
	traces   *traces // nil when tracing is off
	watched  *atomic.Pointer[watched]
}

// Sources are what a scrape asks. They come after the Gateway, which needs the
// Observer first. A nil source has no metrics.
type Sources struct {
	// Routes are the patterns of all paths, such as /api/v1/payments/:paymentId.
	// A request is counted under one of them.
	Routes []string
	// InFlight is how many operations are under way.
	InFlight func() int
	// Guards are the states of the guards by merchant.
	Guards func() map[string]guard.State
	// Redis is nil when the gateway works without one.
	Redis func() RedisState
	// LinesLost counts by level the lines of the log that nobody will read, nil where
	// the log loses none.
	LinesLost func() map[string]uint64
	// Unreadable counts by merchant what has work due on it and cannot be read.
	Unreadable func() map[string]int
	// Backlog counts what is unfinished, and Ledger returns nil while the ledger
	// can write. Both are asked with a deadline, and not more often than
	// every ten seconds.
	Backlog func(context.Context) ([]gateway.Backlog, error)
	Ledger  func(context.Context) error
	// Standings tell how the subscribers stand. They are asked for together with
	// the backlog.
	Standings func(context.Context) ([]gateway.SubscriberStanding, error)
	// Retention tells how the archive stands, nil where nothing leaves the ledger.
	// It is asked for together with the backlog.
	Retention func(context.Context) (gateway.RetentionStanding, error)
	// Unfiled counts by merchant the settlement days whose files are still to be
	// written, nil where there are no files. It is asked for together with the backlog.
	Unfiled func(context.Context) (map[string]int, error)
}

// RedisState is Redis in figures. The counts only ever grow.
type RedisState struct {
	// Up says that calls go to Redis and are answered.
	Up bool
	// Calls counts the calls that were made, Errors what went wrong by kind:
	// "away" were not made at all; "cancelled", "timeout", "connection",
	// "login", "server" and "value" were.
	Calls  uint64
	Errors map[string]uint64
}

// watched are the sources as they are used.
type watched struct {
	Sources
	routes names
}

// New makes the metrics, and starts tracing when a collector is named. It does
// not wait for the collector.
func New(c Config) (*Telemetry, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	merchants := namesOf(c.Merchants...)
	t := &Telemetry{registry: prometheus.NewRegistry(), watched: &atomic.Pointer[watched]{}}
	t.Watch(Sources{})
	if c.Tracing.Endpoint != "" {
		var err error
		if t.traces, err = newTraces(c); err != nil {
			return nil, err
		}
	}
	t.road = newRoad(t.registry, c.Now, merchants, t.traces, newDeliveries(t.registry, merchants, c.Subscribers))
	t.requests = newRequests(t.registry)
	t.registry.MustRegister(
		buildInfo(c.Version),
		&standing{watched: t.watched, merchants: merchants},
		newBooks(c, merchants, t.watched),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	t.handler = promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		ErrorLog: scrapeLog{c.Log},
		// What can be told is told, also when a part of it cannot.
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
		EnableOpenMetrics:   true,
	})
	return t, nil
}

// Watch sets what scrapes ask from now on.
func (t *Telemetry) Watch(s Sources) {
	t.watched.Store(&watched{Sources: s, routes: namesOf(s.Routes...)})
}

// Observer is for gateway.Config.
func (t *Telemetry) Observer() gateway.Observer { return t.road }

// Handler answers scrapes, in the text format of Prometheus or in OpenMetrics.
func (t *Telemetry) Handler() http.Handler { return t.handler }

// Request counts a request that was answered. The route is its pattern.
func (t *Telemetry) Request(route, method string, status int, took time.Duration) {
	t.requests.count(t.watched.Load().routes.label(route), methods.label(method), statusLabel(status), took)
}

// Span begins the span of an incoming request. It belongs to the caller's trace
// when traceparent, a header of W3C Trace Context, is well-formed, and begins
// one of its own when it is not. The context goes on with the request; the func
// ends the span.
func (t *Telemetry) Span(ctx context.Context, traceparent, route string) (context.Context, func(status int)) {
	if t.traces == nil {
		return ctx, untraced
	}
	return t.traces.request(ctx, traceparent, t.watched.Load().routes.label(route))
}

func untraced(int) {}

// Shutdown sends the spans that are left, as long as ctx and the collector
// allow.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t.traces == nil {
		return nil
	}
	return t.traces.shutdown(ctx)
}

func buildInfo(version string) prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: prefix + "build_info", Help: "Which version runs; always 1.",
	}, []string{"version"})
	info.WithLabelValues(version).Set(1)
	return info
}

// scrapeLog takes what promhttp has to say.
type scrapeLog struct{ log *slog.Logger }

func (l scrapeLog) Println(v ...any) {
	l.log.Error("metrics.scrape_failed", "error", fmt.Sprint(v...))
}
