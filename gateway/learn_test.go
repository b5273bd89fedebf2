package gateway_test

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestACardThatCouldNotBeLearnedAtOnceIsLearnedLater(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.dies("look")
		p := h.create("k", sale(1999)).Payment
		time.Sleep(time.Second)
		if now := h.byKey("k").Payment; now.Card.Brand != "" {
			t.Fatalf("the card is known: %+v", now.Card)
		}
		h.answers()
		time.Sleep(2 * time.Minute)
		a := h.byKey("k")
		if a.Payment.Card.Brand != gateway.Visa || a.Payment.Card.LastFour != "5439" || time.Until(a.Operation().Due) < 20*time.Hour {
			t.Errorf("%+v, due %v", a.Payment.Card, a.Operation().Due)
		}
		if p.Status != a.Payment.Status || a.Payment.Version <= p.Version {
			t.Errorf("%s version %d became %s version %d", p.Status, p.Version, a.Payment.Status, a.Payment.Version)
		}
	})
}

func TestACardThatCannotBeAskedForIsNotAskedForEver(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.dies("look")
		h.create("k", sale(1999))
		time.Sleep(24 * time.Hour)
		if a := h.byKey("k"); time.Until(a.Operation().Due) < time.Hour || h.processor.Calls("look") > 8 {
			t.Errorf("due %v after %d looks", a.Operation().Due, h.processor.Calls("look"))
		}
	})
}

func TestACardThatIsNeverShownIsNotAskedForEver(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.processor.HideCards()
		h.create("k", sale(1999))
		time.Sleep(24 * time.Hour)
		if a := h.byKey("k"); time.Until(a.Operation().Due) < time.Hour || h.processor.Calls("look") > 8 {
			t.Errorf("due %v after %d looks", a.Operation().Due, h.processor.Calls("look"))
		}
	})
}
