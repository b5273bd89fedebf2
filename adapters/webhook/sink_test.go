package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/sinktest"
)

const (
	newest   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	previous = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func data(e gateway.Event) ([]byte, error) {
	return fmt.Appendf(nil, `{"paymentId":%q,"version":%d}`, e.PaymentID, e.Version), nil
}

func delivery(n int) gateway.Delivery {
	return gateway.Delivery{Event: gateway.Event{
		ID: fmt.Sprintf("evt_%d", n), PaymentID: fmt.Sprintf("pay_%d", n), Type: "payment.approved", Version: 2,
		At: time.Date(2026, 10, 1, 12, 0, 0, 123456000, time.FixedZone("", 7200)),
	}}
}

func newSink(t *testing.T, config Config) *Sink {
	t.Helper()
	if config.Secret == "" {
		config.Secret = newest
	}
	if config.Body == nil {
		config.Body = data
	}
	config.AllowNetworks = append(config.AllowNetworks, loopback...)
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// got is a request as a receiver sees it.
type got struct {
	header http.Header
	body   []byte
}

// receiver keeps what it gets.
func receiver(t *testing.T, answer http.HandlerFunc) (url string, all func() []got) {
	var mu sync.Mutex
	var seen []got
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		seen = append(seen, got{r.Header.Clone(), body})
		mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []got {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func TestAWebhookIsASink(t *testing.T) {
	sinktest.Run(t, func(t *testing.T, url string) sinktest.Bench {
		return sinktest.Bench{
			Sink:     newSink(t, Config{URL: url + "/hooks/T024BE7LDB0G8QWERTY?token=hunter2hunter2", PreviousSecret: previous}),
			Delivery: delivery,
			Good:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
			Secrets:  []string{newest, previous, "hunter2hunter2", "T024BE7LDB0G8QWERTY"},
		}
	})
}

func TestEveryStatusIsToldOrForLaterAndNoneIsDead(t *testing.T) {
	status := 0
	url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(status)
	})
	s := newSink(t, Config{URL: url})
	for status = 200; status <= 599; status++ {
		want := gateway.Verdict{Outcome: gateway.Later, StatusCode: status, After: 2 * time.Minute}
		switch status {
		case 429, 502, 503, 504:
			want.Pause = 2 * time.Minute
		case 410:
			want.After, want.Disable = 0, true
		}
		if status <= 299 {
			want = gateway.Verdict{Outcome: gateway.Told, StatusCode: status}
		}
		v := s.Deliver(t.Context(), delivery(status))
		if !strings.Contains(v.Detail, fmt.Sprintf(" %d", status)) || (want.Outcome != gateway.Told && !strings.Contains(v.Detail, "; ")) {
			t.Errorf("status %d: the detail says %q", status, v.Detail)
		}
		if v.Detail = ""; v != want {
			t.Errorf("status %d: %+v, want %+v", status, v, want)
		}
	}
}

func TestTooManyRequestsPausesAlsoWithoutATime(t *testing.T) {
	url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	if v := newSink(t, Config{URL: url}).Deliver(t.Context(), delivery(1)); v.Pause != throttle || v.After != 0 {
		t.Errorf("%+v", v)
	}
}

func TestARetryAfterIsADateToo(t *testing.T) {
	url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "Thu, 01 Oct 2026 12:10:00 GMT")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	if v := newSink(t, Config{URL: url, Now: func() time.Time { return now }}).Deliver(t.Context(), delivery(1)); v.After != 10*time.Minute {
		t.Errorf("%+v", v)
	}
}

func TestWhatARequestIsMadeOf(t *testing.T) {
	url, all := receiver(t, nil)
	now := time.Unix(1790000000, 999e6)
	s := newSink(t, Config{URL: url, Now: func() time.Time { return now }})
	s.Deliver(t.Context(), delivery(7))
	r := all()[0]
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "paytrace-gateway", "Webhook-Id": "evt_7", "Webhook-Timestamp": "1790000000",
	} {
		if r.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, r.header.Get(name), want)
		}
	}
	want := `{"type":"payment.approved","timestamp":"2026-10-01T10:00:00.123456Z","data":{"paymentId":"pay_7","version":2}}`
	if string(r.body) != want {
		t.Errorf("the body is\n%s, want\n%s", r.body, want)
	}
	if cookie, bearer := r.header.Get("Cookie"), r.header.Get("Authorization"); cookie+bearer != "" {
		t.Errorf("more is sent than is needed: %v", r.header)
	}
}

func TestAnIdOutlivesAttemptsAndTheTimeDoesNot(t *testing.T) {
	url, all := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	now := time.Unix(1790000000, 0)
	s := newSink(t, Config{URL: url, Now: func() time.Time { return now }})
	for range 3 {
		s.Deliver(t.Context(), delivery(1))
		now = now.Add(5 * time.Minute)
	}
	for i, r := range all() {
		if r.header.Get("Webhook-Id") != "evt_1" || r.header.Get("Webhook-Timestamp") != fmt.Sprint(1790000000+300*i) {
			t.Errorf("attempt %d: %v", i+1, r.header)
		}
	}
}

