package main

import (
	"testing"
	"time"
)

func TestCostsAreThoseOfAllRequests(t *testing.T) {
	proxy := &variant{name: throughCaddy, own: &process{}}
	before := spent{own: usage{cpu: time.Second}}
	after := spent{own: usage{cpu: 3 * time.Second, resident: 5 << 20}}
	r := result{Answered: 700, Failed: 100, Warmed: 200}
	costs := row{measures: costsOf(proxy, before, after, r)}
	if cpu, _ := costs.value(cpuOwn); cpu != 2000 {
		t.Errorf("a request costs %g µs, want 2 s for 1,000", cpu)
	}
	if _, told := costs.value(unitMallocs); told {
		t.Error("a proxy tells its allocations")
	}
	if straight := costsOf(&variant{name: straight}, before, after, r); len(straight) != 0 {
		t.Errorf("the straight road costs %v", straight)
	}
}

func TestWhereNothingIsAnsweredNothingIsQuick(t *testing.T) {
	alone := row{measures: timesOf(result{Answered: 10, Latency: latency{P50: 300, P99: 400, P999: 500}})}
	refused := row{measures: timesOf(result{Failed: 10, Errors: map[string]int{"503": 10}})}
	if more := added(refused, alone); len(more) != 0 {
		t.Errorf("a variant that answers nothing adds %v", more)
	}
	if failed, _ := refused.value(unitFailed); failed != 10 {
		t.Errorf("%g failed, want 10", failed)
	}
}

func TestTheGuardSaysWhyItRefused(t *testing.T) {
	before := spent{refused: map[string]float64{"late": 3, "open": 1}}
	after := spent{refused: map[string]float64{"late": 10, "open": 1}}
	if said := refusals(before, after); said != "; the guard refused 7 (late)" {
		t.Errorf("it says %q", said)
	}
}
