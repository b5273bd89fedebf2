package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"paytrace-gateway/gateway"
)

// ages fit the way of an event: told at once, after a wait for its order, after
// an outage, or at the end of a schedule of days.
var ages = []float64{.1, .5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600}

// deliveries counts what subscribers are told.
type deliveries struct {
	merchants, subscribers names

	attempts *prometheus.CounterVec
	dead     *prometheus.CounterVec
	took     *prometheus.HistogramVec
	age      *prometheus.HistogramVec
}

func newDeliveries(to prometheus.Registerer, merchants names, subscribers map[string][]string) *deliveries {
	d := &deliveries{
		merchants: merchants, subscribers: subscriberNames(subscribers),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "deliveries_total",
			Help: "Attempts to tell a subscriber, by what came of them.",
		}, []string{"merchant", "subscriber", "outcome"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "dead_letters_total",
			Help: "Deliveries that became dead letters.",
		}, []string{"merchant", "subscriber"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "delivery_duration_seconds",
			Help:    "Time of one attempt to tell a subscriber.",
			Buckets: buckets,
		}, []string{"merchant", "subscriber"}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "delivery_age_seconds",
			Help:    "Time from an event until the subscriber was told of it.",
			Buckets: ages,
		}, []string{"merchant", "subscriber"}),
	}
	// A series that begins with its first event hides that event from rate().
	for merchant, of := range subscribers {
		for _, subscriber := range of {
			d.dead.WithLabelValues(d.merchants.label(merchant), d.subscribers.label(subscriber))
		}
	}
	to.MustRegister(d.attempts, d.dead, d.took, d.age)
	return d
}

func subscriberNames(of map[string][]string) names {
	all := names{}
	for _, subscribers := range of {
		for _, name := range subscribers {
			all[name] = name
		}
	}
	return all
}

func (d *deliveries) observe(o gateway.DeliveryObservation) {
	merchant, subscriber := d.merchants.label(o.MerchantID), d.subscribers.label(o.Subscriber)
	d.attempts.WithLabelValues(merchant, subscriber, tellings.label(string(o.Outcome))).Inc()
	d.took.WithLabelValues(merchant, subscriber).Observe(o.Took.Seconds())
	if o.Dead {
		d.dead.WithLabelValues(merchant, subscriber).Inc()
	}
	if o.Outcome == gateway.Told {
		d.age.WithLabelValues(merchant, subscriber).Observe(max(0, o.Age.Seconds()))
	}
}
