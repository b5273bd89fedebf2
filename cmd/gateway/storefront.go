package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

const (
	// shopBudget is how long the shop lets the gateway take, as a Magento module
	// would: X-Request-Timeout-Ms below its own patience.
	shopBudget   = 30 * time.Second
	shopPatience = 40 * time.Second
	ordersKept   = 200
)

// storefront is the demo's small shop. Its page takes the card in PayTrace's hosted
// fields, which the simulator plays; its server calls the gateway as Magento's
// module would.
type storefront struct {
	base    string // of the gateway, http://host:port
	control string // of the simulator
	hooks   *hookLog
	org     *salesforcetest.Org
	magento *magentotest.Shop
	client  *http.Client

	mu     sync.Mutex
	orders []*placed
	shown  map[string]bool // the numbers of forms that nothing was bought with yet
	next   int
	token  string
}

// placed is an order the shop has asked a payment for.
type placed struct {
	OrderID   string          `json:"orderId"`
	PlacedAt  time.Time       `json:"placedAt"`
	Key       string          `json:"idempotencyKey"`
	PaymentID string          `json:"paymentId,omitempty"`
	Payment   json.RawMessage `json:"payment,omitempty"`
}

// openShop serves the shop until the app closes.
func (a *app) openShop(o demoOptions) error {
	listener, err := listenOn("--shop", o.shop)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newStorefront(o.shop, "http://"+o.listen, o.control, demoHookSecret).handler(), ReadHeaderTimeout: 5 * time.Second}
	a.onClose(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	return nil
}

func newStorefront(address, base, control, hookSecret string) *storefront {
	return &storefront{
		base: base, control: control, hooks: newHookLog(hookSecret),
		magento: magentotest.New(magentotest.Options{Address: "http://" + address}),
		org:     salesforcetest.New(salesforcetest.Settings{ClientID: "demo-org", ClientSecret: demoOrgSecret, RunAs: "payments@demo.test"}),
		client:  &http.Client{Timeout: shopPatience}, shown: map[string]bool{}, next: 1,
	}
}

// handler is everything that the shop serves.
func (s *storefront) handler() http.Handler {
	mux := http.NewServeMux()
	s.forms(mux)
	mux.HandleFunc("GET /state", s.state)
	mux.HandleFunc("POST /buy", s.buy)
	mux.HandleFunc("POST /orders/{order}/{verb}", s.operate)
	mux.Handle("POST /webhook", s.hooks)
	mux.Handle("/services/", s.org)
	mux.Handle("/rest/", s.magento)
	return mux
}

// state is what the page shows, as it happens.
func (s *storefront) state(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	orders := make([]placed, 0, len(s.orders))
	for _, o := range s.orders {
		orders = append(orders, *o)
	}
	s.mu.Unlock()
	slices.Reverse(orders)
	hooks := s.hooks.events()
	for i := range orders {
		orders[i].Payment = s.latest(hooks, orders[i])
	}
	if hooks == nil {
		hooks = []hook{}
	}
	shown(w, http.StatusOK, map[string]any{"orders": orders, "webhooks": hooks, "salesforce": s.records(), "magento": s.saved()})
}

// records are the org's, newest first.
func (s *storefront) records() []map[string]any {
	records := []map[string]any{}
	for _, r := range s.org.Records("Payment__c") {
		fields := maps.Clone(r.Fields)
		fields["writes"] = len(r.Revisions)
		records = append(records, fields)
	}
	slices.Reverse(records)
	return records[:min(len(records), ordersKept)]
}

// latest is the payment as the shop was last told of it.
func (s *storefront) latest(hooks []hook, o placed) json.RawMessage {
	for _, h := range hooks {
		var data struct{ PaymentID string }
		if json.Unmarshal(h.Data, &data) == nil && data.PaymentID == o.PaymentID && o.PaymentID != "" {
			return h.Data
		}
	}
	return o.Payment
}

// purchase is what the page sends: the card stays with PayTrace.
type purchase struct {
	Attempt, Amount, Intent, HPFToken, EncKey string
}

