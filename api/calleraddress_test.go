package api_test

import (
	"net"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"paytrace-gateway/api"
)

// Only a proxy on this machine says who stands behind it, and only when the
// configuration names its header.
func TestTheAddressOfACallerIsWhatAProxyOnThisMachineSays(t *testing.T) {
	for name, c := range map[string]struct {
		setting, peer string
		sent          []string
		want          string
	}{
		"no setting":                {"", "127.0.0.1", []string{"203.0.113.5"}, "127.0.0.1"},
		"a proxy here":              {"X-Real-IP", "127.0.0.1", []string{"203.0.113.5"}, "203.0.113.5"},
		"a proxy here, IPv6":        {"X-Real-IP", "::1", []string{"2001:db8::7"}, "2001:db8::7"},
		"another spelling":          {"x-real-ip", "127.0.0.1", []string{"203.0.113.5"}, "203.0.113.5"},
		"mapped into IPv6":          {"X-Real-IP", "127.0.0.1", []string{"::ffff:203.0.113.5"}, "203.0.113.5"},
		"anybody else":              {"X-Real-IP", "198.51.100.1", []string{"203.0.113.5"}, "198.51.100.1"},
		"a neighbour":               {"X-Real-IP", "10.0.0.2", []string{"203.0.113.5"}, "10.0.0.2"},
		"no header":                 {"X-Real-IP", "127.0.0.1", nil, "127.0.0.1"},
		"an empty one":              {"X-Real-IP", "127.0.0.1", []string{""}, "127.0.0.1"},
		"no address":                {"X-Real-IP", "127.0.0.1", []string{"unknown"}, "127.0.0.1"},
		"what a caller put before":  {"X-Real-IP", "127.0.0.1", []string{"192.0.2.1, 203.0.113.5"}, "203.0.113.5"},
		"in a line of its own":      {"X-Real-IP", "127.0.0.1", []string{"192.0.2.1", "203.0.113.5"}, "203.0.113.5"},
		"no address at the end":     {"X-Real-IP", "127.0.0.1", []string{"192.0.2.1, x"}, "127.0.0.1"},
		"a header of another name":  {"X-Forwarded-For", "127.0.0.1", []string{"203.0.113.5"}, "127.0.0.1"},
		"an address with a machine": {"X-Real-IP", "127.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(config *api.Config) { config.ClientAddressHeader = c.setting })
			var request fasthttp.Request
			request.Header.SetMethod("POST")
			request.SetRequestURI(sessions)
			request.Header.SetHost("gateway.test")
			request.Header.SetContentType("application/json")
			request.SetBodyString(`{"operatorName":"nobody","password":"not the right one"}`)
			for _, value := range c.sent {
				request.Header.Add("X-Real-IP", value)
			}
			var ctx fasthttp.RequestCtx
			ctx.Init(&request, &net.TCPAddr{IP: net.ParseIP(c.peer), Port: 4711}, nil)
			h.server.Handler()(&ctx)
			if log := h.log.String(); ctx.Response.StatusCode() != 401 || !strings.Contains(log, `"address":"`+c.want+`"`) {
				t.Errorf("%d, want the address %s: %s", ctx.Response.StatusCode(), c.want, log)
			}
		})
	}
}

func TestADecisionBehindAProxyIsRecordedFromTheCaller(t *testing.T) {
	h := newHouse(t, func(config *api.Config) { config.ClientAddressHeader = "X-Real-IP" })
	seen := 0
	h.do(call{as: h.operators("main"), path: operatorsAt, header: map[string]string{"X-Real-IP": "203.0.113.5"},
		body: `{"operatorName":"bea","role":"viewer","decidedBy":"Ada Byron"}`}).expect(200)
	if said := h.newInTrail(&seen); !strings.Contains(said, "by Ada Byron (operator:ada) from 203.0.113.5") {
		t.Errorf("the trail has %s", said)
	}
}
