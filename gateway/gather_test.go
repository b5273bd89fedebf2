package gateway_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// rounds is a ledger that remembers when events were asked for, and how many
// there were.
type rounds struct {
	gateway.Ledger
	mu    sync.Mutex
	at    []time.Time
	found []int
}

func (r *rounds) Unspread(ctx context.Context, merchants []string, limit int) ([]gateway.Event, error) {
	events, err := r.Ledger.Unspread(ctx, merchants, limit)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.found = append(r.at, time.Now()), append(r.found, len(events))
	return events, err
}

// TestEventsAreGatheredWhenTheyComeInCrowds looks at when the event is spread
// that is written a millisecond after a round with so many.
func TestEventsAreGatheredWhenTheyComeInCrowds(t *testing.T) {
	for crowd, want := range map[int]time.Duration{1: time.Millisecond, 2: 20 * time.Millisecond, 30: 20 * time.Millisecond} {
		t.Run(fmt.Sprint(crowd), func(t *testing.T) {
			path := t.TempDir() + "/ledger.db"
			bubble(t, func(t *testing.T) {
				h := open(t, path, "one", processortest.New(time.Now))
				defer h.ledger.Close()
				r := &rounds{Ledger: h.ledger}
				h.on(r, gateway.Subscriber{MerchantID: "main", Name: "shop", Sink: &listener{}, Events: []string{gateway.EventUnmatched}})
				for i := range crowd {
					h.create(fmt.Sprint("k", i), sale(processortest.Declines))
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { h.RunTelling(ctx, time.Hour); close(ended) }()
				synctest.Wait()
				time.Sleep(time.Millisecond)
				h.create("next", sale(processortest.Declines))
				time.Sleep(30 * time.Millisecond)
				cancel()
				<-ended
				if len(r.at) < 2 || r.found[0] != crowd || r.found[len(r.found)-1] != 1 {
					t.Fatalf("found %v", r.found)
				}
				if took := r.at[len(r.at)-1].Sub(r.at[0]); took != want {
					t.Errorf("it was spread after %v, want %v", took, want)
				}
			})
		})
	}
}

// TestWhatWaitsIsSpreadInOneGoHoweverManyAreToldOfIt has more payments waiting than
// one write takes, for a merchant of 20 subscribers, and nothing happens afterwards
// that would wake the spreading again.
func TestWhatWaitsIsSpreadInOneGoHoweverManyAreToldOfIt(t *testing.T) {
	path := t.TempDir() + "/ledger.db"
	bubble(t, func(t *testing.T) {
		books, err := ledger.OpenSQLite(t.Context(), path, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer books.Close()
		shop := &listener{}
		subscribers := []gateway.Subscriber{{Name: "shop", Sink: shop}}
		for i := range 19 {
			subscribers = append(subscribers, gateway.Subscriber{Name: fmt.Sprint("other", i), Sink: &listener{}, Events: []string{"payment.refunded"}})
		}
		h := tellingHouse(t, books, "one", processortest.New(time.Now), subscribers...)
		const waiting = 40
		for i := range waiting {
			h.create(fmt.Sprint("k", i), sale(processortest.Declines))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { h.RunTelling(ctx, time.Hour); close(ended) }()
		time.Sleep(time.Second)
		if n := shop.count(); n != waiting {
			t.Errorf("the shop was told of %d payments of %d", n, waiting)
		}
		cancel()
		<-ended
	})
}
