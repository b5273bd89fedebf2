package main

import (
	"context"
	"time"

	"paytrace-gateway/adapters/telemetry"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
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
		Version: version, Instance: instance, Merchants: merchants, Subscribers: subscriberNames(a.cfg), Now: time.Now, Log: a.log,
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

// subscriberNames are those that are told of each merchant's payments.
func subscriberNames(cfg *config.Config) map[string][]string {
	all := map[string][]string{}
	for _, m := range cfg.Merchants {
		if m.Callbacks.Magento != nil {
			all[m.ID] = append(all[m.ID], config.MagentoName)
		}
		if m.Callbacks.Salesforce != nil {
			all[m.ID] = append(all[m.ID], config.SalesforceName)
		}
		for _, hook := range m.Callbacks.Webhooks {
			all[m.ID] = append(all[m.ID], hook.Name)
		}
	}
	return all
}

// watchFigures says what is asked when the metrics are read.
func (a *app) watchFigures() {
	sources := telemetry.Sources{
		Routes: a.server.Routes(), InFlight: a.gateway.InFlight, Unreadable: a.gateway.Unreadable, Guards: a.guardStates,
		Backlog: a.gateway.Backlog, Ledger: a.ledger.Ready, Standings: a.gateway.Standings,
		LinesLost: lossesOf(a.log),
	}
	if a.cfg.Retention.Rules() != (gateway.RetentionRules{}) {
		sources.Retention = a.gateway.RetentionStanding
	}
	if a.cfg.SettlementFolder != "" {
		sources.Unfiled = a.gateway.UnfiledSettlements
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
