package api_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/api"
	"paytrace-gateway/gateway"
)

// observed is what the operator's tools are told of one request.
type observed struct {
	route, method string
	status        int
}

// observer keeps what it is told.
type observer struct {
	mu   sync.Mutex
	told []observed
}

func (o *observer) observe(route, method string, status int, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if took < 0 {
		status = -status
	}
	o.told = append(o.told, observed{route, method, status})
}

func TestEveryRequestIsObservedByItsRoute(t *testing.T) {
	var o observer
	h := newHouse(t, func(c *api.Config) { c.Observe = o.observe })
	h.do(call{path: payments, key: "k", body: sale("1.00")})
	h.do(call{path: payments + "/" + marker})
	h.do(call{path: "/" + marker})
	h.do(call{path: payments, anyone: true})
	h.do(call{path: "/readyz", anyone: true, operator: true})
	h.do(call{method: "ZQMARKER7", path: "/healthz"})
	want := []observed{
		{payments, "POST", 201}, {payments + "/:paymentId", "GET", 404}, {"/", "GET", 404},
		{payments, "GET", 401}, {"/readyz", "GET", 200}, {"", "", 405},
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Equal(o.told, want) {
		t.Errorf("observed:\n%v\nwant\n%v", o.told, want)
	}
}

type traceKey struct{}

// TestTheTraceGoesOnToThePaymentsProcessor shows that what begins at the door
// is still there when PayTrace is called.
func TestTheTraceGoesOnToThePaymentsProcessor(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	type span struct {
		parent, route string
		status        int
	}
	var mu sync.Mutex
	var spans []span
	h := newHouse(t, func(c *api.Config) {
		c.Trace = func(ctx context.Context, traceparent, route string) (context.Context, func(int)) {
			return context.WithValue(ctx, traceKey{}, route), func(status int) {
				mu.Lock()
				defer mu.Unlock()
				spans = append(spans, span{traceparent, route, status})
			}
		}
	})
	reached := make(chan any, 1)
	h.processor.SetBefore(func(ctx context.Context, _ string) *gateway.Result {
		reached <- ctx.Value(traceKey{})
		return nil
	})
	traced := map[string]string{"traceparent": parent}
	h.do(call{path: payments, key: "k", body: sale("1.00"), header: traced}).expect(http.StatusCreated)
	if got := <-reached; got != payments {
		t.Errorf("at the processor the trace is %v", got)
	}
	h.processor.SetBefore(nil)
	h.do(call{path: payments + "/pay_1", anyone: true}).expect(http.StatusUnauthorized)
	h.do(call{path: "/healthz", anyone: true, header: traced}).expect(http.StatusOK)
	mu.Lock()
	defer mu.Unlock()
	want := []span{{parent, payments, 201}, {"", payments + "/:paymentId", 401}}
	if !slices.Equal(spans, want) {
		t.Errorf("the spans are %v, want %v", spans, want)
	}
}

// TestATraceThatSpellsANumberIsNotJoined keeps cards out of what collectors show.
func TestATraceThatSpellsANumberIsNotJoined(t *testing.T) {
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	got := make(chan string, 1)
	h := newHouse(t, func(c *api.Config) {
		c.Trace = func(ctx context.Context, traceparent, _ string) (context.Context, func(int)) {
			got <- traceparent
			return ctx, func(int) {}
		}
	})
	for header, joined := range map[string]bool{
		"00-" + trace + "-" + span + "-01":                        true,
		"00-" + trace + "-1234567890123456-01":                    true, // digits alone, and no card's
		"00-" + trace + "-4111111111111111-01":                    false,
		"00-41111111111111110000000000000000-" + span + "-01":     false,
		"00-00000000000000004111111111111111-" + span + "-01":     false,
		"00-4111111111111111-" + span + "-01":                     false,
		"00-0000000000000000411111111111111a-b7ad6b7169203331-01": true,
	} {
		h.do(call{path: payments, header: map[string]string{"traceparent": header}}).expect(http.StatusOK)
		if is := <-got == header; is != joined {
			t.Errorf("%s is joined: %t, want %t", header, is, joined)
		}
	}
}

func TestMetricsAreTheOperators(t *testing.T) {
	h := newHouse(t, func(c *api.Config) {
		c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			io.WriteString(w, "up 1\n")
		})
	})
	a := h.do(call{path: "/metrics", anyone: true, operator: true}).expect(http.StatusOK)
	if string(a.raw) != "up 1\n" || a.header.Get("Content-Type") != "text/plain; version=0.0.4" {
		t.Errorf("the metrics are %q, %v", a.raw, a.header)
	}
	h.do(call{path: "/metrics", anyone: true}).refused(http.StatusNotFound, "not_found", "")
	none := newHouse(t, func(c *api.Config) { c.Metrics = nil })
	none.do(call{path: "/metrics", anyone: true, operator: true}).refused(http.StatusNotFound, "not_found", "")
}

func TestReadinessNamesWhatItGoesOnWithout(t *testing.T) {
	var without []string
	h := newHouse(t, func(c *api.Config) { c.Degraded = func() []string { return without } })
	ready := call{path: "/readyz", anyone: true, operator: true}
	h.do(ready).expect(http.StatusOK, "status", "ready", "degraded", "")
	without = []string{"redis"}
	h.do(ready).expect(http.StatusOK, "status", "ready", "degraded", `["redis"]`)
	if err := h.gateway.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.do(ready).refused(http.StatusServiceUnavailable, "stopping", "")
}

func TestReadinessTellsTheOperatorWhatKeepsItFromPayments(t *testing.T) {
	h := newHouse(t)
	if err := h.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	h.do(call{path: "/readyz", anyone: true, operator: true}).refused(http.StatusServiceUnavailable, "ledger_unavailable", "").
		expect(http.StatusServiceUnavailable, "detail", "payments cannot be taken: "+ledger.ErrClosed.Error())
	shop := h.do(call{path: payments, key: "k", body: sale("1.00")}).refused(http.StatusServiceUnavailable, "ledger_unavailable", "")
	if detail := shop.at("detail"); strings.Contains(detail, ledger.ErrClosed.Error()) {
		t.Errorf("a shop is told of the ledger's inside: %s", detail)
	}
}
