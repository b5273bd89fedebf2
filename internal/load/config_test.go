package load

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestARunThatCannotBeIsRefusedBeforeAnythingIsSent(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no target", func(c *Config) { c.Targets = nil }, "targets"},
		{"no customer", func(c *Config) { c.Customers = []string{"demo-visa", ""} }, "customers"},
		{"another's machine", func(c *Config) { c.Targets = []string{"http://192.0.2.1:8080"} }, "--allow-any-address"},
		{"another's name", func(c *Config) { c.Targets = []string{"https://api.paytrace.com"} }, "--allow-any-address"},
		{"a name that begins like ours", func(c *Config) { c.Targets = []string{"http://localhost.example.com"} }, "--allow-any-address"},
		{"one of several", func(c *Config) { c.Targets = append(c.Targets, "http://192.0.2.1") }, "--allow-any-address"},
		{"no scheme", func(c *Config) { c.Targets = []string{"127.0.0.1:8080"} }, "a URL such as"},
		{"another scheme", func(c *Config) { c.Targets = []string{"ftp://127.0.0.1"} }, "a URL such as"},
		{"a query", func(c *Config) { c.Targets = []string{"http://127.0.0.1/?a=b"} }, "all that it may have"},
		{"as nobody", func(c *Config) { c.As = "stripe" }, "stripe"},
		{"no rate", func(c *Config) { c.Stages = nil }, "either a rate"},
		{"a rate and connections", func(c *Config) { c.Connections = 1 }, "either a rate"},
		{"a rate of nothing", func(c *Config) { c.Stages = []Stage{{0, time.Second}} }, "a second"},
		{"connections for no time", func(c *Config) { c.Stages, c.Connections = nil, 1 }, "lasts up to"},
		{"more connections than in flight", func(c *Config) { c.Stages, c.Connections, c.For = nil, 1001, time.Second }, "in flight"},
		{"nothing in flight", func(c *Config) { c.MaxInFlight = 0 }, "in flight"},
		{"too much in flight", func(c *Config) { c.MaxInFlight = mostInFlight + 1 }, "in flight"},
		{"a warm-up that ends before it begins", func(c *Config) { c.Warmup = -1 }, "warm-up"},
		{"no time to answer", func(c *Config) { c.Timeout = 0 }, "may take"},
		{"no mix", func(c *Config) { c.Mix = nil }, "mix"},
		{"a refund at PayTrace", func(c *Config) { c.As, c.Mix = AsPayTrace, Mix{{Refund, 1}} }, "only sales"},
		{"a drill of refunds", func(c *Config) { c.Drill, c.Mix = &Drill{}, Mix{{Refund, 1}} }, "a drill makes sales"},
		{"a drill at PayTrace", func(c *Config) { c.Drill, c.As = &Drill{}, AsPayTrace }, "a drill makes sales"},
		{"a drill of connections", func(c *Config) { c.Drill, c.Stages, c.Connections, c.For = &Drill{}, nil, 1, time.Second }, "rate or a ramp"},
		{"a drill without a pause", func(c *Config) { c.Drill = &Drill{RepeatFor: time.Second} }, "pause"},
		{"a drill of too many keys", func(c *Config) {
			c.Drill, c.Stages = &Drill{RepeatFor: 1, Pause: time.Second}, []Stage{{1001, 1000 * time.Second}}
		}, "keys"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := short("http://127.0.0.1:1")
			test.change(&c)
			_, err := Run(t.Context(), c)
			if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestTheLoopbackAddressesAreTargets(t *testing.T) {
	for _, base := range []string{"http://127.0.0.1:8080", "http://127.1.2.3", "https://localhost:8443", "http://[::1]:8080", "http://127.0.0.1:8080/below"} {
		if err := checkTarget(base, false); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	if err := checkTarget("https://gateway.example.com", true); err != nil {
		t.Errorf("an address that was allowed: %v", err)
	}
	if err := checkTarget("http://ann:secretword@127.0.0.1", true); err == nil || strings.Contains(err.Error(), "secretword") {
		t.Errorf("a password in the address: %v", err)
	}
}
