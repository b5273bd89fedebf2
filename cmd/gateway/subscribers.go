package main

import (
	"cmp"
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

// callback is one who is told of a merchant's payments, as the configuration has it.
type callback struct {
	// setting is its place among the callbacks, name what its deliveries are kept
	// under.
	setting, name string
	secrets       []config.Secret
	calls         config.Calls
	events        []string
	open          func() (closingSink, error)
}

// callbacksOf are all who are told, in the order of the configuration's page.
func callbacksOf(m config.Merchant) []callback {
	var all []callback
	if shop := m.Callbacks.Magento; shop != nil {
		all = append(all, callback{
			setting: config.MagentoName, name: config.MagentoName, calls: shop.Calls,
			secrets: []config.Secret{shop.ConsumerKey, shop.ConsumerSecret, shop.AccessToken, shop.AccessTokenSecret},
			open:    func() (closingSink, error) { return magento.New(magentoConfig(m, *shop)) },
		})
	}
	if org := m.Callbacks.Salesforce; org != nil {
		all = append(all, callback{
			setting: config.SalesforceName, name: config.SalesforceName, calls: org.Calls,
			secrets: []config.Secret{org.ClientSecret, org.PrivateKey},
			open:    func() (closingSink, error) { return salesforce.New(salesforceConfig(m, *org)) },
		})
	}
	for i, hook := range m.Callbacks.Webhooks {
		all = append(all, callback{
			setting: fmt.Sprintf("webhooks[%d]", i), name: hook.Name, calls: hook.Calls, events: hook.Events,
			secrets: []config.Secret{hook.Secret},
			open:    func() (closingSink, error) { return webhook.New(webhookConfig(m, hook)) },
		})
	}
	return all
}

// openSubscribers makes a sink for everyone who is told of payments. It waits
// for none of them.
func (a *app) openSubscribers() ([]gateway.Subscriber, error) {
	var subscribers []gateway.Subscriber
	for _, m := range a.cfg.Merchants {
		for _, c := range callbacksOf(m) {
			sink, err := a.openSink(m, c.secrets, c.open)
			if err != nil {
				return nil, fmt.Errorf("merchant %s: %s: %w", m.ID, c.name, err)
			}
			subscribers = append(subscribers, subscriberOf(m, c.name, sink, c.calls, c.events))
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
	before := hook.Secret.Before()
	if before == hook.Secret.Reveal() {
		// It was rotated to the value that it had. That signs once.
		before = ""
	}
	return webhook.Config{
		URL: hook.URL, Secret: hook.Secret.Reveal(), PreviousSecret: cmp.Or(hook.PreviousSecret.Reveal(), before),
		Body: api.EventData, LiveMode: m.LiveMode, AllowNetworks: hook.AllowNetworks, AllowHosts: hook.AllowHosts, Now: time.Now,
	}
}
