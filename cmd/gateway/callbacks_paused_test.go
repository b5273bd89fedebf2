package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A subscriber that asks to be left alone holds back also what was never tried;
// whoever looks is told so, and why.
func TestAPausedSubscriberSaysWhyAndItsDeliveriesSaySo(t *testing.T) {
	t.Parallel()
	erp := &receiver{}
	erp.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		erp.asked.Add(1)
		// For longer than the slowest machine needs for this test.
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(erp.Close)
	gateway, paytrace, shop := telling(t, erp)
	want(t, "the first sale", shop.pay("sale", "first", paytrace.hostedFields(), 0), "201 approved")
	eventually(t, "the subscriber is paused", func() bool {
		return strings.Contains(gateway.callbacks("subscribers").stdout, "paused")
	})
	gateway.callbacks("subscribers").says(t, 0, "SINCE", "answered 429 Too Many Requests")
	want(t, "the second sale", shop.pay("sale", "second", paytrace.hostedFields(), 0), "201 approved")
	for _, id := range deliveryIDs.FindAllString(gateway.callbacks("list").stdout, -1) {
		gateway.callbacks("show", id).says(t, 0, "its subscriber is paused until 2", ", since 2", "answered 429 Too Many Requests")
	}
	if n := erp.asked.Load(); n != 1 {
		t.Errorf("it was asked %d times, want 1", n)
	}
}
