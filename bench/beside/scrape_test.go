package main

import (
	"strings"
	"testing"
)

func TestMetricsAreSummedByNameAndLabels(t *testing.T) {
	told, err := parseSamples(strings.NewReader(`# HELP go_goroutines Number of goroutines.
go_goroutines 42
go_memstats_mallocs_total 1.5e+06
paytrace_gateway_operations_total{by="answer",kind="sale",merchant="main",status="approved"} 10
paytrace_gateway_operations_total{by="look",kind="sale",merchant="main",status="approved"} 2
paytrace_gateway_operations_total{by="answer",kind="sale",merchant="main",status="declined"} 5
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, ask := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"go_goroutines", nil, 42},
		{"go_memstats_mallocs_total", nil, 1.5e6},
		{"paytrace_gateway_operations_total", nil, 17},
		{"paytrace_gateway_operations_total", []string{`status="approved"`}, 12},
		{"paytrace_gateway_operations_total", []string{`status="approved"`, `by="look"`}, 2},
		{"paytrace_gateway_operations", nil, 0},
	} {
		if n := told.sum(ask.name, ask.labels...); n != ask.want {
			t.Errorf("%s %v is %g, want %g", ask.name, ask.labels, n, ask.want)
		}
	}
	for _, wrong := range []string{"alone\n", "go_goroutines many\n"} {
		if _, err := parseSamples(strings.NewReader(wrong)); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}
