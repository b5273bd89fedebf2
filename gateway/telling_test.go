package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
)

func TestEverySubscriberIsToldOfEveryChangeInOrder(t *testing.T) {
	shop, org := &listener{}, &listener{}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		_, err := h.Capture(t.Context(), as("c"), p.ID, gateway.CapturePayment{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := h.Void(t.Context(), as("v"), p.ID)
		h.expect(a, err, gateway.Voided, gateway.OpApproved)
		time.Sleep(time.Second)
		now, err := h.Payment(t.Context(), "main", p.ID) // its card may have been learned since
		if err != nil {
			t.Fatal(err)
		}
		for name, l := range map[string]*listener{"shop": shop, "org": org} {
			versions := l.heard(p.ID)
			if len(versions) < 3 || !slices.IsSorted(versions) || versions[len(versions)-1] != now.Version {
				t.Errorf("%s heard versions %v of %d", name, versions, now.Version)
			}
		}
		for _, d := range h.deliveries(gateway.DeliveryFilter{}) {
			if d.Status != gateway.DeliveryDone || d.Attempts != 1 || len(d.Log) != 1 || d.Log[0].By != "one" {
				t.Errorf("delivery %s is %s after %d attempts: %+v", d.ID, d.Status, d.Attempts, d.Log)
			}
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop}, gateway.Subscriber{Name: "org", Sink: org})
}

func TestASubscriberHearsOnlyOfTheEventsItWants(t *testing.T) {
	some, none := &listener{}, &listener{}
	tells(t, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Second)
		if some.count() != 2 || none.count() != 0 {
			t.Errorf("told %d and %d times", some.count(), none.count())
		}
	}, gateway.Subscriber{Name: "some", Sink: some, Events: []string{"payment.*"}},
		gateway.Subscriber{Name: "none", Sink: none, Events: []string{"payment.refunded", "operator.*"}})
}

func TestTheRetryScheduleIsKeptToTheSecond(t *testing.T) {
	weeks(t)
	shop := &listener{answer: feelsUnwell}
	tellsEvery(t, time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(30 * time.Second) // between two rounds
		for i, wait := range gateway.DefaultSchedule {
			for shop.count() <= i {
				time.Sleep(time.Minute)
			}
			synctest.Wait() // until it is written down
			d := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0]
			if due := d.Due.Sub(d.UpdatedAt); due != wait || d.Failures != i+1 {
				t.Errorf("after attempt %d it is due %s later, want %s", i+1, due, wait)
			}
		}
		time.Sleep(25 * time.Hour)
		d := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0]
		if len(shop.at) != 10 || d.Status != gateway.DeliveryDead || len(d.Log) != 10 || d.Log[9].Detail != "it does not feel well" {
			t.Errorf("%d attempts, %s: %+v", len(shop.at), d.Status, d.Log)
		}
		for i, at := range shop.at[1:] {
			if late := at.Sub(shop.at[i]) - gateway.DefaultSchedule[i]; late < 0 || late > 5*time.Minute+time.Minute {
				t.Errorf("attempt %d came %s after its time", i+2, late)
			}
		}
	}, approved("shop", shop))
}

func TestASubscriberMayAskToWaitLonger(t *testing.T) {
	shop := &listener{}
	shop.answers(func(d gateway.Delivery) gateway.Verdict {
		if d.Attempts > 1 {
			return gateway.Verdict{Outcome: gateway.Told}
		}
		return gateway.Verdict{Outcome: gateway.Later, StatusCode: 503, After: time.Hour}
	})
	tells(t, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(59 * time.Minute)
		if shop.count() != 1 {
			t.Errorf("told %d times within the hour", shop.count())
		}
		time.Sleep(2 * time.Minute)
		if shop.count() != 2 {
			t.Errorf("told %d times in all", shop.count())
		}
	}, approved("shop", shop))
}