// buy asks for the payment of the order that the form was shown for, under a key
// that names it: however often the page sends it, it is paid once.
func (s *storefront) buy(w http.ResponseWriter, r *http.Request) {
	var p purchase
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&p); err != nil {
		http.Error(w, "expected attempt, amount, intent, hpfToken and encKey", http.StatusBadRequest)
		return
	}
	o := s.place(p)
	if o == nil {
		http.Error(w, "this form was shown by nobody, or too long ago", http.StatusUnprocessableEntity)
		return
	}
	status, answer, err := s.ask(r.Context(), http.MethodPost, "/api/v1/payments", o.Key, map[string]any{
		"intent": cmp.Or(p.Intent, "sale"), "amount": p.Amount, "orderId": o.OrderID, "storeCode": "default", "channel": "magento",
		"paymentMethod": map[string]any{"hostedFields": map[string]string{"hpfToken": p.HPFToken, "encKey": p.EncKey}},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	s.told(o, answer)
	s.save(o, p, answer)
	passOn(w, status, answer)
}

// place makes an order of the number that the form was shown with, once. The key
// stays what it was at first, so that a page cannot pay an order twice by asking
// for another amount.
func (s *storefront) place(p purchase) *placed {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.OrderID == p.Attempt {
			return o
		}
	}
	if !s.shown[p.Attempt] {
		return nil
	}
	delete(s.shown, p.Attempt)
	o := &placed{OrderID: p.Attempt, PlacedAt: time.Now().UTC()}
	o.Key = fmt.Sprintf("magento:default:%s:%s:1:%s", o.OrderID, cmp.Or(p.Intent, "sale"), p.Amount)
	s.orders = append(s.orders, o)
	s.orders = s.orders[max(0, len(s.orders)-ordersKept):]
	return o
}

func (s *storefront) told(o *placed, answer []byte) {
	var payment struct{ PaymentID string }
	if json.Unmarshal(answer, &payment) != nil || payment.PaymentID == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o.PaymentID, o.Payment = payment.PaymentID, answer
}

// save is Magento's own saving of the order, which comes after its payment: none
// where the payment was declined, under review where nobody knows yet.
func (s *storefront) save(o *placed, p purchase, answer []byte) {
	var payment struct{ Status, TransactionID, PaymentID string }
	amount, err := gateway.ParseMoney(p.Amount)
	if err != nil || json.Unmarshal(answer, &payment) != nil {
		return
	}
	order := magentotest.Placing{
		IncrementID: o.OrderID, TransactionID: payment.TransactionID, PaymentID: payment.PaymentID,
		Items: []magentotest.Item{{SKU: "one-thing", Qty: 1, Price: int64(amount)}},
	}
	switch payment.Status {
	case "approved":
		order.Paid = true
	case "authorized":
	case "unknown":
		order.State = magentotest.StatePaymentReview
	default:
		return
	}
	s.magento.Place(order)
}

// saved are Magento's orders, newest first.
func (s *storefront) saved() []magentotest.Order {
	orders := s.magento.Orders()
	slices.Reverse(orders)
	if orders == nil {
		orders = []magentotest.Order{}
	}
	return orders[:min(len(orders), ordersKept)]
}

func (s *storefront) find(number string) (placed, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.OrderID == number {
			return *o, true
		}
	}
	return placed{}, false
}

// operate captures, voids or refunds the payment of an order.
func (s *storefront) operate(w http.ResponseWriter, r *http.Request) {
	o, ok := s.find(r.PathValue("order"))
	verb := r.PathValue("verb")
	if !ok || !slices.Contains([]string{"capture", "void", "refund"}, verb) {
		http.NotFound(w, r)
		return
	}
	var body struct {
		Amount string `json:"amount,omitempty"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		http.Error(w, "expected an amount, or nothing", http.StatusBadRequest)
		return
	}
	key := fmt.Sprintf("magento:default:%s:%s:%d:%s", o.OrderID, verb, time.Now().UnixMilli(), cmp.Or(body.Amount, "all"))
	status, answer, err := s.ask(r.Context(), http.MethodPost, "/api/v1/transactions/"+url.PathEscape(o.PaymentID)+"/"+verb, key, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	passOn(w, status, answer)
}

// ask calls the gateway. A token that has expired is renewed once.
func (s *storefront) ask(ctx context.Context, method, path, key string, body any) (int, []byte, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	for fresh := false; ; fresh = true {
		token, err := s.bearer(ctx, fresh)
		if err != nil {
			return 0, nil, err
		}
		request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(content))
		if err != nil {
			return 0, nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		if key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		request.Header.Set("X-Request-Timeout-Ms", fmt.Sprint(shopBudget.Milliseconds()))
		status, answer, err := s.exchange(request)
		if status != http.StatusUnauthorized || fresh {
			return status, answer, err
		}
	}
}

// bearer is the shop's access token.
func (s *storefront) bearer(ctx context.Context, fresh bool) (string, error) {
	s.mu.Lock()
	token := s.token
	s.mu.Unlock()
	if token != "" && !fresh {
		return token, nil
	}
	form := strings.NewReader("grant_type=client_credentials")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/oauth/token", form)
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(demoClient, demoSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, answer, err := s.exchange(request)
	var granted struct {
		AccessToken string `json:"access_token"`
	}
	if err == nil && (status != http.StatusOK || json.Unmarshal(answer, &granted) != nil) {
		err = fmt.Errorf("the gateway gives the shop no token: HTTP %d", status)
	}
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = granted.AccessToken
	return s.token, nil
}

func (s *storefront) exchange(request *http.Request) (int, []byte, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("the gateway does not answer; repeat with the same key: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, answer, err
}

func passOn(w http.ResponseWriter, status int, answer []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

func shown(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
