package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestAPanicInALaneStopsNobodyElsesEvents(t *testing.T) {
	bad, good := &listener{}, &listener{}
	bad.lane = func(e gateway.Event) string {
		if e.Payment.Amount == 666 {
			panic("poison")
		}
		return ""
	}
	tells(t, func(t *testing.T, h *house) {
		h.create("poison", sale(666))
		for i := range 5 {
			h.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(time.Hour)
		if good.count() != 6 {
			t.Errorf("the other subscriber heard of %d of 6", good.count())
		}
	}, approved("bad", bad), approved("good", good))
}

// stubborn ignores its context.
type stubborn struct {
	*listener
	wait time.Duration
}

func (s stubborn) Deliver(_ context.Context, d gateway.Delivery) gateway.Verdict {
	time.Sleep(s.wait)
	return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Hour, Undo: true, Attention: "paid_without_order: x"}
}

func TestAnAttemptThatOutlastedItsTimeHasNoConsequence(t *testing.T) {
	late := stubborn{&listener{}, 2 * time.Minute}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Second)
		heirSink := &listener{}
		heir := tellingHouse(t, h.ledger, "heir", h.processor, approved("shop", heirSink))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { heir.RunTelling(ctx, 2*time.Second); close(ended) }()
		time.Sleep(90 * time.Second)
		d := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0]
		if d.Status != gateway.DeliveryDone {
			t.Fatalf("heir: %s", d.Status)
		}
		time.Sleep(5 * time.Minute)
		now, _ := h.Payment(t.Context(), "main", p.ID)
		if now.Status != gateway.StatusApproved || now.NeedsAttention {
			t.Errorf("told as paid by the heir, then %s, attention %t", now.Status, now.NeedsAttention)
		}
		cancel()
		<-ended
	}, approved("shop", late))
}

func TestADeliveryUnderWayIsNotDecidedAfterAHundredAttemptsEither(t *testing.T) {
	shop := &listener{}
	shop.answers(func(d gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: 5 * time.Second}
	})
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		time.Sleep(time.Second)
		h.Void(t.Context(), as("v"), p.ID)
		for shop.count() < 105 {
			time.Sleep(time.Second)
		}
		shop.mu.Lock()
		shop.takes = 10 * time.Second
		shop.mu.Unlock()
		n := shop.count()
		for shop.count() == n {
			time.Sleep(100 * time.Millisecond)
		}
		d := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0]
		_, err := h.Skip(t.Context(), "main", anna, d.ID, "")
		if codeOf(err) != gateway.CodeInProgress {
			t.Errorf("skipped while under way: %v", err)
		}
		time.Sleep(2 * time.Second)
		shop.mu.Lock()
		defer shop.mu.Unlock()
		if shop.most > 1 {
			t.Errorf("%d of one payment under way at once", shop.most)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

func TestAnAttemptThatWasLostInACrashKeepsNobodyFromDeciding(t *testing.T) {
	shop := &listener{}
	shop.answers(func(d gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Minute}
	})
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(70 * time.Second)
		sub := gateway.Subscriber{MerchantID: "main", Name: "shop"}
		var d gateway.Delivery
		for {
			due, _ := h.ledger.DueDeliveries(t.Context(), sub, time.Now().Add(2*time.Minute), 10)
			if len(due) == 1 {
				d = due[0]
				break
			}
			time.Sleep(time.Second)
		}
		// a process takes it early by its clock and dies
		at := d.Due
		if _, err := h.ledger.TakeDeliveries(t.Context(), []gateway.Delivery{d}, at, at.Add(45*time.Second)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		refused, asked := 0, 0
		for range 300 {
			time.Sleep(time.Second)
			d = h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0]
			_, err := h.Replay(t.Context(), "main", anna, d.ID)
			asked++
			if codeOf(err) == gateway.CodeInProgress {
				refused++
			} else {
				break
			}
		}
		if refused > 1 {
			t.Errorf("refused %d times of %d as under way, though each attempt takes no time", refused, asked)
		}
	}, approved("shop", shop))
}

// company is a Batcher whose calls a test decides.
type company struct {
	*listener
	all func([]gateway.Delivery) []gateway.Verdict
}

func (b company) BatchLimit() int { return 200 }
func (b company) DeliverAll(_ context.Context, ds []gateway.Delivery) []gateway.Verdict {
	return b.all(ds)
}

func TestOneEventThatASinkCannotBearTakesNoOthersWithIt(t *testing.T) {
	weeks(t)
	l := &listener{}
	b := company{l, func(ds []gateway.Delivery) []gateway.Verdict {
		var vs []gateway.Verdict
		for _, d := range ds {
			if d.Event.Payment.ID == d.Event.PaymentID && d.Event.Payment.OrderID == "poison" {
				panic("poison")
			}
			vs = append(vs, gateway.Verdict{Outcome: gateway.Told})
		}
		return vs
	}}
	first := true
	inner := b.all
	var poison string
	b.all = func(ds []gateway.Delivery) []gateway.Verdict {
		if first {
			first, poison = false, ds[0].ID
		}
		if slices.ContainsFunc(ds, func(d gateway.Delivery) bool { return d.ID == poison }) {
			panic("poison")
		}
		return inner(ds)
	}
	tellsEvery(t, time.Minute, func(t *testing.T, h *house) {
		time.Sleep(time.Second)
		silent := tellingHouse(t, h.ledger, "two", h.processor)
		for i := range 20 {
			silent.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(9 * 24 * time.Hour)
		dead := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead}})
		late := 0
		for _, d := range h.deliveries(gateway.DeliveryFilter{}) {
			if d.Attempts > 3 {
				late++
			}
		}
		if len(dead) > 1 || late > 1 {
			t.Errorf("%d dead, %d took more than 3 attempts", len(dead), late)
		}
	}, approved("org", b))
}