func TestADeadLetterParksWhatIsBehindItUntilItIsReplayed(t *testing.T) {
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Dead, StatusCode: 400, Detail: "no such field", Attention: "bad_mapping: no such field"}
	}}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		time.Sleep(time.Second)
		a, err := h.Void(t.Context(), as("v"), p.ID)
		h.expect(a, err, gateway.Voided, gateway.OpApproved)
		other := h.create("k2", sale(500)).Payment
		time.Sleep(time.Minute)
		list := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})
		if list[0].Status != gateway.DeliveryDead || !list[len(list)-1].Parked || len(shop.heard(p.ID)) != 1 || len(shop.heard(other.ID)) != 1 {
			t.Fatalf("%+v, told %v and %v", list, shop.heard(p.ID), shop.heard(other.ID))
		}
		if now, _ := h.Payment(t.Context(), "main", p.ID); !now.NeedsAttention {
			t.Error("nobody is shown what the sink wants a person to see")
		}
		shop.answers(nil)
		if _, err := h.Replay(t.Context(), "main", anna, list[0].ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		heard := shop.heard(p.ID)
		if len(heard) < 3 || !slices.IsSorted(heard) {
			t.Errorf("after the replay the shop has heard %v", heard)
		}
		d := h.delivery(list[0].ID)
		if d.Status != gateway.DeliveryDone || d.Log[1].Outcome != gateway.Replayed || d.Log[1].By != "anna" || d.Event.ID != list[0].Event.ID {
			t.Errorf("%+v", d)
		}
		if now, _ := h.Payment(t.Context(), "main", p.ID); now.NeedsAttention {
			t.Error("the payment still needs attention after its event was told")
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

func TestADeliveryThatIsUnderWayIsNotDecidedByAPerson(t *testing.T) {
	shop := &listener{takes: 10 * time.Second, answer: feelsUnwell}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Second)
		d := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0]
		if _, err := h.Skip(t.Context(), "main", anna, d.ID, ""); codeOf(err) != gateway.CodeInProgress {
			t.Errorf("skipped while it is told: %v", err)
		}
		time.Sleep(10 * time.Second)
		if _, err := h.Skip(t.Context(), "main", anna, d.ID, "by phone"); err != nil {
			t.Errorf("after its attempt: %v", err)
		}
	}, approved("shop", shop))
}

func TestASkippedDeliveryLetsTheNextOnesGo(t *testing.T) {
	shop := &listener{answer: func(d gateway.Delivery) gateway.Verdict {
		if d.Event.Type == "payment.authorized" {
			return gateway.Verdict{Outcome: gateway.Dead, Detail: "never"}
		}
		return gateway.Verdict{Outcome: gateway.Told}
	}}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		_, err := h.Void(t.Context(), as("v"), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		dead := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID, Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead}})
		if len(dead) != 1 {
			t.Fatalf("%d dead letters", len(dead))
		}
		if _, err := h.Skip(t.Context(), "main", anna, dead[0].ID, "the order was typed in by hand"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead}}); len(got) != 0 {
			t.Errorf("%d deliveries are left", len(got))
		}
		if _, err := h.Replay(t.Context(), "main", anna, dead[0].ID); codeOf(err) != gateway.CodeNotReplayable {
			t.Errorf("a skipped delivery is replayed: %v", err)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

func TestNobodyIsToldAnOlderStateAgainAfterANewerOne(t *testing.T) {
	shop := &listener{}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		_, err := h.Void(t.Context(), as("v"), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		list := h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})
		if _, err := h.Replay(t.Context(), "main", anna, list[0].ID); codeOf(err) != gateway.CodeNotReplayable {
			t.Errorf("the older one: %v", err)
		}
		replays, err := h.ReplayRange(t.Context(), "main", anna, gateway.ReplayRange{Delivered: true})
		if err != nil || replays.Replayed != 1 || replays.Left != len(list)-1 || replays.Next != "" {
			t.Errorf("%+v, %v", replays, err)
		}
		time.Sleep(time.Second)
		if heard := shop.heard(p.ID); len(heard) != len(list)+1 || !slices.IsSorted(heard) {
			t.Errorf("told %v", heard)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

func TestASubscriberThatIsDownForADayHearsOfEverythingInOrder(t *testing.T) {
	weeks(t)
	shop, org := &listener{answer: feelsUnwell}, &listener{}
	tellsEvery(t, 5*time.Minute, func(t *testing.T, h *house) {
		var ids []string
		for i := range 10 {
			p := h.create(fmt.Sprint("k", i), authorization(1000)).Payment
			ids = append(ids, p.ID)
			time.Sleep(80 * time.Minute)
			if _, err := h.Void(t.Context(), as(fmt.Sprint("v", i)), p.ID); err != nil {
				t.Fatal(err)
			}
			if heard := org.heard(p.ID); len(heard) < 1 {
				t.Errorf("payment %d: the other one has heard %v", i, heard)
			}
			time.Sleep(60 * time.Minute)
		}
		if n := shop.count(); n > 24*60/5+50 {
			t.Errorf("a subscriber that was down was asked %d times", n)
		}
		shop.answers(nil)
		time.Sleep(30 * time.Hour)
		for _, id := range ids {
			if heard := shop.heard(id); !slices.IsSorted(heard) || !slices.Equal(slices.Compact(heard), org.heard(id)) {
				t.Errorf("told %v and %v", heard, org.heard(id))
			}
		}
		if left := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead}}); len(left) != 0 {
			t.Errorf("%d are left", len(left))
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop}, gateway.Subscriber{Name: "org", Sink: org})
}

