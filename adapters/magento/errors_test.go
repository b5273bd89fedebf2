package magento

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// dead are the statuses after which an event is not tried again by itself, when
// Magento says no more than that. All others but 200 are tried later.
func dead(status int) bool {
	switch status {
	case 401, 403, 404, 407, 408, 409, 421, 423, 425, 429:
		return false
	}
	return status >= 400 && status < 500
}

// Every status is answered to every call that tells: the module's, and each
// write of core REST.
func TestEveryStatusHasAVerdict(t *testing.T) {
	for path, prepare := range writes {
		t.Run(path, func(t *testing.T) {
			h, e := prepare(t)
			for status := 200; status <= 599; status++ {
				h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Method: "POST", Path: path, Status: status, Body: `{"message":"No."}`})
				v := h.deliver(e)
				want := gateway.Later
				if dead(status) {
					want = gateway.Dead
				}
				if v.Outcome != want || v.StatusCode != status || v.Detail == "" || v.Patient {
					t.Fatalf("%d: %+v, want %s", status, v, want)
				}
				if want == gateway.Dead && !strings.Contains(v.Detail, "replay") {
					t.Errorf("%d does not say what to do: %s", status, v.Detail)
				}
			}
			if v := h.deliver(e); v.Outcome != gateway.Told {
				t.Errorf("afterwards: %s (%s)", v.Outcome, v.Detail)
			}
		})
	}
}

// writes are an event for each write, with all before it done.
var writes = map[string]func(t *testing.T) (*house, gateway.Event){
	"^/paytrace-gateway/events$": func(t *testing.T) (*house, gateway.Event) {
		h := newHouse(t, WayModule, magentotest.Options{})
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		return h, h.event(p)
	},
	"/comments$": func(t *testing.T) (*house, gateway.Event) {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		return h, h.event(p)
	},
	"^/orders$": func(t *testing.T) (*house, gateway.Event) {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p, inReview)
		return h, h.event(foundLate(p))
	},
	"/invoice$": func(t *testing.T) (*house, gateway.Event) {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		return h, h.event(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
	},
	"/refund$": func(t *testing.T) (*house, gateway.Event) {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, paidAtOnce)
		return h, h.event(h.then(p, gateway.KindRefund, 100_00, gateway.Refunded))
	},
	"/cancel$": func(t *testing.T) (*house, gateway.Event) {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		return h, h.event(h.then(p, gateway.KindVoid, 100_00, gateway.Voided))
	},
}

// All statuses are answered to the search for the order, some to the others.
func TestEveryStatusOfALookHasAVerdict(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	e := h.event(p)
	for path, step := range map[string]int{"^/orders$": 1, "^/transactions$": 13, "^/invoices$": 13, "^/creditmemos$": 13, "/comments$": 13} {
		for status := 201; status <= 599; status += step {
			h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Method: "GET", Path: path, Status: status, Body: "no"})
			v := h.deliver(e)
			if v.Outcome == gateway.Told || v.Detail == "" || dead(status) != (v.Outcome == gateway.Dead) {
				t.Fatalf("%s %d: %+v", path, status, v)
			}
		}
	}
	if n := len(h.shop.Writes()); n > 0 {
		t.Errorf("%d writes", n)
	}
}

func TestALimitOfCallsHoldsAllBack(t *testing.T) {
	h := newHouse(t, WayModule, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Status: 429, Body: `{"message":"Too Many Requests","trace":null}`, Header: http.Header{"Retry-After": {"120"}}})
	if v := h.deliver(h.event(p)); v.Outcome != gateway.Later || v.Pause != 2*time.Minute || v.After != 2*time.Minute {
		t.Errorf("%+v", v)
	}
	h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Status: 503, Body: "<html>maintenance</html>", Header: http.Header{"Retry-After": {"60"}}})
	if v := h.deliver(h.event(p)); v.Outcome != gateway.Later || v.Pause != 0 || v.After != time.Minute {
		t.Errorf("%+v", v)
	}
}

func TestParametersAreFilledIn(t *testing.T) {
	for _, c := range []struct{ message, parameters, want string }{
		{"The nonce is used by %1", `["7"]`, "The nonce is used by 7"},
		{"%1 and %10", `["a","b","c","d","e","f","g","h","i","j"]`, "a and j"},
		{`"%fieldName" is required.`, `{"fieldName":"entity"}`, `"entity" is required.`},
		{"as it is %1", `"no list"`, "as it is %1"},
		{"as it is", ``, "as it is"},
	} {
		if got, _ := interpolate(c.message, json.RawMessage(c.parameters)); got != c.want {
			t.Errorf("%s with %s is %q, want %q", c.message, c.parameters, got, c.want)
		}
	}
	if rightOf("Magento_Sales::cancel") == "" || rightOf("self") != "" || rightOf("<b>Magento_Sales::x</b>") != "" {
		t.Error("a right is what has the form of one")
	}
}

func TestNoSecretIsShown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "debug: " + r.Header.Get("Authorization") + " " + magentotest.DefaultCredentials.ConsumerSecret})
	}))
	defer server.Close()
	for _, way := range ways {
		config := configFor(server.URL, way)
		sink, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		h := &house{t: t, sink: sink, now: noon}
		v := h.deliver(h.event(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")))
		for _, shown := range []string{v.Detail, v.Attention, sprint(config), sprint(sink), sprint(&config)} {
			for _, secret := range config.secrets() {
				if strings.Contains(shown, secret[:16]) || strings.Contains(shown, secret[16:]) {
					t.Errorf("%s holds a secret", shown)
				}
			}
		}
	}
}

// A shop that hangs costs the delivery's own time and no more.
func TestAShopThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, WayModule, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.shop.Fail(magentotest.Fault{Kind: magentotest.Hang})
	e := h.event(p)
	v := h.deliverFor(e, 2*time.Second) // enough for the shop to be asked, on however busy a machine
	if v.Outcome != gateway.Later || v.StatusCode != 0 || !strings.Contains(v.Detail, "in time") {
		t.Errorf("%+v", v)
	}
}
