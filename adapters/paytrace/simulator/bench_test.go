package simulator_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func BenchmarkSale(b *testing.B) {
	a := openAccount(b, simulator.Options{DemoCustomers: true})
	api := a.sim.API()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/v1/transactions/sale/by_customer", strings.NewReader(
			`{"integrator_id":"simulator001","amount":"5.00","customer_id":"demo-visa","invoice_id":"o1"}`))
		r.Header.Set("Authorization", "Bearer "+a.token)
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, r); w.Code != 200 {
			b.Fatalf("status %d", w.Code)
		}
	}
}
