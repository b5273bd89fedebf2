package webhook

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"paytrace-gateway/gateway"
)

// BenchmarkDelivery is one event over loopback, on a connection that is kept:
// what the adapter costs, the receiver's own time apart.
func BenchmarkDelivery(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer server.Close()
	s, err := New(Config{URL: server.URL, Secret: newest, Body: data, AllowNetworks: loopback})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	d := delivery(1)
	b.ReportAllocs()
	for b.Loop() {
		if v := s.Deliver(b.Context(), d); v.Outcome != gateway.Told {
			b.Fatal(v)
		}
	}
}
