package drill

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
	"paytrace-gateway/internal/simulation/history"
)

// town is everything of one run: two gateways on one PostgreSQL ledger and one
// Redis, before one PayTrace, and what their callers have written down.
type town struct {
	t        testing.TB
	payTrace *payTrace
	gateways [2]*gateway
	token    string
	client   *http.Client

	mu       sync.Mutex
	calls    []history.Call
	patients []patient
	faults   map[string]int
	// decidedBy counts what decided an operation's sending.
	decidedBy map[string]int
	// closing ends what callers would go on with for ever.
	closing chan struct{}
}

// openTown starts everything. The ledger is a database of the tests' server
// unless the setup names one.
func openTown(t testing.TB, s setup) *town {
	t.Helper()
	if s.ledger == "" {
		s.ledger = services.Postgres(t)
	}
	s.key = signingKey(t)
	w := &town{t: t, payTrace: startPayTrace(t), faults: map[string]int{}, decidedBy: map[string]int{}, closing: make(chan struct{})}
	// Every call has a connection of its own: net/http would send a request
	// again by itself when a connection dies that was used before.
	w.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for i, name := range []string{"first", "second"} {
		w.gateways[i] = s.gateway(t, name, w.payTrace.api)
		w.gateways[i].start()
	}
	w.logIn()
	return w
}

// logIn gets the token that is good at both gateways.
func (w *town) logIn() {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://"+w.gateways[0].address+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("shop", url.QueryEscape(shopSecret))
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&grant); err != nil || grant.AccessToken == "" {
		w.t.Fatalf("no token: status %d, %v", response.StatusCode, err)
	}
	w.token = grant.AccessToken
}

// happened counts a fault.
func (w *town) happened(fault string, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if times > 0 {
		w.faults[fault] += times
	}
}

// rest waits, or less when the town closes or its test has ended early.
func (w *town) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.closing:
	case <-w.t.Context().Done():
	}
}

func (w *town) closed() bool {
	select {
	case <-w.closing:
		return true
	case <-w.t.Context().Done():
		return true
	default:
		return false
	}
}

// openLoop begins n things at a steady rate, whatever becomes of those begun
// before. It returns when the last has begun; the WaitGroup knows of their ends.
func openLoop(n, perSecond int, work *sync.WaitGroup, begin func(i int)) {
	began := time.Now()
	for i := range n {
		pass(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		work.Go(func() { begin(i) })
	}
}

// await waits for work that has an end, however long ago it should have been.
func (w *town) await(work *sync.WaitGroup) {
	w.t.Helper()
	eventually(w.t, "the callers come to an end", finished(work))
}

// finished says whether work has ended.
func finished(work *sync.WaitGroup) func() bool {
	done := make(chan struct{})
	go func() { work.Wait(); close(done) }()
	return func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
}

// within is a context for one request.
func within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}