func TestOneLaneIsNeverToldTwiceAtOnceByTwoInstances(t *testing.T) {
	shop := &listener{takes: time.Second, lane: func(e gateway.Event) string { return e.Payment.OrderID }}
	subscriber := approved("shop", shop)
	tells(t, func(t *testing.T, h *house) {
		second := tellingHouse(t, h.ledger, "two", h.processor, subscriber)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { second.RunTelling(ctx, 2*time.Second); close(ended) }()
		for i := range 20 {
			h.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(2 * time.Minute)
		cancel()
		<-ended
		if shop.most != 1 || shop.count() != 20 {
			t.Errorf("%d at once on one lane, %d in all", shop.most, shop.count())
		}
	}, subscriber)
}

func TestADeadSubscriberSlowsNoOther(t *testing.T) {
	hangs, org := &listener{takes: time.Hour}, &listener{}
	tells(t, func(t *testing.T, h *house) {
		for i := range 100 {
			h.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(time.Second)
		if org.count() != 100 {
			t.Errorf("the other one has heard of %d", org.count())
		}
		if n := hangs.count(); n > 8 {
			t.Errorf("%d under way to the one that hangs", n)
		}
		time.Sleep(10 * time.Minute)
		standing, err := h.Subscribers(t.Context(), "main")
		if err != nil || len(standing) != 2 || standing[0].PausedUntil.IsZero() || !standing[1].PausedUntil.IsZero() || standing[0].Owed.Pending != 100 {
			t.Errorf("%+v, %v", standing, err)
		}
	}, approved("hangs", hangs), approved("org", org))
}

// Whoever looks is told since when a subscriber is left alone, and why at last.
func TestAPauseSaysSinceWhenAndWhy(t *testing.T) {
	why := "the first answer"
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, Detail: why, Pause: time.Hour}
	}}
	tells(t, func(t *testing.T, h *house) {
		stands := func(what string, since time.Time, reason string) {
			t.Helper()
			all, err := h.Subscribers(t.Context(), "main")
			if err != nil || len(all) != 1 || !all[0].PausedAt.Equal(since) || all[0].PausedReason != reason {
				t.Errorf("%s: %+v, %v; want it paused since %s: %s", what, all, err, since, reason)
			}
		}
		stands("before anything", time.Time{}, "")
		began := time.Now()
		h.create("k", sale(1000))
		time.Sleep(time.Second)
		stands("paused", began, "the first answer")
		why = "the second answer"
		time.Sleep(2 * time.Hour)
		stands("paused again", began, "the second answer")
		shop.answers(nil)
		time.Sleep(2 * time.Hour)
		stands("well again", time.Time{}, "")
		shop.answers(func(gateway.Delivery) gateway.Verdict {
			return gateway.Verdict{Outcome: gateway.Later, Detail: "the third answer", Pause: time.Hour}
		})
		again := time.Now()
		h.create("k2", sale(1000))
		time.Sleep(time.Second)
		stands("paused anew", again, "the third answer")
	}, approved("shop", shop))
}

func TestADisabledSubscriberMissesNothing(t *testing.T) {
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, StatusCode: 410, Disable: true, Detail: "410 Gone"}
	}}
	tellsEvery(t, 10*time.Minute, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Second)
		h.create("k2", sale(1000))
		shop.answers(nil)
		time.Sleep(10 * 24 * time.Hour)
		if shop.count() != 1 {
			t.Errorf("told %d times while it is disabled", shop.count())
		}
		if err := h.EnableSubscriber(t.Context(), "main", anna, "shop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		if shop.count() != 3 {
			t.Errorf("told %d times in all", shop.count())
		}
		if err := h.EnableSubscriber(t.Context(), "main", anna, "shop"); codeOf(err) != gateway.CodeNotFound {
			t.Errorf("enabled twice: %v", err)
		}
	}, approved("shop", shop))
}

