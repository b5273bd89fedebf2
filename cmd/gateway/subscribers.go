package main

import (
	"fmt"
	"time"

	"paytrace-gateway/adapters/magento"
	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/adapters/salesforce"
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
		if shop := m.Callbacks.Magento; shop != nil {
			sink, err := magento.New(magentoConfig(m, *shop))
			if err != nil {
				return nil, fmt.Errorf("merchant %s: magento: %w", m.ID, err)
			}
			a.onClose(sink.Close)
			subscribers = append(subscribers, subscriberOf(m, config.MagentoName, sink, shop.Calls, nil))
		}
		if org := m.Callbacks.Salesforce; org != nil {
			sink, err := salesforce.New(salesforceConfig(m, *org))
			if err != nil {
				return nil, fmt.Errorf("merchant %s: salesforce: %w", m.ID, err)
			}
			a.onClose(sink.Close)
			subscribers = append(subscribers, subscriberOf(m, config.SalesforceName, sink, org.Calls, nil))
		}
		for _, hook := range m.Callbacks.Webhooks {
			sink, err := webhook.New(webhookConfig(m, hook))
			if err != nil {
				return nil, fmt.Errorf("merchant %s: webhook %s: %w", m.ID, hook.Name, err)
			}
			a.onClose(sink.Close)
			subscribers = append(subscribers, subscriberOf(m, hook.Name, sink, hook.Calls, hook.Events))
		}
	}
	return subscribers, nil
}

func subscriberOf(m config.Merchant, name string, sink gateway.Sink, calls config.Calls, events []string) gateway.Subscriber {
	return gateway.Subscriber{
		MerchantID: m.ID, LiveMode: m.LiveMode, Name: name, Sink: sink,
		Events: events, AtOnce: calls.AtOnce, Deadline: calls.Timeout,
	}
}

func magentoConfig(m config.Merchant, shop config.Magento) magento.Config {
	return magento.Config{
		BaseURL: shop.BaseURL, SigningURL: shop.SigningURL,
		ConsumerKey: shop.ConsumerKey.Reveal(), ConsumerSecret: shop.ConsumerSecret.Reveal(),
		AccessToken: shop.AccessToken.Reveal(), AccessTokenSecret: shop.AccessTokenSecret.Reveal(),
		LiveMode: m.LiveMode, Way: magento.Way(shop.Way), MethodCodes: shop.MethodCodes, Channel: shop.Channel, Stores: shop.Stores,
		OrderWait: shop.OrderWait, UndoWithoutOrder: shop.UndoWithoutOrder, CallerBudget: shop.CallerBudget, LeaveReview: shop.LeaveReview,
		Declined: magento.DeclineRule(shop.Declined), Statuses: shop.Statuses,
		AllowNetworks: shop.AllowNetworks, AllowHosts: shop.AllowHosts, Now: time.Now,
	}
}

func salesforceConfig(m config.Merchant, org config.Salesforce) salesforce.Config {
	return salesforce.Config{
		LoginURL: org.LoginURL, ClientID: org.ClientID, ClientSecret: org.ClientSecret.Reveal(),
		Username: org.Username, PrivateKey: org.PrivateKey.Reveal(), Audience: org.Audience,
		APIVersion: org.APIVersion, Object: org.Object, ExternalID: org.ExternalID, PerOperation: org.PerOperation,
		SequenceField: org.SequenceField, CustomerVaultField: org.CustomerVaultField, PlatformEvent: org.PlatformEvent,
		Rules: mapping.Rules{Fields: org.Fields, Statuses: org.Statuses}, EventFields: org.EventFields,
		LiveMode: m.LiveMode, AllowNetworks: org.AllowNetworks, AllowHosts: org.AllowHosts, Now: time.Now,
	}
}

func webhookConfig(m config.Merchant, hook config.Webhook) webhook.Config {
	return webhook.Config{
		URL: hook.URL, Secret: hook.Secret.Reveal(), PreviousSecret: hook.PreviousSecret.Reveal(),
		Body: api.EventData, LiveMode: m.LiveMode, AllowNetworks: hook.AllowNetworks, AllowHosts: hook.AllowHosts, Now: time.Now,
	}
}
