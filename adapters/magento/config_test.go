package magento

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestEveryFaultOfTheConfigurationIsNamed(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"baseURL: expected the shop's address":       func(c *Config) { c.BaseURL = "" },
		"baseURL: leave /rest out":                   func(c *Config) { c.BaseURL = "https://shop.example.com/rest" },
		"baseURL: a path may have":                   func(c *Config) { c.BaseURL = "https://shop.example.com/a%2Fb" },
		"baseURL: write the host in lower case":      func(c *Config) { c.BaseURL = "https://Shop.example.com" },
		"baseURL: must be https":                     func(c *Config) { c.BaseURL, c.LiveMode = "http://shop.example.com", true },
		"signingURL: write the host":                 func(c *Config) { c.SigningURL = "https://shop.example.com:443" },
		"signingURL: expected the shop's":            func(c *Config) { c.SigningURL = "https://u:hunter2@shop.example.com" },
		"consumerKey: expected the 32":               func(c *Config) { c.ConsumerKey = "short" },
		"consumerSecret: expected the 32":            func(c *Config) { c.ConsumerSecret = "" },
		"accessToken: expected the 32":               func(c *Config) { c.AccessToken += "1" },
		"accessTokenSecret: expected the 32":         func(c *Config) { c.AccessTokenSecret = strings.Repeat(" ", 32) },
		"way: expected module or core":               func(c *Config) { c.Way = "" },
		"declined: expected cancel or review":        func(c *Config) { c.Declined = "hold" },
		"orderWait: expected at most 72h":            func(c *Config) { c.OrderWait = 73 * time.Hour },
		"callerBudget: must not":                     func(c *Config) { c.CallerBudget = -1 },
		"stores: expected a store code":              func(c *Config) { c.Stores = map[string]int64{"de": 0} },
		"statuses.approved: closed is no status":     func(c *Config) { c.Statuses = map[gateway.Status]string{gateway.StatusApproved: "closed"} },
		"statuses.declined: processing is no status": func(c *Config) { c.Statuses = map[gateway.Status]string{gateway.StatusDeclined: "processing"} },
		"statuses: an order is not moved by":         func(c *Config) { c.Statuses = map[gateway.Status]string{gateway.Settled: "x"} },
		"statuses.voided: expected a status code":    func(c *Config) { c.Statuses = map[gateway.Status]string{gateway.Voided: "No Go"} },
		"allowHosts[0]":                              func(c *Config) { c.AllowHosts = []string{"all"} },
	} {
		c := configFor("http://127.0.0.1:8080", WayCore)
		change(&c)
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a password is quoted: %v", err)
		}
	}
}

func TestAShopOnAPrivateNetworkHasToBeAllowed(t *testing.T) {
	c := configFor("http://10.1.2.3:8080", WayCore)
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "baseURL: ") {
		t.Errorf("%v", err)
	}
	c.AllowNetworks = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	if _, err := New(c); err != nil {
		t.Error(err)
	}
}

func TestEachStateOfAPaymentHasItsPlace(t *testing.T) {
	for status, want := range map[gateway.Status]string{
		gateway.Authorized: "processing", gateway.StatusApproved: "processing", gateway.StatusUnknown: "payment_review",
		gateway.StatusDeclined: "canceled", gateway.Failed: "canceled", gateway.Voided: "canceled", gateway.Refunded: "closed",
		gateway.Sending: "", gateway.Settled: "", gateway.Expired: "", gateway.PartiallyRefunded: "", gateway.Accepted: "", gateway.Returned: "",
	} {
		if got := StateOf(status); got != want {
			t.Errorf("%s leads to %q, want %q", status, got, want)
		}
		to := (Config{}).placeOf(status)
		if to.state != "" && checkStatus(status, to.status) != nil {
			t.Errorf("the default status of %s is not of its state", status)
		}
	}
}