func TestDuringARotationBothSecretsVerify(t *testing.T) {
	url, all := receiver(t, nil)
	newSink(t, Config{URL: url, PreviousSecret: previous}).Deliver(t.Context(), delivery(1))
	newSink(t, Config{URL: url}).Deliver(t.Context(), delivery(1))
	for i, c := range []struct {
		secret string
		good   []bool
	}{{newest, []bool{true, true}}, {previous, []bool{true, false}}, {"whsec_" + strings.Repeat("QUJD", 8), []bool{false, false}}} {
		library, err := standardwebhooks.NewWebhook(c.secret)
		if err != nil {
			t.Fatal(err)
		}
		for j, r := range all() {
			if err := library.Verify(r.body, r.header); (err == nil) != c.good[j] {
				t.Errorf("secret %d, request %d: %v", i, j, err)
			}
		}
	}
}

func TestALargeEventIsSentWhole(t *testing.T) {
	url, all := receiver(t, nil)
	long := strings.Repeat("a", 200<<10)
	s := newSink(t, Config{URL: url, Body: func(gateway.Event) ([]byte, error) { return json.Marshal(long) }})
	v := s.Deliver(t.Context(), delivery(1))
	if v.Outcome != gateway.Told || !strings.Contains(string(all()[0].body), long) {
		t.Errorf("%+v; %d bytes arrived", v, len(all()[0].body))
	}
}

func TestAnEventThatCannotBeWrittenIsDeadAndNotSent(t *testing.T) {
	url, all := receiver(t, nil)
	for want, config := range map[string]Config{
		"no view of it": {URL: url, Body: func(gateway.Event) ([]byte, error) { return nil, errors.New("no view of it") }},
		"no JSON":       {URL: url, Body: func(gateway.Event) ([]byte, error) { return []byte(`{"cut":`), nil }},
	} {
		if v := newSink(t, config).Deliver(t.Context(), delivery(1)); v.Outcome != gateway.Dead || !strings.Contains(v.Detail, want) {
			t.Errorf("%+v, want dead for %s", v, want)
		}
	}
	d := delivery(1)
	d.Event.ID = "evt_1.2"
	if v := newSink(t, Config{URL: url}).Deliver(t.Context(), d); v.Outcome != gateway.Dead {
		t.Errorf("%+v for an id with a full stop", v)
	}
	if len(all()) > 0 {
		t.Errorf("%d requests were sent", len(all()))
	}
}

func TestARefusedAddressIsForTheOperatorToMend(t *testing.T) {
	url, all := receiver(t, nil)
	s, err := New(Config{URL: strings.Replace(url, "127.0.0.1", "localhost", 1), Secret: newest, Body: data})
	if err != nil {
		t.Fatal(err)
	}
	v := s.Deliver(t.Context(), delivery(1))
	if v.Outcome != gateway.Later || v.Patient || !strings.Contains(v.Detail, "loopback") || !strings.Contains(v.Detail, "allowNetworks") || len(all()) > 0 {
		t.Errorf("%+v after %d requests", v, len(all()))
	}
}

func TestTheDetailIsForATiredOperator(t *testing.T) {
	answer := http.HandlerFunc(nil)
	url, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { answer(w, r) })
	host := strings.TrimPrefix(url, "http://")
	s := newSink(t, Config{URL: url + "/hooks?token=hunter2hunter2"})
	for want, a := range map[string]http.HandlerFunc{
		host + " took it with 202 Accepted": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) },
		host + " answered 503 Service Unavailable: “Down for maintenance”; the receiver is down or overloaded": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "Down for maintenance", 503)
		},
		host + " answered 301 Moved Permanently to https://new.example.com; redirects are not followed; write the receiver's own address into the configuration": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://new.example.com/secret/path?token=1")
			w.WriteHeader(301)
		},
		host + " answered 410 Gone; the receiver wants no more events, so it is told none until a person enables it again; what happens meanwhile is kept": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(410)
		},
	} {
		answer = a
		if v := s.Deliver(t.Context(), delivery(1)); v.Detail != want {
			t.Errorf("it says\n%s, want\n%s", v.Detail, want)
		}
	}
}

// The deadline is virtual, and so is the network: nothing waits in truth.
func TestAReceiverThatDoesNotAnswerIsGivenUpAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSink(t, Config{URL: "http://hooks.example.com/", Resolver: &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		v := s.Deliver(ctx, delivery(1))
		if took := time.Since(began); took != 3*time.Second || v.Outcome != gateway.Later || !strings.Contains(v.Detail, "no answer came in time") {
			t.Errorf("%+v after %s", v, took)
		}
	})
}
