package main

import (
	"fmt"
	"time"

	"paytrace-gateway/adapters/webhook"
	"paytrace-gateway/api"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// tellEvery is how often the gateway asks for what other instances have left to
// tell, and for what is due again.
const tellEvery = 2 * time.Second

// openSubscribers makes a sink for everyone who is told of payments. It waits
// for none of them.
func (a *app) openSubscribers() ([]gateway.Subscriber, error) {
	var subscribers []gateway.Subscriber
	for _, m := range a.cfg.Merchants {
		for _, hook := range m.Callbacks.Webhooks {
			sink, err := webhook.New(webhookConfig(m, hook))
			if err != nil {
				return nil, fmt.Errorf("merchant %s: webhook %s: %w", m.ID, hook.Name, err)
			}
			a.onClose(sink.Close)
			subscribers = append(subscribers, gateway.Subscriber{
				MerchantID: m.ID, LiveMode: m.LiveMode, Name: hook.Name, Sink: sink,
				Events: hook.Events, AtOnce: hook.AtOnce, Deadline: hook.Timeout,
			})
		}
	}
	return subscribers, nil
}

func webhookConfig(m config.Merchant, hook config.Webhook) webhook.Config {
	return webhook.Config{
		URL: hook.URL, Secret: hook.Secret.Reveal(), PreviousSecret: hook.PreviousSecret.Reveal(),
		Body: api.EventData, LiveMode: m.LiveMode, AllowNetworks: hook.AllowNetworks, AllowHosts: hook.AllowHosts, Now: time.Now,
	}
}
