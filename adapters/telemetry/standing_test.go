package telemetry

import (
	"testing"

	"paytrace-gateway/gateway/guard"
)

func TestWhatHasNoSourceHasNoMetric(t *testing.T) {
	tel := opened(t, newClock().Now)
	for _, name := range []string{
		"in_flight", "due_unreadable", "breaker_state", "processor_attempts_total", "guard_refused_total", "guard_retried_total", "limiter_queue",
		"redis_up", "redis_calls_total", "redis_errors_total", "log_lines_lost_total", "ledger_up", "unknown_operations",
	} {
		if got := count(t, tel, name); got != 0 {
			t.Errorf("%s has %d series", name, got)
		}
	}
}

func TestInFlightIsAskedAtEveryScrape(t *testing.T) {
	tel := opened(t, newClock().Now)
	under := 0
	tel.Watch(Sources{InFlight: func() int { under++; return 40 + under }})
	wantMetrics(t, tel, "gauge", "in_flight", `in_flight 42`) // the first scrape was for its help
}

func TestWhatIsDueAndCannotBeReadIsCounted(t *testing.T) {
	tel := opened(t, newClock().Now)
	tel.Watch(Sources{Unreadable: func() map[string]int { return map[string]int{"acme": 3, "globex": 0, "gone": 1} }})
	wantMetrics(t, tel, "gauge", "due_unreadable", `
		due_unreadable{merchant="acme"} 3
		due_unreadable{merchant="globex"} 0
		due_unreadable{merchant="other"} 1`)
}

func TestABreakerIsInOneState(t *testing.T) {
	for _, state := range []string{"closed", "half-open", "open"} {
		tel := opened(t, newClock().Now)
		tel.Watch(Sources{Guards: func() map[string]guard.State {
			return map[string]guard.State{"acme": {
				Money: guard.ClassState{Breaker: state}, Look: guard.ClassState{Breaker: "closed"}, Form: guard.ClassState{Breaker: "closed"},
				Enhanced: guard.ClassState{Breaker: "closed"}, Vault: guard.ClassState{Breaker: "closed"}, Report: guard.ClassState{Breaker: "closed"}, LogIn: "open",
			}}
		}})
		one := map[bool]string{true: " 1\n", false: " 0\n"}
		wantMetrics(t, tel, "gauge", "breaker_state", `
			breaker_state{class="enhanced_data",merchant="acme",state="closed"} 1
			breaker_state{class="enhanced_data",merchant="acme",state="half-open"} 0
			breaker_state{class="enhanced_data",merchant="acme",state="open"} 0
			breaker_state{class="form",merchant="acme",state="closed"} 1
			breaker_state{class="form",merchant="acme",state="half-open"} 0
			breaker_state{class="form",merchant="acme",state="open"} 0
			breaker_state{class="look",merchant="acme",state="closed"} 1
			breaker_state{class="look",merchant="acme",state="half-open"} 0
			breaker_state{class="look",merchant="acme",state="open"} 0
			breaker_state{class="money",merchant="acme",state="closed"}`+one[state == "closed"]+`
			breaker_state{class="money",merchant="acme",state="half-open"}`+one[state == "half-open"]+`
			breaker_state{class="money",merchant="acme",state="open"}`+one[state == "open"]+`
			breaker_state{class="report",merchant="acme",state="closed"} 1
			breaker_state{class="report",merchant="acme",state="half-open"} 0
			breaker_state{class="report",merchant="acme",state="open"} 0
			breaker_state{class="token",merchant="acme",state="closed"} 0
			breaker_state{class="token",merchant="acme",state="half-open"} 0
			breaker_state{class="token",merchant="acme",state="open"} 1
			breaker_state{class="vault",merchant="acme",state="closed"} 1
			breaker_state{class="vault",merchant="acme",state="half-open"} 0
			breaker_state{class="vault",merchant="acme",state="open"} 0`)
	}
}

func TestAGuardTellsItsCounts(t *testing.T) {
	tel := opened(t, newClock().Now)
	tel.Watch(Sources{Guards: func() map[string]guard.State {
		return map[string]guard.State{"acme": busyGuard(), "globex": {Queue: 1}}
	}})
	wantMetrics(t, tel, "counter", "processor_attempts_total", `
		processor_attempts_total{class="form",merchant="acme",outcome="given"} 5
		processor_attempts_total{class="look",merchant="acme",outcome="found"} 9
		processor_attempts_total{class="money",merchant="acme",outcome="approved"} 7
		processor_attempts_total{class="money",merchant="acme",outcome="unknown"} 2`)
	wantMetrics(t, tel, "counter", "guard_refused_total", `
		guard_refused_total{class="look",merchant="acme",reason="limit"} 6
		guard_refused_total{class="money",merchant="acme",reason="late"} 1
		guard_refused_total{class="money",merchant="acme",reason="open"} 5`)
	wantMetrics(t, tel, "counter", "guard_retried_total", `
		guard_retried_total{class="enhanced_data",merchant="acme"} 0
		guard_retried_total{class="enhanced_data",merchant="globex"} 0
		guard_retried_total{class="form",merchant="acme"} 0
		guard_retried_total{class="form",merchant="globex"} 0
		guard_retried_total{class="look",merchant="acme"} 0
		guard_retried_total{class="look",merchant="globex"} 0
		guard_retried_total{class="money",merchant="acme"} 3
		guard_retried_total{class="money",merchant="globex"} 0
		guard_retried_total{class="report",merchant="acme"} 0
		guard_retried_total{class="report",merchant="globex"} 0
		guard_retried_total{class="vault",merchant="acme"} 0
		guard_retried_total{class="vault",merchant="globex"} 0`)
	wantMetrics(t, tel, "gauge", "limiter_queue", `
		limiter_queue{merchant="acme"} 4
		limiter_queue{merchant="globex"} 1`)
}

func TestRedisIsToldWhenThereIsOne(t *testing.T) {
	for _, c := range []struct {
		up   bool
		want string
	}{{true, "redis_up 1"}, {false, "redis_up 0"}} {
		tel := opened(t, newClock().Now)
		tel.Watch(Sources{Redis: func() RedisState {
			return RedisState{Up: c.up, Calls: 12, Errors: map[string]uint64{"away": 2, "timeout": 1}}
		}})
		wantMetrics(t, tel, "gauge", "redis_up", c.want)
		wantMetrics(t, tel, "counter", "redis_calls_total", `redis_calls_total 12`)
		wantMetrics(t, tel, "counter", "redis_errors_total", `
			redis_errors_total{kind="away"} 2
			redis_errors_total{kind="timeout"} 1`)
	}
}

func TestLinesThatWereLostAreCountedByLevel(t *testing.T) {
	tel := opened(t, newClock().Now)
	tel.Watch(Sources{LinesLost: func() map[string]uint64 { return map[string]uint64{"debug": 0, "info": 12, "warn": 1, "error": 0} }})
	wantMetrics(t, tel, "counter", "log_lines_lost_total", `
		log_lines_lost_total{level="debug"} 0
		log_lines_lost_total{level="error"} 0
		log_lines_lost_total{level="info"} 12
		log_lines_lost_total{level="warn"} 1`)
}

func TestTheBuildIsTold(t *testing.T) {
	wantMetrics(t, opened(t, newClock().Now), "gauge", "build_info", `build_info{version="1.2.3"} 1`)
}
