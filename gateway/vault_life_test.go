package gateway_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// A caller repeats its request after the customer was removed, and the id was
// given to another one.
func TestARepeatDoesNotShowTheNextCustomerOfItsID(t *testing.T) {
	h := newHouse(t)
	before := h.stored("a")
	if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
		t.Fatal(err)
	}
	after, err := h.createCustomer(9*time.Second, "anew", gateway.CreateCustomer{CustomerID: "c", Source: gateway.SourceRecords{AccountID: "other"}, Card: fields("b")})
	h.vaulted(after, err, gateway.OpApproved)
	again, err := h.createCustomer(9*time.Second, "new-a", gateway.CreateCustomer{CustomerID: "c", Card: fields("a")})
	h.vaulted(again, err, gateway.OpApproved)
	if !again.Replayed || again.MethodID != before.Methods[0].ID || len(again.Customer.Methods) != 0 || again.Customer.Source.AccountID != "" {
		t.Errorf("the repeat shows the cards of another: %+v", again.Customer)
	}
}

// A subscriber that was down from before a customer's removal is told of both
// customers of the id, and who keeps the highest version ends with the second.
func TestTheVersionsOfACustomerGoOnWithTheNextOneOfItsID(t *testing.T) {
	shop := &listener{answer: feelsUnwell}
	tells(t, func(t *testing.T, h *house) {
		first := h.stored("a", "b")
		time.Sleep(time.Second)
		if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
			t.Fatal(err)
		}
		second, err := h.createCustomer(9*time.Second, "anew", gateway.CreateCustomer{CustomerID: "c", Card: fields("x")})
		h.vaulted(second, err, gateway.OpApproved)
		// The removal is one version after the first, and making the second takes two.
		if want := first.Version + 3; second.Customer.Version != want || h.customer("c").Version != want {
			t.Errorf("the second customer is at version %d, want %d", second.Customer.Version, want)
		}
		time.Sleep(time.Second)
		shop.answers(nil)
		before := shop.count()
		time.Sleep(time.Hour)
		var versions []int64
		for _, d := range shop.told[before:] {
			versions = append(versions, d.Event.Version)
		}
		if !slices.IsSorted(versions) || len(versions) != 5 || versions[4] != second.Customer.Version {
			t.Errorf("the shop heard versions %v", versions)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

// A clerk's profile was put under the wrong customer, removed there, and put
// under the right one before PayTrace was asked to delete it.
func TestAProfileThatIsTakenAgainIsNotDeleted(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.processor.ClerkStores("clerks", shown)
		h.stored("a")
		adopt := gateway.StoredCard{ProcessorProfile: "clerks"}
		wrong, err := h.addMethod(9*time.Second, "wrong", gateway.AddMethod{CustomerID: "c", Card: adopt})
		h.vaulted(wrong, err, gateway.OpApproved)
		if err := h.RemoveMethod(t.Context(), as(""), "c", wrong.MethodID); err != nil {
			t.Fatal(err)
		}
		right, err := h.createCustomer(9*time.Second, "right", gateway.CreateCustomer{CustomerID: "d", Card: adopt})
		h.vaulted(right, err, gateway.OpApproved)
		time.Sleep(48 * time.Hour)
		if _, kept := h.processor.Profiles()["clerks"]; !kept || h.processor.Calls("delete_profile") != 0 {
			t.Errorf("the card of %s was deleted at PayTrace, in %d calls", right.Customer.ID, h.processor.Calls("delete_profile"))
		}
		if err := h.RemoveCustomer(t.Context(), as(""), "d"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, kept := h.processor.Profiles()["clerks"]; kept {
			t.Error("it was not deleted once nobody had it")
		}
	})
}

// The round of a comparison ends by a panic, again and again.
func TestAComparisonThatPanicsRests(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		h.stored("a")
		var rounds atomic.Int64
		h.processor.SetBefore(func(ctx context.Context, call string) *gateway.Result {
			if rounds.Add(1) > 1000 {
				<-ctx.Done() // or the bubble would never be still
			}
			panic("of the processor's client")
		})
		time.Sleep(25 * time.Hour)
		if n := rounds.Load(); n == 0 || n > 13 {
			t.Errorf("%d rounds in an hour", n)
		}
	})
}

func TestAMethodThatIsBeingReplacedIsNotWrittenInEachRound(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		m := h.stored("a").Methods[0]
		time.Sleep(23 * time.Hour)
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
		before := h.customer("c").Version
		time.Sleep(11 * time.Hour)
		if after := h.customer("c"); after.Version > before+25 || len(after.Pending) != 1 {
			t.Errorf("%d versions in ten hours in which nothing was learned", after.Version-before)
		}
	})
}
