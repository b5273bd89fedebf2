package telemetry

import (
	"fmt"
	"strings"
)

// histogram writes what a histogram of these observations looks like. The
// buckets are written out here, for a change of them breaks the queries of
// those who watch.
func histogram(name, labels string, observed ...float64) string {
	return histogramOf([]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60}, name, labels, observed...)
}

// agesHistogram is histogram for the ages of events.
func agesHistogram(name, labels string, observed ...float64) string {
	return histogramOf([]float64{.1, .5, 1, 5, 15, 60, 300, 900, 3600, 14400, 43200, 86400, 259200}, name, labels, observed...)
}

func histogramOf(bounds []float64, name, labels string, observed ...float64) string {
	var b strings.Builder
	sum := 0.0
	for _, o := range observed {
		sum += o
	}
	for _, le := range bounds {
		within := 0
		for _, o := range observed {
			if o <= le {
				within++
			}
		}
		fmt.Fprintf(&b, "%s_bucket{%s,le=\"%v\"} %d\n", name, labels, le, within)
	}
	fmt.Fprintf(&b, "%s_bucket{%s,le=\"+Inf\"} %d\n", name, labels, len(observed))
	fmt.Fprintf(&b, "%s_sum{%s} %v\n%s_count{%s} %d\n", name, labels, sum, name, labels, len(observed))
	return b.String()
}
