package drill

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// ask is one request of a caller.
type ask struct {
	verb string
	key  string
	// target is a transaction, for the verbs that need one.
	target string
	order  string
	body   string
	budget time.Duration
}

// request is what the key is bound to.
func (a ask) request() string {
	switch a.verb {
	case history.Pay, history.Capture, history.Void, history.Refund:
		return strings.TrimSpace(a.verb + " " + a.target + " " + a.body)
	}
	return ""
}

func (a ask) path() (method, path string) {
	switch a.verb {
	case history.Pay:
		return http.MethodPost, "/api/v1/payments"
	case history.Cancel:
		return http.MethodPost, "/api/v1/payments/by-key/" + a.key + "/void"
	case history.Ask:
		return http.MethodGet, "/api/v1/payments/by-key/" + a.key
	}
	return http.MethodPost, "/api/v1/transactions/" + a.target + "/" + a.verb
}

const (
	usualBudget = 9 * time.Second
	// overtime is how long a caller waits beyond its own budget. It is long: that
	// a gateway answers in its budget is for tests on a virtual clock to show, on
	// a busy machine it can only be shown that it does answer.
	overtime = 20 * time.Second
)

// call asks one gateway, and writes down what came of it.
func (w *town) call(slot int, a ask) history.Call {
	if a.budget == 0 {
		a.budget = usualBudget
	}
	g := w.gateways[slot]
	c := history.Call{
		At: time.Now(), Instance: g.name, Verb: a.verb, Key: a.key, Request: a.request(), Order: a.order, Budget: a.budget + overtime,
	}
	troubled := g.watch()
	ctx, cancel := within(a.budget + overtime)
	defer cancel()
	if status, body, err := w.exchange(ctx, g, a); err == nil {
		w.read(&c, status, body)
	}
	c.Until, c.Excused = time.Now(), troubled()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
	return c
}

func (w *town) exchange(ctx context.Context, g *gateway, a ask) (status int, body []byte, err error) {
	method, path := a.path()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+g.address+path, strings.NewReader(a.body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+w.token)
	request.Header.Set("X-Request-Timeout-Ms", strconv.FormatInt(a.budget.Milliseconds(), 10))
	if a.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.request() != "" {
		request.Header.Set("Idempotency-Key", a.key)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// expected are the statuses that these callers can be told, and one that the
// checker wants to hear of.
var expected = []int{200, 201, 202, 404, 409, 422, 429, 500, 503}

// read takes an answer apart.
func (w *town) read(c *history.Call, status int, body []byte) {
	var shown paymentShown
	if err := json.Unmarshal(body, &shown); err != nil || !slices.Contains(expected, status) {
		w.t.Errorf("%s %s is answered by %s with HTTP %d, %q: %v", c.Verb, c.Key, c.Instance, status, body, err)
		return
	}
	c.Status, c.Code, c.Outcome, c.Replayed = status, shown.Code, shown.Outcome, shown.IdempotentReplay
	if shown.PaymentID != "" {
		c.Payment = w.payment(shown)
		c.Operation = w.operation(shown.Operation)
	}
}

// paymentShown is what an answer of the API holds, as far as rules need it.
type paymentShown struct {
	PaymentID          string           `json:"paymentId"`
	ProcessorReference string           `json:"processorReference"`
	OrderID            string           `json:"orderId"`
	TransactionID      string           `json:"transactionId"`
	Status             any              `json:"status"` // of a payment a word, of a problem a number
	Outcome            string           `json:"outcome"`
	Code               string           `json:"code"`
	Amount             string           `json:"amount"`
	CapturedAmount     string           `json:"capturedAmount"`
	RefundedAmount     string           `json:"refundedAmount"`
	RefundPending      string           `json:"refundPendingAmount"`
	NeedsAttention     bool             `json:"needsAttention"`
	IdempotentReplay   bool             `json:"idempotentReplay"`
	Version            int64            `json:"version"`
	Operation          operationShown   `json:"operation"`
	Operations         []operationShown `json:"operations"`
}

type operationShown struct {
	OperationID     string `json:"operationId"`
	OperationKind   string `json:"operationKind"`
	OperationStatus string `json:"operationStatus"`
	ProcessedAs     string `json:"processedAs"`
	Origin          string `json:"origin"`
	IdempotencyKey  string `json:"idempotencyKey"`
	TransactionID   string `json:"transactionId"`
	Amount          string `json:"amount"`
}

func (w *town) payment(s paymentShown) history.Payment {
	status, _ := s.Status.(string)
	p := history.Payment{
		ID: s.PaymentID, Reference: s.ProcessorReference, Order: s.OrderID, TransactionID: s.TransactionID, Status: status,
		Amount: cents(w.t, s.Amount), Captured: cents(w.t, s.CapturedAmount), Refunded: cents(w.t, s.RefundedAmount),
		Pending: cents(w.t, s.RefundPending), NeedsAttention: s.NeedsAttention, Version: s.Version,
	}
	for _, o := range s.Operations {
		p.Operations = append(p.Operations, w.operation(o))
	}
	return p
}

func (w *town) operation(o operationShown) history.Operation {
	return history.Operation{
		ID: o.OperationID, Kind: o.OperationKind, Status: o.OperationStatus, ProcessedAs: o.ProcessedAs, Origin: o.Origin,
		Key: o.IdempotencyKey, TransactionID: o.TransactionID, Amount: cents(w.t, o.Amount),
	}
}
