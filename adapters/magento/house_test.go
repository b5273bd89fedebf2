package magento

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// house is a shop, the sink that tells it, and a clock that both go by.
type house struct {
	t    *testing.T
	shop *magentotest.Shop
	sink *Sink
	now  time.Time
	n    int64
}

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func newHouse(t *testing.T, way Way, options magentotest.Options, change ...func(*Config)) *house {
	t.Helper()
	h := &house{t: t, now: noon}
	options.Now = func() time.Time { return h.now }
	options.Module = options.Module || way == WayModule
	h.shop = magentotest.New(options)
	server := httptest.NewServer(h.shop)
	t.Cleanup(server.Close)
	config := configFor(server.URL, way)
	config.Now = options.Now
	for _, c := range change {
		c(&config)
	}
	sink, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Close)
	h.sink = sink
	return h
}

func configFor(url string, way Way) Config {
	c := magentotest.DefaultCredentials
	return Config{
		BaseURL: url, ConsumerKey: c.ConsumerKey, ConsumerSecret: c.ConsumerSecret,
		AccessToken: c.AccessToken, AccessTokenSecret: c.AccessTokenSecret,
		Way: way, LeaveReview: true, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
}

// ways are both ways in, for what both have to do.
var ways = []Way{WayCore, WayModule}

func inBothWays(t *testing.T, options magentotest.Options, test func(t *testing.T, h *house)) {
	for _, way := range ways {
		t.Run(string(way), func(t *testing.T) { test(t, newHouse(t, way, options)) })
	}
}

// charged is a payment of 100.00 whose charge has come to that status.
func (h *house) charged(kind gateway.OperationKind, status gateway.Status, orderID string) gateway.Payment {
	h.n++
	intent, op := gateway.IntentSale, gateway.OpApproved
	if kind == gateway.KindAuthorize {
		intent = gateway.IntentAuthorize
	}
	switch status {
	case gateway.StatusDeclined:
		op = gateway.OpDeclined
	case gateway.Failed:
		op = gateway.OpFailed
	case gateway.StatusUnknown:
		op = gateway.OpUnknown
	}
	p := gateway.Payment{
		ID: fmt.Sprintf("pay_%026d", h.n), MerchantID: "shoes", Status: status, Intent: intent,
		Amount: 100_00, Currency: "USD", OrderID: orderID, Channel: "magento",
		Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111"}, Reference: "ABCDEFGHIJKLMNOP", Version: 2,
		CreatedAt: h.now, UpdatedAt: h.now,
		Operations: []gateway.Operation{{
			ID: fmt.Sprintf("op_%d_charge", h.n), Kind: kind, Status: op, Origin: gateway.OriginAPI, Channel: "magento",
			Amount: 100_00, CreatedAt: h.now,
		}},
	}
	if op != gateway.OpUnknown {
		p.Operations[0].DecidedAt = h.now
	}
	if op == gateway.OpApproved || op == gateway.OpDeclined {
		p.TransactionID = fmt.Sprint(7000 + h.n)
		p.Operations[0].TransactionID = p.TransactionID
	}
	return p
}

// then is the payment with one more operation, made at PayTrace's own screens.
func (h *house) then(p gateway.Payment, kind gateway.OperationKind, amount gateway.Money, status gateway.Status) gateway.Payment {
	h.n++
	p.Operations = append(slices.Clone(p.Operations), gateway.Operation{
		ID: fmt.Sprintf("op_%d_%s", h.n, kind), Kind: kind, Status: gateway.OpApproved, Origin: gateway.OriginExternal,
		Amount: amount, TransactionID: fmt.Sprint(7000 + h.n), CreatedAt: h.now,
	})
	p.Status, p.Version = status, p.Version+1
	return p
}

// byMagento is the payment whose last operation the shop itself asked for, and had
// its answer to at once.
func byMagento(p gateway.Payment) gateway.Payment {
	return changed(p, func(last *gateway.Operation) {
		last.Origin, last.Channel, last.DecidedAt = gateway.OriginAPI, "magento", last.CreatedAt
	})
}

// foundLate is the payment whose last operation was unknown, and decided after its
// caller had stopped to wait.
func foundLate(p gateway.Payment) gateway.Payment {
	return changed(p, func(last *gateway.Operation) { last.Looks, last.WasUnknown = 2, true })
}

// decidedAfter is the payment whose last operation was decided so long after it was
// asked for.
func decidedAfter(d time.Duration, p gateway.Payment) gateway.Payment {
	return changed(p, func(last *gateway.Operation) { last.DecidedAt = last.CreatedAt.Add(d) })
}

// askedAnew is the payment whose last operation was not sent at first, and decided at
// once when its key was sent again.
func askedAnew(after time.Duration, p gateway.Payment) gateway.Payment {
	return changed(p, func(last *gateway.Operation) {
		last.AskedAt = last.CreatedAt.Add(after)
		last.DecidedAt = last.AskedAt.Add(time.Second)
	})
}

// fromBefore is the payment as a gateway has kept it that did not take the times of
// decisions down.
func fromBefore(p gateway.Payment) gateway.Payment {
	p.Operations = slices.Clone(p.Operations)
	for i := range p.Operations {
		p.Operations[i].AskedAt, p.Operations[i].DecidedAt, p.Operations[i].WasUnknown = time.Time{}, time.Time{}, false
	}
	return p
}

// changed is the payment with its last operation changed.
func changed(p gateway.Payment, change func(last *gateway.Operation)) gateway.Payment {
	p.Operations = slices.Clone(p.Operations)
	change(&p.Operations[len(p.Operations)-1])
	return p
}

// event is what the ledger writes when the payment has come to where it is.
func (h *house) event(p gateway.Payment) gateway.Event {
	h.n++
	return gateway.Event{
		ID: fmt.Sprintf("evt_%026d", h.n), MerchantID: p.MerchantID, PaymentID: p.ID, OperationID: p.Operations[len(p.Operations)-1].ID,
		Type: "payment." + string(p.Status), Version: p.Version, At: h.now, Payment: p,
	}
}

func (h *house) deliver(e gateway.Event) gateway.Verdict { return h.deliverFor(e, time.Minute) }

func (h *house) deliverFor(e gateway.Event, deadline time.Duration) gateway.Verdict {
	ctx, cancel := context.WithTimeout(h.t.Context(), deadline)
	defer cancel()
	return h.sink.Deliver(ctx, gateway.Delivery{ID: "dlv_" + e.ID, Event: e})
}

// tell delivers what has become of a payment, and wants it taken.
func (h *house) tell(p gateway.Payment) gateway.Verdict {
	h.t.Helper()
	v := h.deliver(h.event(p))
	if v.Outcome != gateway.Told {
		h.t.Fatalf("%s is %s (%s), want told", p.Status, v.Outcome, v.Detail)
	}
	return v
}

// place saves the payment's order of 100.00 as the shop does.
func (h *house) place(p gateway.Payment, change ...func(*magentotest.Placing)) string {
	placing := magentotest.Placing{
		IncrementID: p.OrderID, TransactionID: p.TransactionID, PaymentID: p.ID, StoreCode: p.StoreCode,
		Items: []magentotest.Item{{SKU: "boot", Qty: 2, Price: 40_00}, {SKU: "lace", Qty: 1, Price: 15_00}}, Shipping: 5_00,
	}
	for _, c := range change {
		c(&placing)
	}
	return h.shop.Place(placing)
}

func inReview(p *magentotest.Placing)   { p.State = magentotest.StatePaymentReview }
func paidAtOnce(p *magentotest.Placing) { p.Paid = true }

func (h *house) order(number string) magentotest.Order {
	h.t.Helper()
	o, found := h.shop.Order(number)
	if !found {
		h.t.Fatalf("there is no order %s", number)
	}
	return o
}

// is holds an order against what it should be.
func (h *house) is(number, state string, invoices, creditMemos int) magentotest.Order {
	h.t.Helper()
	o := h.order(number)
	if o.State != state || len(o.Invoices) != invoices || len(o.CreditMemos) != creditMemos {
		h.t.Fatalf("order %s is %s with %d invoices and %d credit memos, want %s, %d, %d; comments %v",
			number, o.State, len(o.Invoices), len(o.CreditMemos), state, invoices, creditMemos, o.Comments)
	}
	if o.StatusLost {
		h.t.Fatalf("order %s lost its status", number)
	}
	for _, m := range o.CreditMemos {
		if m.Items == 0 && m.Amount == 0 {
			h.t.Fatal("a credit memo of nothing")
		}
	}
	return o
}

// attends wants a person to be called for with that code.
func attends(t *testing.T, v gateway.Verdict, code string) {
	t.Helper()
	if !strings.HasPrefix(v.Attention, code+": ") || strings.Contains(v.Attention, ";") {
		t.Fatalf("attention is %q, want %s", v.Attention, code)
	}
}

var errVoidRefused = errors.New("The authorization has expired and cannot be voided.")

// sprint prints a value in each way that a log may.
func sprint(v any) string { return fmt.Sprintf("%v %+v %#v %s", v, v, v, v) }
