package gateway_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// asked counts what is asked of a ledger, by subscriber or merchant.
type asked struct {
	gateway.Ledger
	mu      sync.Mutex
	due, of map[string]int
	all     int
}

func (a *asked) DueDeliveries(ctx context.Context, s gateway.Subscriber, now time.Time, limit int) ([]gateway.Delivery, error) {
	a.mu.Lock()
	a.due[s.MerchantID+"/"+s.Name]++
	a.mu.Unlock()
	return a.Ledger.DueDeliveries(ctx, s, now, limit)
}

func (a *asked) SubscriptionsOf(ctx context.Context, merchantID string, since time.Time) ([]gateway.Subscription, error) {
	a.mu.Lock()
	a.of[merchantID]++
	a.mu.Unlock()
	return a.Ledger.SubscriptionsOf(ctx, merchantID, since)
}

func (a *asked) Subscriptions(ctx context.Context, since time.Time) ([]gateway.Subscription, error) {
	a.mu.Lock()
	a.all++
	a.mu.Unlock()
	return a.Ledger.Subscriptions(ctx, since)
}

func TestAPaymentIsNoWorkForWhoIsNotToldOfIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		books, err := ledger.OpenSQLite(t.Context(), path, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer books.Close()
		counting := &asked{Ledger: books, due: map[string]int{}, of: map[string]int{}}
		shop := &listener{}
		two := []gateway.Merchant{merchants[0], merchants[0]}
		two[1].ID = "other"
		processor := processortest.New(time.Now)
		g := gateway.New(gateway.Config{
			Ledger: counting, Merchants: two, Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 8, Log: discard,
			Processors: map[string]gateway.Processor{"main": processor, "other": processor},
			Subscribers: []gateway.Subscriber{
				{MerchantID: "main", Name: "shop", Sink: shop},
				{MerchantID: "main", Name: "idle", Sink: &listener{}, Events: []string{"payment.refunded"}},
				{MerchantID: "other", Name: "shop", Sink: &listener{}},
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { g.RunTelling(ctx, time.Second); close(ended) }()
		h := &house{Gateway: g, t: t, ledger: books, processor: processor}
		for _, key := range []string{"a", "b", "c"} {
			h.create(key, sale(1000))
			time.Sleep(10 * time.Second)
		}
		cancel()
		<-ended
		if shop.count() < 3 {
			t.Errorf("the shop was told %d times", shop.count())
		}
		// Each asks once for itself, when it begins.
		if counting.due["main/idle"] != 1 || counting.due["other/shop"] != 1 {
			t.Errorf("the ledger was asked for deliveries %v", counting.due)
		}
		if counting.of["main"] < 3 || counting.of["other"] != 0 || counting.all != 0 {
			t.Errorf("the ledger was asked for subscriptions %v, and %d times for all", counting.of, counting.all)
		}
	})
}
