package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"paytrace-gateway/gateway"
)

// road counts what it sees of the gateway's road.
type road struct {
	now       func() time.Time
	merchants names
	traces    *traces
	told      *deliveries

	operations     *prometheus.CounterVec
	operationsTook *prometheus.HistogramVec
	vault          *prometheus.CounterVec
	stagesTook     *prometheus.HistogramVec
	stageErrors    *prometheus.CounterVec
}

var _ gateway.Observer = (*road)(nil)

func newRoad(to prometheus.Registerer, now func() time.Time, merchants names, traces *traces, told *deliveries) *road {
	r := &road{
		now: now, merchants: merchants, traces: traces, told: told,
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "operations_total",
			Help: "Operations that were decided or became unknown, by what became of them and who found out.",
		}, []string{"merchant", "kind", "status", "by"}),
		operationsTook: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "operation_duration_seconds",
			Help:    "Time from an operation's intent until it was decided or became unknown.",
			Buckets: buckets,
		}, []string{"merchant", "kind", "by"}),
		vault: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "vault_operations_total",
			Help: "Changes of stored cards at PayTrace, by what became of them and who found out.",
		}, []string{"merchant", "verb", "status", "by"}),
		stagesTook: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "stage_duration_seconds",
			Help:    "Time at each station of the road.",
			Buckets: buckets,
		}, []string{"stage"}),
		stageErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "stage_errors_total",
			Help: "How often a station of the road was left with an error, refusals among them.",
		}, []string{"stage"}),
	}
	// A series that begins with its first event hides that event from rate().
	for _, stage := range gateway.Stages {
		r.stagesTook.WithLabelValues(string(stage))
		r.stageErrors.WithLabelValues(string(stage))
	}
	to.MustRegister(r.operations, r.operationsTook, r.vault, r.stagesTook, r.stageErrors)
	return r
}

// Stage measures one station, and makes a span of it where tracing is on.
func (r *road) Stage(ctx context.Context, stage gateway.Stage, merchantID string) (context.Context, func(error)) {
	name, began := stages.label(string(stage)), r.now()
	if r.traces == nil {
		return ctx, func(err error) { r.left(name, began, err) }
	}
	ctx, end := r.traces.stage(ctx, name, r.merchants.label(merchantID))
	return ctx, func(err error) {
		r.left(name, began, err)
		end(err)
	}
}

func (r *road) left(stage string, began time.Time, err error) {
	r.stagesTook.WithLabelValues(stage).Observe(r.now().Sub(began).Seconds())
	if err != nil {
		r.stageErrors.WithLabelValues(stage).Inc()
	}
}

// Operation counts what became of one operation.
func (r *road) Operation(o gateway.Observation) {
	merchant, kind := r.merchants.label(o.MerchantID), kinds.label(string(o.Kind))
	by := deciders.label(string(o.By))
	r.operations.WithLabelValues(merchant, kind, statuses.label(string(o.Status)), by).Inc()
	r.operationsTook.WithLabelValues(merchant, kind, by).Observe(o.Took.Seconds())
}

// Vault counts what became of one change of a stored card.
func (r *road) Vault(o gateway.VaultObservation) {
	r.vault.WithLabelValues(r.merchants.label(o.MerchantID), verbs.label(string(o.Verb)), statuses.label(string(o.Status)),
		deciders.label(string(o.By))).Inc()
}

// Delivery counts one attempt to tell a subscriber.
func (r *road) Delivery(o gateway.DeliveryObservation) { r.told.observe(o) }
