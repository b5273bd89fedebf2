package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// requests counts what comes over HTTP.
type requests struct {
	answered *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newRequests(to prometheus.Registerer) *requests {
	r := &requests{
		answered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "http_requests_total",
			Help: "Requests that were answered.",
		}, []string{"route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "http_request_duration_seconds",
			Help:    "Time from a request's arrival to its answer.",
			Buckets: buckets,
		}, []string{"route", "method"}),
	}
	to.MustRegister(r.answered, r.took)
	return r
}

// count takes labels, not what the caller has sent.
func (r *requests) count(route, method, status string, took time.Duration) {
	r.answered.WithLabelValues(route, method, status).Inc()
	r.took.WithLabelValues(route, method).Observe(took.Seconds())
}