func TestAPausedSubscriberIsLeftAloneAsLongAsItAsks(t *testing.T) {
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, Pause: 15 * time.Minute, Detail: "its quota is used up"}
	}}
	tells(t, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Second)
		shop.answers(nil)
		for i := range 10 {
			h.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(14 * time.Minute)
		if shop.count() != 1 {
			t.Errorf("told %d times during the pause", shop.count())
		}
		time.Sleep(2 * time.Minute)
		if shop.count() != 12 {
			t.Errorf("told %d times in all", shop.count())
		}
	}, approved("shop", shop))
}

func TestAPanicInASinkIsAFailureLikeAnyOther(t *testing.T) {
	shop := &listener{answer: func(d gateway.Delivery) gateway.Verdict {
		if d.Attempts == 1 {
			panic("4111111111111111")
		}
		return gateway.Verdict{Outcome: gateway.Told}
	}}
	tells(t, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Minute)
		d := h.deliveries(gateway.DeliveryFilter{})[0]
		if d.Status != gateway.DeliveryDone || d.Log[0].Detail != "panic in the sink: string; please report this" {
			t.Errorf("%s: %+v", d.Status, d.Log)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

func TestWhatAProcessHadUnderWayWhenItDiedIsTakenOver(t *testing.T) {
	shop := &listener{takes: time.Hour}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Second)
		due, err := h.ledger.DueDeliveries(t.Context(), gateway.Subscriber{MerchantID: "main", Name: "other"}, time.Now(), 10)
		if err != nil || len(due) != 1 {
			t.Fatalf("%d are due, %v", len(due), err)
		}
		// The process takes it and is never heard of again.
		now := time.Now()
		if _, err := h.ledger.TakeDeliveries(t.Context(), due[:1], now, now.Add(45*time.Second)); err != nil {
			t.Fatal(err)
		}
		other := &listener{}
		heir := tellingHouse(t, h.ledger, "heir", h.processor, gateway.Subscriber{Name: "other", Sink: other})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { heir.RunTelling(ctx, 2*time.Second); close(ended) }()
		time.Sleep(40 * time.Second)
		if other.count() != 0 {
			t.Error("it was taken over while its process might still tell")
		}
		time.Sleep(10 * time.Second)
		cancel()
		<-ended
		if heard := other.heard(p.ID); len(heard) != 2 {
			t.Errorf("told %v", heard)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop, Deadline: time.Second},
		gateway.Subscriber{Name: "other", Sink: &listener{answer: feelsUnwell}, AtOnce: -1})
}

func TestAnOrderThatNeverComesMayHaveItsPaymentGivenBack(t *testing.T) {
	shop := &listener{answer: func(d gateway.Delivery) gateway.Verdict {
		if d.Event.Type != "payment.approved" {
			return gateway.Verdict{Outcome: gateway.Told}
		}
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Hour, Undo: true}
	}}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Minute)
		now, err := h.Payment(t.Context(), "main", p.ID)
		if err != nil || now.Status != gateway.Voided || h.processor.Calls("void") != 1 {
			t.Errorf("%s, %d voids, %v", now.Status, h.processor.Calls("void"), err)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

func TestAnotherMerchantsDeliveryIsNotThere(t *testing.T) {
	h := newHouse(t)
	_, err := h.Delivery(t.Context(), "main", "dlv_nothing")
	if codeOf(err) != gateway.CodeNotFound {
		t.Error(err)
	}
	var refusal *gateway.Error
	if _, _, err := h.Deliveries(t.Context(), gateway.DeliveryFilter{MerchantID: "other"}); !errors.As(err, &refusal) {
		t.Error(err)
	}
}

func TestAPersonsReplayEndsAPause(t *testing.T) {
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, StatusCode: 429, Pause: 24 * time.Hour}
	}}
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Minute)
		shop.answers(nil)
		if _, err := h.Replay(t.Context(), "main", anna, h.deliveries(gateway.DeliveryFilter{PaymentID: p.ID})[0].ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if shop.count() != 2 {
			t.Errorf("it was tried %d times in all", shop.count())
		}
	}, approved("shop", shop))
}
