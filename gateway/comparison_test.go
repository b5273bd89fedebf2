package gateway_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// compared lets a test live through days with the comparison running.
func compared(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunComparison(ctx, time.Minute)
		test(t, h)
		ends(cancel)
		h.ledger.Close()
	})
}

// awayFrom is a PayTrace that does not answer one kind of call.
func awayFrom(call string) processortest.Before {
	return func(_ context.Context, asked string) *gateway.Result {
		if asked == call {
			return &gateway.Result{Outcome: gateway.Unknown}
		}
		return nil
	}
}

// lastTold is the last event of the vault, of how many.
func (h *house) lastTold() (gateway.Event, int) {
	h.t.Helper()
	_, events := h.vaultEvents()
	return events[len(events)-1], len(events)
}

// wantOldestCheck wants the operator to be told since when a comparison is due.
func (h *house) wantOldestCheck(want time.Time) {
	h.t.Helper()
	rows, err := h.Backlog(h.t.Context())
	if err != nil || len(rows) == 0 || !rows[0].OldestCheck.Equal(want) {
		h.t.Errorf("the backlog is %+v, %v; wanted a check due since %v", rows, err, want)
	}
}

func TestACardThatWasChangedAtPayTraceIsTakenOver(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		before := h.stored("a", "b")
		renewed := gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111", ExpirationMonth: "03", ExpirationYear: "2034"}
		h.processor.ClerkStores(before.Methods[0].ProfileID, renewed)
		time.Sleep(25 * time.Hour)
		after := h.customer("c")
		if m := after.Methods[0]; m.Card != renewed || !m.Default || m.ID != before.Methods[0].ID || after.Methods[1].Card != shown {
			t.Errorf("a day later the vault has %+v", after.Methods)
		}
		e, n := h.lastTold()
		if n != 3 || e.Type != gateway.EventMethodUpdated || e.Vault.Origin != gateway.OriginExternal || e.Vault.Method.Card != renewed || e.Version != after.Version {
			t.Errorf("%d events, the last %+v", n, e)
		}
		time.Sleep(72 * time.Hour)
		if _, n := h.lastTold(); n != 3 {
			t.Errorf("a card that stays as it is made %d more events", n-3)
		}
		if looks := h.processor.Calls("profile"); looks < 8 || looks > 12 {
			t.Errorf("two cards were looked at %d times in four days", looks)
		}
	})
}

func TestACardThatWasDeletedAtPayTraceGoesAfterTwoLooks(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		before := h.stored("a", "b", "c")
		gone := before.Methods[0]
		h.processor.ClerkDeletes(gone.ProfileID)
		time.Sleep(24*time.Hour + 10*time.Minute)
		if c := h.customer("c"); len(c.Methods) != 3 {
			t.Fatalf("one look has removed a card: %+v", c.Methods)
		}
		time.Sleep(2 * time.Hour)
		c := h.customer("c")
		if len(c.Methods) != 2 || c.Methods[0].ID != before.Methods[1].ID || !slices.Equal(defaults(c), []string{before.Methods[1].ID}) {
			t.Errorf("two looks have left %+v", c.Methods)
		}
		types, events := h.vaultEvents()
		told := map[string]string{}
		for i, e := range events[3:] {
			told[types[3+i]] = e.Vault.Method.ID + " " + string(e.Vault.Origin)
		}
		// The next one has become the default.
		want := map[string]string{gateway.EventMethodDeleted: gone.ID + " external", gateway.EventMethodUpdated: before.Methods[1].ID + " external"}
		if !maps.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		if h.processor.Calls("delete_profile") != 0 {
			t.Error("PayTrace was asked to delete what it has deleted")
		}
	})
}

