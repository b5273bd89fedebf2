package telemetry

import (
	"testing"
	"time"
)

func TestRequestsAreCountedByRouteMethodAndStatus(t *testing.T) {
	tel := opened(t, newClock().Now)
	tel.Watch(Sources{Routes: []string{"/api/v1/payments", "/api/v1/payments/:paymentId"}})
	tel.Request("/api/v1/payments", "POST", 201, 40*time.Millisecond)
	tel.Request("/api/v1/payments", "POST", 201, 9*time.Second)
	tel.Request("/api/v1/payments", "POST", 503, 2*time.Millisecond)
	tel.Request("/api/v1/payments/:paymentId", "GET", 404, time.Millisecond)

	wantMetrics(t, tel, "counter", "http_requests_total", `
		http_requests_total{method="POST",route="/api/v1/payments",status="201"} 2
		http_requests_total{method="POST",route="/api/v1/payments",status="503"} 1
		http_requests_total{method="GET",route="/api/v1/payments/:paymentId",status="404"} 1`)
	wantMetrics(t, tel, "histogram", "http_request_duration_seconds",
		histogram("http_request_duration_seconds", `method="POST",route="/api/v1/payments"`, .04, 9, .002)+
			histogram("http_request_duration_seconds", `method="GET",route="/api/v1/payments/:paymentId"`, .001))
}

func TestARequestBeforeTheRoutesAreKnownIsOther(t *testing.T) {
	tel := opened(t, newClock().Now)
	tel.Request("/api/v1/payments", "POST", 201, time.Second)
	wantMetrics(t, tel, "counter", "http_requests_total", `http_requests_total{method="POST",route="other",status="201"} 1`)
}