func TestASubscriberThatWasDownIsTriedWithOneEvent(t *testing.T) {
	l := &listener{answer: feelsUnwell}
	var sizes []int
	b := company{l, func(ds []gateway.Delivery) []gateway.Verdict {
		sizes = append(sizes, len(ds))
		vs := make([]gateway.Verdict, len(ds))
		for i := range vs {
			vs[i] = gateway.Verdict{Outcome: gateway.Later, Detail: "down"}
		}
		return vs
	}}
	tellsEvery(t, time.Second, func(t *testing.T, h *house) {
		time.Sleep(time.Millisecond)
		silent := tellingHouse(t, h.ledger, "two", h.processor)
		for i := range 300 {
			silent.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(2 * time.Hour)
		charged := 0
		far := 0
		for _, d := range h.deliveries(gateway.DeliveryFilter{}) {
			if d.Failures > 1 {
				charged++
			}
			if d.Due.Sub(time.Now()) > 30*time.Minute {
				far++
			}
		}
		if charged > 50 {
			t.Errorf("two hours down: %d of 300 have lost more than one step, %d not due for half an hour; calls of %v", charged, far, sizes)
		}
	}, approved("org", b))
}

func TestAReplayBeginsTheAgeOfADeliveryAnew(t *testing.T) {
	weeks(t)
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Hour, Pause: time.Hour}
	}}
	tellsEvery(t, 10*time.Minute, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(9 * 24 * time.Hour)
		d := h.deliveries(gateway.DeliveryFilter{})[0]
		if d.Status != gateway.DeliveryDead {
			t.Fatal(d.Status)
		}
		if _, err := h.Replay(t.Context(), "main", anna, d.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		if d = h.delivery(d.ID); d.Status == gateway.DeliveryDead {
			t.Errorf("dead again after one try: %d entries", len(d.Log))
		}
	}, approved("shop", shop))
}

func TestAReasonWithASemicolonEndsToo(t *testing.T) {
	shop := &listener{}
	shop.answers(func(d gateway.Delivery) gateway.Verdict {
		if d.Attempts == 1 {
			return gateway.Verdict{Outcome: gateway.Later, Attention: "bad: one; two"}
		}
		return gateway.Verdict{Outcome: gateway.Told}
	})
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Minute)
		if now, _ := h.Payment(t.Context(), "main", p.ID); now.NeedsAttention {
			t.Error("still needs attention")
		}
	}, approved("shop", shop))
}

func TestAReasonOfAnEarlierAttemptEndsThoughTheLastHasItsOwn(t *testing.T) {
	shop := &listener{}
	shop.answers(func(d gateway.Delivery) gateway.Verdict {
		if d.Attempts == 1 {
			return gateway.Verdict{Outcome: gateway.Later, Attention: "paid_without_order: x"}
		}
		return gateway.Verdict{Outcome: gateway.Told, Attention: "amount_lowered: y"}
	})
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Minute)
		now, _ := h.Payment(t.Context(), "main", p.ID)
		if a := now.First().Attention; a != "amount_lowered: y" {
			t.Errorf("attention %q", a)
		}
	}, approved("shop", shop))
}

func TestWhatASkippedDeliveryRaisedEndsWithIt(t *testing.T) {
	shop := &listener{answer: func(d gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Dead, Attention: "order_ambiguous: x"}
	}}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Second)
		d := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0]
		if _, err := h.Skip(t.Context(), "main", anna, d.ID, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if now, _ := h.Payment(t.Context(), "main", p.ID); now.NeedsAttention {
			t.Error("still needs attention")
		}
	}, approved("shop", shop))
}

func TestAnEventWhosePaymentWasUndoneMeanwhileIsWaitedForNoLonger(t *testing.T) {
	shop := &listener{answer: func(d gateway.Delivery) gateway.Verdict {
		if d.Event.Type == "payment.voided" {
			return gateway.Verdict{Outcome: gateway.Told}
		}
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Hour, IfHeld: true, Attention: "paid_without_order: x", Detail: "no order"}
	}}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Minute)
		if now, _ := h.Payment(t.Context(), "main", p.ID); !now.NeedsAttention {
			t.Error("nobody is shown a paid order that is missing")
		}
		if _, err := h.Void(t.Context(), as("v"), p.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		now, _ := h.Payment(t.Context(), "main", p.ID)
		left := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead}})
		if len(left) != 0 || now.NeedsAttention {
			t.Errorf("%d deliveries are left, needs attention: %t", len(left), now.NeedsAttention)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop, Events: []string{"payment.approved", "payment.voided"}})
}