func TestOneMissIsForgottenOnceTheCardIsSeen(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		m := h.stored("a").Methods[0]
		for range 4 {
			h.processor.ClerkDeletes(m.ProfileID)
			for h.customer("c").Methods[0].Misses == 0 {
				time.Sleep(time.Minute)
			}
			h.processor.ClerkStores(m.ProfileID, shown)
			for h.customer("c").Methods[0].Misses > 0 {
				time.Sleep(time.Minute)
			}
		}
		if _, n := h.lastTold(); n != 1 {
			t.Errorf("%d events of a card that is as it was", n)
		}
	})
}

func TestACardThatCouldNotBeReadIsReadLater(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		h.processor.HideCards()
		if c := h.stored("a"); c.Methods[0].Card != (gateway.CardSummary{}) {
			t.Fatalf("a card that nobody could read is %+v", c.Methods[0].Card)
		}
		profile := h.customer("c").Methods[0].ProfileID
		h.processor.ShowCards()
		time.Sleep(5 * time.Minute)
		c := h.customer("c")
		if c.Methods[0].Card != shown {
			t.Errorf("minutes later it is %+v at profile %s", c.Methods[0], profile)
		}
		if e, n := h.lastTold(); n != 2 || e.Vault.Origin != gateway.OriginGateway || e.Type != gateway.EventMethodUpdated {
			t.Errorf("%d events, the last %+v", n, e)
		}
	})
}

func TestNothingIsConcludedWhilePayTraceIsAway(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		before := h.stored("a", "b")
		h.processor.SetBefore(awayFrom("profile"))
		asked := h.processor.Calls("profile")
		h.wantOldestCheck(time.Time{})
		time.Sleep(72 * time.Hour)
		h.wantOldestCheck(before.Methods[0].CheckDue)
		if c := h.customer("c"); !slices.Equal(c.Methods, before.Methods) {
			t.Errorf("%+v", c.Methods)
		}
		if calls := h.processor.Calls("profile") - asked; calls > 48*13 {
			t.Errorf("a PayTrace that is away was asked %d times in two days", calls)
		}
		h.processor.SetBefore(nil)
		time.Sleep(time.Hour)
		if c := h.customer("c"); c.Methods[0].CheckDue.Before(time.Now().Add(22 * time.Hour)) {
			t.Errorf("it was not compared once PayTrace was back: %+v", c.Methods[0])
		}
		h.wantOldestCheck(time.Time{})
	})
}

// The first look of each round is at the card that has been due longest.
func TestACardThatCannotBeComparedKeepsNoOtherFromIt(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		sick := h.stored("a")
		a, err := h.createCustomer(9*time.Second, "new-b", gateway.CreateCustomer{CustomerID: "well", Card: fields("b")})
		h.vaulted(a, err, gateway.OpApproved)
		var last time.Time
		h.processor.SetBefore(func(_ context.Context, asked string) *gateway.Result {
			first := asked == "profile" && time.Since(last) >= time.Minute
			last = time.Now()
			if !first {
				return nil
			}
			return &gateway.Result{Outcome: gateway.Unknown}
		})
		time.Sleep(25 * time.Hour)
		if c := h.customer("well"); c.Methods[0].CheckDue.Before(time.Now()) {
			t.Errorf("the other was not compared: %+v", c.Methods[0])
		}
		h.wantOldestCheck(sick.Methods[0].CheckDue)
	})
}

func TestAMethodThatIsBeingReplacedIsNotCompared(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		m := h.stored("a").Methods[0]
		h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
			if call == "update_profile" {
				return gateway.Result{Outcome: gateway.Unknown}
			}
			return r
		})
		h.processor.SetBefore(awayFrom("profile"))
		card := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{Number: "sealed", ExpirationMonth: "01", ExpirationYear: "2034"}}
		a, err := h.updateMethod(9*time.Second, "replace", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: card})
		h.vaulted(a, err, gateway.OpUnknown)
		h.processor.SetBefore(nil)
		time.Sleep(26 * time.Hour)
		if c := h.customer("c"); len(c.Pending) != 1 || !c.Methods[0].UpdatedAt.Equal(m.UpdatedAt) {
			t.Errorf("compared while it was replaced: %+v", c)
		}
	})
}
