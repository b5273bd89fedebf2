package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// ask is one request of a caller.
type ask struct {
	verb string
	slot int
	key  string
	// target is a transaction or a payment, for the verbs that need one.
	target string
	order  string
	// customer and method are those of the vault, of what is about them.
	customer, method string
	body             string
	// takesPart and verifies are what the body says of a payment, and enters says that
	// it brings a card.
	takesPart, verifies, enters bool
	budget                      time.Duration
	// patience is when the caller hangs up; zero is a little after its budget.
	patience time.Duration
}

// request is what the key is bound to.
func (a ask) request() string {
	switch a.verb {
	case history.Pay, history.Capture, history.Void, history.Refund:
		return strings.TrimSpace(a.verb + " " + a.target + " " + a.body)
	case history.Store, history.Add, history.Replace:
		return a.verb + " " + a.customer + " " + a.method + " " + a.body
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
	case history.Get:
		return http.MethodGet, "/api/v1/payments/" + a.target
	}
	if a.customer != "" {
		return a.vaultPath()
	}
	return http.MethodPost, "/api/v1/transactions/" + a.target + "/" + a.verb
}

// overtime is how long a caller waits beyond its own budget.
const overtime = 2 * time.Second

// call asks, and writes down what came of it.
func (w *world) call(a ask) history.Call {
	hangsUp := a.patience > 0
	if !hangsUp {
		a.patience = a.budget + overtime
	}
	in := w.slots[a.slot].instance()
	c := history.Call{
		At: time.Now(), Instance: in.name, Verb: a.verb, Key: a.key, Request: a.request(), Order: a.order,
		TakesPart: a.takesPart, Verifies: a.verifies, Enters: a.enters, Customer: a.customer, Method: a.method, Budget: a.budget,
	}
	ctx, cancel := context.WithTimeout(context.Background(), a.patience)
	defer cancel()
	if status, body, err := w.exchange(ctx, in, a); err == nil {
		w.read(&c, status, body)
	} else if in.crashed() {
		w.faults.count(FindsInstanceDown, 1)
	}
	c.Until, c.Excused = time.Now(), hangsUp || in.crashed()
	if c.Code == "verification_declined" {
		w.faults.count(CardNotGood, 1)
	}
	w.record.call(c)
	if a.verb != history.Ask && a.verb != history.Get && c.Answered() {
		in.step("answer", a.verb+" "+a.key+a.customer).crash(CrashAfterAnswer, stepCrash/2)
	}
	return c
}

// exchange sends the request over a connection of its own, so that net/http
// never sends it a second time by itself.
func (w *world) exchange(ctx context.Context, in *instance, a ask) (status int, body []byte, err error) {
	method, path := a.path()
	request, err := http.NewRequestWithContext(ctx, method, "http://gateway.test"+path, strings.NewReader(a.body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+w.bearer)
	request.Header.Set("X-Request-Timeout-Ms", strconv.FormatInt(a.budget.Milliseconds(), 10))
	if a.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.request() != "" {
		request.Header.Set("Idempotency-Key", a.key)
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return in.public.dial(ctx) },
	}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// paymentShown is what an answer of the API holds, as far as rules need it.
type paymentShown struct {
	PaymentID          string `json:"paymentId"`
	ProcessorReference string `json:"processorReference"`
	OrderID            string `json:"orderId"`
	TransactionID      string `json:"transactionId"`
	Status             any    `json:"status"` // of a payment a word, of a problem a number
	Outcome            string `json:"outcome"`
	Code               string `json:"code"`
	Amount             string `json:"amount"`
	ApprovedAmount     string `json:"approvedAmount"`
	CapturedAmount     string `json:"capturedAmount"`
	RefundedAmount     string `json:"refundedAmount"`
	RefundPending      string `json:"refundPendingAmount"`
	NeedsAttention     bool   `json:"needsAttention"`
	BankAccount        *struct {
		AccountType string `json:"accountType"`
	} `json:"bankAccount"`
	PurchaseOrder string `json:"purchaseOrder"`
	EnhancedData  struct {
		Status        string `json:"status"`
		LineItemCount int    `json:"lineItemCount"`
	} `json:"enhancedData"`
	IdempotentReplay bool             `json:"idempotentReplay"`
	Version          int64            `json:"version"`
	Operation        operationShown   `json:"operation"`
	Operations       []operationShown `json:"operations"`
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
	PaymentMethodID string `json:"paymentMethodId"`
}

// read takes an answer apart. One that is not the API's is a mistake of the
// simulation, which must not pass for an answer that never came.
func (w *world) read(c *history.Call, status int, body []byte) {
	var shown paymentShown
	if status == http.StatusNoContent {
		c.Status = status
		return
	}
	if err := json.Unmarshal(body, &shown); err != nil {
		panic(fmt.Sprintf("%s %s answers HTTP %d with %q: %v", c.Verb, c.Key, status, body, err))
	}
	c.Status, c.Code, c.Outcome, c.Replayed = status, shown.Code, shown.Outcome, shown.IdempotentReplay
	if shown.PaymentID != "" {
		c.Payment = shown.payment()
		c.Operation = shown.Operation.operation()
	}
	if shown.Operation.PaymentMethodID != "" {
		c.Operation, c.Method = shown.Operation.operation(), shown.Operation.PaymentMethodID
	}
}

func (s paymentShown) payment() history.Payment {
	status, _ := s.Status.(string)
	p := history.Payment{
		ID: s.PaymentID, Reference: s.ProcessorReference, Order: s.OrderID, TransactionID: s.TransactionID, Status: status,
		Amount: mustCents(s.Amount), Part: mustCents(s.ApprovedAmount), Captured: mustCents(s.CapturedAmount), Refunded: mustCents(s.RefundedAmount),
		Pending: mustCents(s.RefundPending), NeedsAttention: s.NeedsAttention, Version: s.Version, ACH: s.BankAccount != nil,
		Enhanced: history.Enhanced{Status: s.EnhancedData.Status, PurchaseOrder: s.PurchaseOrder, Lines: s.EnhancedData.LineItemCount},
	}
	for _, o := range s.Operations {
		p.Operations = append(p.Operations, o.operation())
	}
	return p
}

func (o operationShown) operation() history.Operation {
	if o.OperationID == "" {
		return history.Operation{}
	}
	return history.Operation{
		ID: o.OperationID, Kind: o.OperationKind, Status: o.OperationStatus, ProcessedAs: o.ProcessedAs, Origin: o.Origin,
		Key: o.IdempotencyKey, TransactionID: o.TransactionID, Amount: mustCents(o.Amount),
	}
}

func mustCents(amount string) int64 {
	c, err := cents(amount)
	if err != nil {
		panic(err) // the API's own tests hold it to its contract
	}
	return c
}
