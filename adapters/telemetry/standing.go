package telemetry

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"paytrace-gateway/gateway/guard"
)

// standing tells at a scrape what this process holds in memory.
type standing struct {
	watched   *atomic.Pointer[watched]
	merchants names
}

var (
	inFlight    = describe("in_flight", "Operations under way in this process.")
	unworkable  = describe("due_unreadable", "What has work due on it and could not be read when this process last looked.", "merchant")
	breakerNow  = describe("breaker_state", "1 for the state that a breaker is in, 0 for the others.", "merchant", "class", "state")
	attempts    = describe("processor_attempts_total", "Calls to PayTrace by what they came to.", "merchant", "class", "outcome")
	refused     = describe("guard_refused_total", "Calls that the guard ended without PayTrace, by reason.", "merchant", "class", "reason")
	retried     = describe("guard_retried_total", "How often a call to PayTrace was tried again.", "merchant", "class")
	queued      = describe("limiter_queue", "Callers that wait for a slot of the rate limit.", "merchant")
	redisUp     = describe("redis_up", "1 while Redis answers, else 0.")
	redisCalls  = describe("redis_calls_total", "Calls that were made to Redis.")
	redisErrors = describe("redis_errors_total", "Calls to Redis that failed, or were not made since it is away.", "kind")
	linesLost   = describe("log_lines_lost_total", "Lines that are not in the log, since nobody read it or it could not be written.", "level")
)

// Describe names the metrics.
func (s *standing) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		inFlight, unworkable, breakerNow, attempts, refused, retried, queued, redisUp, redisCalls, redisErrors, linesLost,
	} {
		ch <- desc
	}
}

// Collect tells them.
func (s *standing) Collect(ch chan<- prometheus.Metric) {
	from := s.watched.Load()
	if from.InFlight != nil {
		ch <- prometheus.MustNewConstMetric(inFlight, prometheus.GaugeValue, float64(from.InFlight()))
	}
	if from.Unreadable != nil {
		due := gauges(unworkable)
		for merchant, n := range from.Unreadable() {
			due.add(float64(n), s.merchants.label(merchant))
		}
		due.tell(ch)
	}
	if from.Guards != nil {
		s.tellGuards(ch, from.Guards())
	}
	if from.Redis != nil {
		tellRedis(ch, from.Redis())
	}
	if from.LinesLost != nil {
		lost := counters(linesLost)
		for level, count := range from.LinesLost() {
			lost.add(float64(count), logLevels.label(level))
		}
		lost.tell(ch)
	}
}

func tellRedis(ch chan<- prometheus.Metric, state RedisState) {
	ch <- prometheus.MustNewConstMetric(redisUp, prometheus.GaugeValue, oneIf(state.Up))
	ch <- prometheus.MustNewConstMetric(redisCalls, prometheus.CounterValue, float64(state.Calls))
	failed := counters(redisErrors)
	for kind, count := range state.Errors {
		failed.add(float64(count), redisFaults.label(kind))
	}
	failed.tell(ch)
}

func (s *standing) tellGuards(ch chan<- prometheus.Metric, guards map[string]guard.State) {
	breakers, queue := gauges(breakerNow), gauges(queued)
	tried, ended, again := counters(attempts), counters(refused), counters(retried)
	for id, state := range guards {
		merchant := s.merchants.label(id)
		queue.add(float64(state.Queue), merchant)
		for class, now := range breakersOf(state) {
			for name := range breakerStates {
				breakers.add(0, merchant, class, name)
			}
			breakers.add(1, merchant, class, breakerStates.label(now))
		}
		for class, c := range classesOf(state) {
			for outcome, count := range c.Attempts {
				tried.add(float64(count), merchant, class, outcomes.label(outcome))
			}
			for reason, count := range c.Refused {
				ended.add(float64(count), merchant, class, reasons.label(reason))
			}
			again.add(float64(c.Retried), merchant, class)
		}
	}
	for _, t := range []tally{breakers, queue, tried, ended, again} {
		t.tell(ch)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
