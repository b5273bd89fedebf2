package telemetry

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// tally is one metric in one scrape. It adds up what falls under the same
// labels, for all unknown names share one, and a metric that is told twice
// would spoil the scrape.
type tally struct {
	desc    *prometheus.Desc
	kind    prometheus.ValueType
	figures map[string]*figure
}

type figure struct {
	labels []string
	value  float64
}

func gauges(desc *prometheus.Desc) tally {
	return tally{desc, prometheus.GaugeValue, map[string]*figure{}}
}

func counters(desc *prometheus.Desc) tally {
	return tally{desc, prometheus.CounterValue, map[string]*figure{}}
}

func (t tally) add(value float64, labels ...string) {
	key := strings.Join(labels, "\xff")
	if t.figures[key] == nil {
		t.figures[key] = &figure{labels: labels}
	}
	t.figures[key].value += value
}

func (t tally) tell(ch chan<- prometheus.Metric) {
	for _, f := range t.figures {
		ch <- prometheus.MustNewConstMetric(t.desc, t.kind, f.value, f.labels...)
	}
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}
