package telemetry

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"paytrace-gateway/gateway"
)

func scrape(tel *Telemetry, accept string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	answer := httptest.NewRecorder()
	tel.Handler().ServeHTTP(answer, request)
	return answer
}

func TestAScrapeSpeaksPrometheusTextAndOpenMetrics(t *testing.T) {
	tel := opened(t, newClock().Now)
	everything(tel, time.Now())
	for _, c := range []struct{ accept, media, end string }{
		{"text/plain", "text/plain; version=0.0.4", "\n"},
		{"application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0", "# EOF\n"},
	} {
		answer := scrape(tel, c.accept)
		body := answer.Body.String()
		if answer.Code != http.StatusOK || !strings.HasPrefix(answer.Header().Get("Content-Type"), c.media) || !strings.HasSuffix(body, c.end) {
			t.Errorf("%s: %d %s", c.accept, answer.Code, answer.Header().Get("Content-Type"))
		}
		for _, line := range []string{`paytrace_gateway_in_flight 3`, `paytrace_gateway_ledger_up 1`, "go_goroutines ", "go_memstats_alloc_bytes "} {
			if !strings.Contains(body, "\n"+line) {
				t.Errorf("%s: no line begins with %q", c.accept, line)
			}
		}
	}
}

func TestAScrapeTellsTheRestWhenASourcePanics(t *testing.T) {
	tel := opened(t, newClock().Now)
	everything(tel, time.Now())
	sources := tel.watched.Load().Sources
	sources.InFlight = func() int { panic("boom") }
	tel.Watch(sources)
	answer := scrape(tel, "text/plain")
	if body := answer.Body.String(); answer.Code != http.StatusOK || !strings.Contains(body, "\npaytrace_gateway_ledger_up 1") {
		t.Errorf("answered %d without the ledger", answer.Code)
	}
}

func TestScrapesAtOnceAreLimited(t *testing.T) {
	tel := opened(t, newClock().Now)
	var under atomic.Int64
	entered, leave := make(chan struct{}), make(chan struct{})
	tel.Watch(Sources{InFlight: func() int {
		if under.Add(1) <= maxScrapes {
			entered <- struct{}{}
			<-leave
		}
		return 0
	}})
	codes := make(chan int)
	for range maxScrapes {
		go func() { codes <- scrape(tel, "text/plain").Code }()
		<-entered
	}
	if answer := scrape(tel, "text/plain"); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("one scrape above the limit was answered %d", answer.Code)
	}
	close(leave)
	for range maxScrapes {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("a scrape within the limit was answered %d", code)
		}
	}
}

func TestMetricsKeepToPrometheusRules(t *testing.T) {
	tel := opened(t, newClock().Now)
	everything(tel, time.Now())
	problems, err := testutil.GatherAndLint(tel.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, prefix) {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestTwoTelemetriesDoNotMeet(t *testing.T) {
	one, two := opened(t, newClock().Now), opened(t, newClock().Now)
	one.Observer().Operation(gateway.Observation{MerchantID: "acme"})
	if got := count(t, two, "operations_total"); got != 0 {
		t.Errorf("the other has %d series", got)
	}
}

func TestEverythingMayHappenAtOnce(t *testing.T) {
	collector := newFakeCollector(t)
	tel := traced(t, Tracing{Endpoint: collector.url, Sample: 1})
	const each = 50
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range each {
				ctx, end := tel.Span(t.Context(), "", "/api/v1/payments")
				_, leave := tel.Observer().Stage(ctx, gateway.StageClaim, "acme")
				leave(nil)
				tel.Observer().Operation(gateway.Observation{MerchantID: "acme", Kind: gateway.KindSale, Status: gateway.OpApproved, By: gateway.ByAnswer})
				tel.Request("/api/v1/payments", "POST", 201, time.Second)
				end(201)
			}
		})
		all.Go(func() {
			for range each {
				everything(tel, time.Now())
			}
		})
		all.Go(func() {
			for range each / 10 {
				_, _ = io.Copy(io.Discard, scrape(tel, "text/plain").Result().Body)
			}
		})
	}
	all.Wait()
	if err := tel.Shutdown(context.Background()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	wantMetrics(t, tel, "counter", "operations_total", `operations_total{by="answer",kind="sale",merchant="acme",status="approved"} 400`)
}
