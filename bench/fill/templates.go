package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

const (
	templateMerchant = "template-merchant"
	templateCustomer = "template-customer"
	// amounts is how many payments of each kind there are.
	amounts = 4
)

// kind is a life that a payment may have had.
type kind struct {
	name string
	// weight is how many of a hundred live so.
	weight int
	// open says that the gateway still has work with it: only payments of the
	// last day are so.
	open   bool
	hosted bool
	live   func(*life) error
}

var kinds = []kind{
	{name: "settled", weight: 34, live: func(l *life) error { return l.steps(l.sale, l.settle) }},
	{name: "settled, by hosted fields", weight: 34, hosted: true, live: func(l *life) error { return l.steps(l.sale, l.settle) }},
	{name: "captured and settled", weight: 12, live: func(l *life) error { return l.steps(l.authorize, l.capture, l.settle) }},
	{name: "declined", weight: 9, hosted: true, live: func(l *life) error { return l.steps(l.decline) }},
	{name: "voided", weight: 4, live: func(l *life) error { return l.steps(l.authorize, l.void) }},
	{name: "refunded", weight: 4, live: func(l *life) error { return l.steps(l.sale, l.settle, l.refundAll) }},
	{name: "partially refunded", weight: 3, hosted: true, live: func(l *life) error { return l.steps(l.sale, l.settle, l.refundSome) }},
	{name: "approved", weight: 80, open: true, hosted: true, live: func(l *life) error { return l.steps(l.sale) }},
	{name: "authorized", weight: 20, open: true, live: func(l *life) error { return l.steps(l.authorize) }},
}

// life is one payment on its way through a gateway of its own.
type life struct {
	ctx       context.Context
	gateway   *gateway.Gateway
	processor *processortest.Processor
	clock     *clock
	method    gateway.PaymentMethod
	amount    gateway.Money
	answer    gateway.Answer
	keys      int
}

// clock is what the gateway of the templates takes for the time.
type clock struct{ micros atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.micros.Add(d.Microseconds()) }

// makeTemplates lets payments of every kind live, and reads what the ledger
// then has of them.
func makeTemplates(ctx context.Context) ([]template, error) {
	folder, err := os.MkdirTemp("", "templates")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "templates.db")
	made, err := liveAll(ctx, path)
	if err != nil {
		return nil, err
	}
	return readTemplates(ctx, path, made)
}

// liveAll returns the kinds of the payments that it has made, by their ids.
func liveAll(ctx context.Context, path string) (map[string]kind, error) {
	l, err := ledger.OpenSQLite(ctx, path, ledger.Options{})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	at := &clock{}
	at.micros.Store(time.Date(2026, 3, 2, 10, 0, 0, 123456000, time.UTC).UnixMicro())
	shopper := gateway.VaultCustomer{MerchantID: templateMerchant, ID: templateCustomer, Version: 1, Methods: []gateway.VaultMethod{{
		ID: "pm_1", ProfileID: templateCustomer, Default: true,
		Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"},
	}}}
	if err := l.ApplyVault(ctx, gateway.VaultChange{Customer: &shopper}); err != nil {
		return nil, err
	}
	made := map[string]kind{}
	for i := range amounts {
		for _, k := range kinds {
			id, err := liveOne(ctx, l, at, k, i)
			if err != nil {
				return nil, fmt.Errorf("a payment that is %s: %w", k.name, err)
			}
			made[id] = k
		}
	}
	return made, nil
}

