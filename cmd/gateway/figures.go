package main

import (
	"context"
	"time"

	"paytrace-gateway/adapters/telemetry"
	"paytrace-gateway/gateway/guard"
)

// lastSpans is how long a stop waits for the collector of traces.
const lastSpans = 5 * time.Second

// openTelemetry comes before the gateway, which it observes.
func (a *app) openTelemetry(instance string) (err error) {
	var merchants []string
	for _, m := range a.cfg.Merchants {
		merchants = append(merchants, m.ID)
	}
	headers := map[string]string{}
	for name, value := range a.cfg.Tracing.Headers {
		headers[name] = value.Reveal()
	}
	a.gauges, err = telemetry.New(telemetry.Config{
		Version: version, Instance: instance, Merchants: merchants, Now: time.Now, Log: a.log,
		Tracing: telemetry.Tracing{Endpoint: a.cfg.Tracing.Endpoint, Sample: a.cfg.Tracing.Sample, Headers: headers},
	})
	if err != nil {
		return err
	}
	a.onClose(func() {
		ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
		defer cancel()
		_ = a.gauges.Shutdown(ctx) // spans that nobody takes are lost
	})
	return nil
}

// watchFigures says what is asked when the metrics are read.
func (a *app) watchFigures() {
	sources := telemetry.Sources{
		Routes: a.server.Routes(), InFlight: a.gateway.InFlight, Guards: a.guardStates,
		Backlog: a.gateway.Backlog, Ledger: a.ledger.Ready,
	}
	if a.desk.redis != nil {
		sources.Redis = a.desk.redisState
	}
	a.gauges.Watch(sources)
}

func (a *app) guardStates() map[string]guard.State {
	states := map[string]guard.State{}
	for id, g := range a.guards {
		states[id] = g.State()
	}
	return states
}

func (d desk) redisState() telemetry.RedisState {
	s := d.redis.State()
	return telemetry.RedisState{Up: s.Reachable && s.Breaker != "open", Calls: s.Calls, Errors: s.Errors}
}
