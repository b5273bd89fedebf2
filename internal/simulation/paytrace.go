package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/internal/simulation/history"
)

const (
	payTraceUser = simulator.DefaultUsername
	// payTraceURL is a loopback address, which the client takes without TLS;
	// nothing listens there.
	payTraceURL = "http://127.0.0.1:1"
	firstID     = 100_000_001
)

// payTrace is the simulator on a network of its own.
type payTrace struct {
	sim     *simulator.Simulator
	network *network
	served  chan error

	mu sync.Mutex
	// credits are what clerks have credited, and which payment they meant.
	credits map[string]string
	// blind are the times in which the export did not show everything.
	blind []history.Span
}

func newPayTrace(seed uint64) *payTrace {
	p := &payTrace{
		sim: simulator.New(simulator.Options{
			Now: time.Now, Seed: seed, FirstTransactionID: firstID, DemoCustomers: true,
		}),
		network: newNetwork(), served: make(chan error, 1), credits: map[string]string{},
	}
	go func() { p.served <- p.sim.Serve(p.network, nil) }()
	return p
}

func (p *payTrace) close() {
	p.sim.Close()
	p.network.cut()
	<-p.served
}

// hostedFields is what PayTrace's script does in a shopper's browser.
func (p *payTrace) hostedFields(card string) (token, key string, err error) {
	a := &answerInMemory{header: http.Header{}}
	request, err := http.NewRequest(http.MethodPost, "/hosted_fields",
		strings.NewReader(card))
	if err != nil {
		return "", "", err
	}
	p.sim.Control().ServeHTTP(a, request)
	var got struct{ HPFToken, EncKey string }
	if err := json.Unmarshal([]byte(a.body.String()), &got); err != nil || got.HPFToken == "" {
		return "", "", fmt.Errorf("the hosted fields answer %s", a.body.String())
	}
	return got.HPFToken, got.EncKey, nil
}

// answerInMemory is an http.ResponseWriter without a connection.
type answerInMemory struct {
	header http.Header
	body   strings.Builder
}

func (a *answerInMemory) Header() http.Header         { return a.header }
func (a *answerInMemory) WriteHeader(int)             {}
func (a *answerInMemory) Write(b []byte) (int, error) { return a.body.Write(b) }

// wire is one instance's connections to PayTrace, which end with it. What goes
// over them is under way for a while.
type wire struct {
	to   *network
	mine *network // keeps the near ends
	dice dice
	name string

	mu     sync.Mutex
	dialed int
}

func (p *payTrace) wire(d dice, name string) *wire {
	return &wire{to: p.network, mine: newNetwork(), dice: d, name: name}
}

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := w.to.dial(ctx)
	if err != nil {
		return nil, err
	}
	c = w.mine.keep(c)
	select {
	case <-w.mine.gone: // a crash does not dial
		c.Close()
		return nil, errNobodyListens
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dialed++
	return &distant{Conn: c, latency: w.dice.between(minLatency, maxLatency, "latency", w.name, w.dialed)}, nil
}

func (w *wire) cut() {
	w.mine.Close()
	w.mine.cut()
}

// How long bytes are under way to PayTrace, and back again.
const (
	minLatency = 10 * time.Millisecond
	maxLatency = 150 * time.Millisecond
)

// distant is a connection over a distance.
type distant struct {
	net.Conn
	latency time.Duration
}

func (d *distant) Write(b []byte) (int, error) {
	time.Sleep(d.latency)
	return d.Conn.Write(b)
}

func (d *distant) Read(b []byte) (int, error) {
	n, err := d.Conn.Read(b)
	time.Sleep(d.latency)
	return n, err
}

// credited remembers which payment a clerk has meant.
func (p *payTrace) credited(made, of string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.credits[made] = of
}

// lags notes from when to when the export shows what was made too late.
func (p *payTrace) lags(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if n := len(p.blind); n > 0 && p.blind[n-1].To.IsZero() {
		p.blind[n-1].To = now
	}
	if on {
		p.blind = append(p.blind, history.Span{From: now})
	}
}

// books are PayTrace's view of the run.
func (p *payTrace) books() (arrivals []history.Arrival, transactions []history.Transaction, err error) {
	for _, e := range p.sim.History() {
		arrivals = append(arrivals, history.Arrival{
			At: e.At, Operation: e.Operation, Reference: e.CustomerReferenceID, TransactionID: e.TransactionID, Profile: e.CustomerID,
			HTTPStatus: e.HTTPStatus, Answer: e.Answer, Acted: e.Acted, Fault: e.Fault,
		})
		asCheck(&arrivals[len(arrivals)-1])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.sim.Transactions() {
		row := history.Transaction{
			ID: t.TransactionID, Kind: t.Kind, State: t.State, Of: t.ParentTransactionID, Reference: t.CustomerReferenceID,
			Order: t.InvoiceID, ByClerk: t.CreatedBy != payTraceUser, At: t.CreatedAt, Captured: !t.CapturedAt.IsZero(),
		}
		if d := t.EnhancedData; d != nil {
			row.Enhanced = history.Enhanced{PurchaseOrder: t.CustomerReferenceID, Lines: d.LineItemRows}
			row.Reference = t.FirstCustomerReferenceID
		}
		if of, credit := p.credits[row.ID]; credit {
			row.Of, row.Credit = of, true
		}
		if row.Amount, err = cents(t.Amount); err != nil {
			return nil, nil, err
		}
		if row.Authorized, err = cents(t.OriginalAmount); err != nil {
			return nil, nil, err
		}
		transactions = append(transactions, row)
	}
	return arrivals, transactions, nil
}