func liveOne(ctx context.Context, l gateway.Ledger, at *clock, k kind, i int) (string, error) {
	at.forward(100 * 24 * time.Hour) // past all windows of the one before
	p := processortest.New(at.now)
	p.NumberFrom(200_000_000 + int(at.micros.Load()/86_400_000_000)) // no two days are the same
	g := gateway.New(gateway.Config{
		Ledger: l,
		Merchants: []gateway.Merchant{{
			ID: templateMerchant, Currency: "USD", SendWindow: gateway.DefaultSendWindow, CallDeadline: gateway.DefaultCallDeadline,
			WatchEvery: time.Minute, WatchDays: 3,
		}},
		Processors: map[string]gateway.Processor{templateMerchant: p},
		Secret:     []byte("0123456789abcdef0123456789abcdef"),
		Instance:   "fill", Now: at.now, MaxInFlight: 4, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	})
	one := &life{ctx: ctx, gateway: g, processor: p, clock: at, amount: gateway.Money(1999 + 1500*i)}
	one.method = gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: templateCustomer}}
	if k.hosted {
		one.method = gateway.PaymentMethod{HostedFields: &gateway.HostedFields{Token: "token", EncryptionKey: "key"}}
	}
	err := k.live(one)
	if stopped := g.Stop(ctx); err == nil { // what is learned after the answer is written then
		err = stopped
	}
	return one.answer.Payment.ID, err
}

func (l *life) steps(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
		l.clock.forward(7*time.Hour + 3*time.Minute + 17*time.Microsecond)
	}
	return nil
}

func (l *life) caller() gateway.Caller {
	l.keys++
	return gateway.Caller{MerchantID: templateMerchant, Channel: "magento", Key: fmt.Sprintf("template-key-%d-%d", l.clock.micros.Load(), l.keys)}
}

func (l *life) create(intent gateway.Intent, amount gateway.Money, want gateway.Status) error {
	var err error
	l.answer, err = l.gateway.CreatePayment(l.ctx, l.caller(), gateway.CreatePayment{
		Intent: intent, Amount: amount, OrderID: fmt.Sprintf("template-order-%d", l.clock.micros.Load()), StoreCode: "default", CustomerID: "4711",
		Method: l.method, Metadata: map[string]string{"quote": "template", "shipping": "flatrate_flatrate"},
	})
	if err != nil {
		return err
	}
	if l.answer.Payment.Status != want {
		return fmt.Errorf("it is %s", l.answer.Payment.Status)
	}
	return l.until(func(p gateway.Payment) bool { return p.Card.Brand != "" || want == gateway.StatusDeclined })
}

// until waits for what the gateway does after its answer, while no time passes.
func (l *life) until(so func(gateway.Payment) bool) error {
	patience, stop := context.WithTimeout(l.ctx, 20*time.Second)
	defer stop()
	for {
		p, err := l.gateway.Payment(patience, templateMerchant, l.answer.Payment.ID)
		if err != nil || so(p) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func (l *life) sale() error {
	return l.create(gateway.IntentSale, l.amount, gateway.StatusApproved)
}

func (l *life) authorize() error {
	return l.create(gateway.IntentAuthorize, l.amount, gateway.Authorized)
}

func (l *life) decline() error {
	return l.create(gateway.IntentSale, processortest.Declines, gateway.StatusDeclined)
}

func (l *life) capture() error {
	_, err := l.gateway.Capture(l.ctx, l.caller(), l.answer.Payment.TransactionID, gateway.CapturePayment{})
	return err
}

func (l *life) void() error {
	_, err := l.gateway.Void(l.ctx, l.caller(), l.answer.Payment.TransactionID)
	return err
}

func (l *life) refundAll() error {
	_, err := l.gateway.Refund(l.ctx, l.caller(), l.answer.Payment.TransactionID, gateway.RefundPayment{})
	return err
}

func (l *life) refundSome() error {
	some := l.amount / 3
	_, err := l.gateway.Refund(l.ctx, l.caller(), l.answer.Payment.TransactionID, gateway.RefundPayment{Amount: &some})
	return err
}

// settle has the processor settle, and the gateway's own watcher see it.
func (l *life) settle() error {
	l.processor.Settle()
	watching, stop := context.WithCancel(l.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.gateway.RunWatch(watching, time.Millisecond)
	}()
	defer func() { stop(); <-ended }()
	return l.until(func(p gateway.Payment) bool { return p.Status == gateway.Settled })
}
