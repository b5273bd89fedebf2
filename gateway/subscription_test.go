package gateway_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// joined runs another gateway on the same ledger, until the test has ended.
func (h *house) joined(other *house, test func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() { other.RunTelling(ctx, 2*time.Second); close(ended) }()
	test()
	cancel()
	<-ended
}

func subscribes(t *testing.T, h *house) {
	t.Helper()
	if err := h.Subscribe(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestASubscriberIsToldOfWhatAnInstanceWithoutItHasSpread has the older of two
// instances spread alone what the newer one writes, as in a rolling start.
func TestASubscriberIsToldOfWhatAnInstanceWithoutItHasSpread(t *testing.T) {
	shop, org := &listener{}, &listener{}
	org.lane = func(gateway.Event) string { return "one parent record" }
	org.takes = 5 * time.Second
	tells(t, func(t *testing.T, h *house) {
		newer := tellingHouse(t, h.ledger, "two", h.processor, approved("shop", &listener{}), approved("org", org))
		subscribes(t, newer)
		newer.create("k1", sale(1000))
		newer.create("k2", sale(1000))
		newer.create("k3", sale(1000))
		time.Sleep(time.Minute)
		if shop.count() != 3 || org.count() != 0 {
			t.Fatalf("the older one told %d and %d times", shop.count(), org.count())
		}
		h.joined(newer, func() { time.Sleep(time.Minute) })
		if shop.count() != 3 || org.count() != 3 || org.most != 1 {
			t.Errorf("told %d and %d times, %d at once", shop.count(), org.count(), org.most)
		}
		for _, d := range h.deliveries(gateway.DeliveryFilter{Subscriber: "org"}) {
			if d.Status != gateway.DeliveryDone || d.Lane != "one parent record" {
				t.Errorf("%s in lane %q", d.Status, d.Lane)
			}
		}
	}, approved("shop", shop))
}

func TestASubscriberThatWantsMoreByAnotherInstanceIsToldOfIt(t *testing.T) {
	shop := &listener{}
	tells(t, func(t *testing.T, h *house) {
		newer := tellingHouse(t, h.ledger, "two", h.processor,
			gateway.Subscriber{Name: "shop", Sink: &listener{}, Events: []string{"payment.approved", "payment.voided"}})
		subscribes(t, newer)
		p := h.create("k", sale(1000)).Payment
		if _, err := h.Void(t.Context(), as("v"), p.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if shop.count() != 2 {
			t.Errorf("told %d times", shop.count())
		}
	}, approved("shop", shop))
}

// TestASubscriberInNoConfigurationIsForgotten wants deliveries to be made for as
// long as it may come back, and no longer.
func TestASubscriberInNoConfigurationIsForgotten(t *testing.T) {
	tellsEvery(t, 10*time.Minute, func(t *testing.T, h *house) {
		former := tellingHouse(t, h.ledger, "former", h.processor, approved("old", &listener{}))
		subscribes(t, former)
		owed := func() (n int, configured bool) {
			standings, err := h.Subscribers(t.Context(), "main")
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range standings {
				n, configured = s.Owed.Pending, s.Configured
			}
			return n, configured
		}
		h.create("k1", sale(1000))
		time.Sleep(11 * time.Minute) // found by the next round
		if n, configured := owed(); n != 1 || !configured {
			t.Errorf("owed %d, configured %t", n, configured)
		}
		time.Sleep(7*24*time.Hour - 2*time.Hour)
		h.create("k2", sale(1000))
		time.Sleep(4 * time.Hour)
		h.create("k3", sale(1000))
		time.Sleep(time.Minute)
		if n, configured := owed(); n != 2 || configured {
			t.Errorf("owed %d, configured %t", n, configured)
		}
		h.joined(former, func() { time.Sleep(time.Minute); h.create("k4", sale(1000)); time.Sleep(time.Minute) })
		if n, _ := owed(); n != 0 {
			t.Errorf("it is back, and owed %d", n)
		}
	})
}

// TestEventsOfAMerchantThatIsNotKnownAreLeftToWhoKnowsIt has an instance whose
// configuration lacks the merchant look alone for a while.
func TestEventsOfAMerchantThatIsNotKnownAreLeftToWhoKnowsIt(t *testing.T) {
	shop := &listener{}
	tellsEvery(t, time.Hour, func(t *testing.T, h *house) {
		time.Sleep(time.Minute)
		silent := tellingHouse(t, h.ledger, "two", h.processor)
		silent.create("k", sale(1000))
		stranger := &house{t: t, ledger: h.ledger, Gateway: gateway.New(gateway.Config{
			Ledger: h.ledger, Secret: secret, Instance: "stranger", Now: time.Now, MaxInFlight: 8, Log: discard,
		})}
		h.joined(stranger, func() { time.Sleep(time.Minute) })
		if left, err := h.ledger.Unspread(t.Context(), []string{"main"}, 10); err != nil || len(left) == 0 {
			t.Errorf("%d events are left, %v", len(left), err)
		}
		time.Sleep(time.Hour)
		if shop.count() != 1 {
			t.Errorf("told %d times", shop.count())
		}
	}, approved("shop", shop))
}

func TestWhatIsOfTheOtherModeIsKeptForNobody(t *testing.T) {
	tells(t, func(t *testing.T, h *house) {
		s := gateway.Subscription{MerchantID: "main", LiveMode: true, Name: "live", SeenAt: time.Now()}
		if err := h.ledger.Subscribe(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		h.create("k", sale(1000))
		time.Sleep(time.Minute)
		if b, err := h.ledger.DeliveryBacklog(t.Context()); err != nil || len(b) != 0 {
			t.Errorf("%+v, %v", b, err)
		}
	})
}

// TestWhatNobodyHearsOfIsNotLeftToBeSpread has one instance write for nobody,
// then beside another that has a subscriber.
func TestWhatNobodyHearsOfIsNotLeftToBeSpread(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		leaves := func(key string) int {
			h.create(key, sale(processortest.Declines))
			events, err := h.ledger.Unspread(t.Context(), []string{"main"}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(events)
		}
		if n := leaves("k1"); n != 0 {
			t.Errorf("%d events are left for nobody", n)
		}
		shop := &listener{}
		newer := tellingHouse(t, h.ledger, "two", h.processor, gateway.Subscriber{Name: "shop", Sink: shop})
		subscribes(t, newer)
		if n := leaves("k2"); n != 1 {
			t.Errorf("%d events are left to be spread", n)
		}
		h.joined(newer, func() { time.Sleep(time.Minute) })
		if shop.count() != 1 {
			t.Errorf("told %d times", shop.count())
		}
	})
}
