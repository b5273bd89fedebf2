package main

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

func TestStopLetsPaymentsUnderWayLand(t *testing.T) {
	t.Parallel()
	gateway, paytrace, shop := serve(t)
	paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":2,"count":1}`)
	body := order("sale", "under-way", paytrace.hostedFields())
	done := make(chan struct{})
	var a answer
	var err error
	go func() {
		defer close(done)
		a, err = shop.try(http.MethodPost, paymentsPath, "under-way", body, 0)
	}()
	eventually(t, "the payment is under way", func() bool { return paytrace.arrived("sale") == 1 })
	gateway.signal(syscall.SIGTERM)

	// Authorizations that are declined find the moment from which nothing new is taken.
	accepted := 0
	eventually(t, "new payments are refused", func() bool {
		key := fmt.Sprintf("after-%d", accepted)
		next, err := shop.try(http.MethodPost, paymentsPath, key,
			`{"intent":"authorize","amount":"1.12","orderId":"after","paymentMethod":`+paytrace.hostedFields()+`}`, 0)
		if err != nil {
			return true // the port is closed
		}
		accepted++
		if next.tells() == "503 stopping" {
			if next.Outcome != "not_sent" || !next.Retryable {
				t.Errorf("refused with outcome %q, retryable %t; want not_sent, true", next.Outcome, next.Retryable)
			}
			return true
		}
		return next.httpStatus >= http.StatusInternalServerError
	})
	<-done
	if err != nil {
		t.Fatalf("the payment under way: %v", err)
	}
	want(t, "the payment under way", a, "201 approved")
	t.Logf("the stop was heard after %d more requests; the payment under way took %s", accepted, a.took)
	if code := gateway.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if n := paytrace.charged("sale"); n != 1 {
		t.Errorf("%d charges, want 1", n)
	}
	gateway.start()
	want(t, "after a new start", shop.byKey("under-way"), "200 approved")
}

func TestStopWaitsForPaymentsWhoseCallersHaveGone(t *testing.T) {
	t.Parallel()
	gateway, paytrace, shop := serve(t)
	paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":15}`)
	want(t, "at the end of the budget", shop.pay("sale", "gone", paytrace.hostedFields(), 3000), "202 unknown")
	gateway.stop()
	if n := paytrace.charged("sale"); n != 1 {
		t.Errorf("%d charges when the gateway has stopped, want 1", n)
	}
	gateway.start()
	want(t, "after a new start", shop.byKey("gone"), "200 approved")
}

func TestStopThatRunsOutOfPatienceSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	paytrace := startProcessor(t)
	gateway := configure(t, paytrace.api)
	gateway.rewrite("dataDir: data", "dataDir: data\nstopTimeout: 1s")
	gateway.start()
	shop := openShop(t, gateway.address, shopID, shopSecret)
	paytrace.misbehave(`{"operation":"sale","kind":"slow_bytes","seconds":10}`)
	body := order("sale", "too-slow", paytrace.hostedFields())
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		_, _ = shop.try(http.MethodPost, paymentsPath, "too-slow", body, 0)
	}()
	eventually(t, "PayTrace has charged", func() bool { return paytrace.charged("sale") == 1 })
	gateway.signal(syscall.SIGTERM)
	if code := gateway.exit(); code != 1 || !strings.Contains(gateway.stderr.String(), "1 operations were still under way; they will be found unknown") {
		t.Errorf("exit code %d, want 1 and what is left:\n%s", code, gateway.stderr)
	}
	<-cut
	paytrace.misbehave()
	gateway.start()
	want(t, "after a new start", shop.byKey("too-slow"), "200 unknown")
	want(t, "the repetition", shop.must(http.MethodPost, paymentsPath, "too-slow", body, 1000), "202 unknown")
	if n := paytrace.arrived("sale"); n != 1 {
		t.Errorf("%d sales have reached PayTrace, want 1", n)
	}
}
