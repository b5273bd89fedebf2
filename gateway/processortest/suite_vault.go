package processortest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// vaultTests are the specification of gateway.Profiles.
var vaultTests = map[string]func(*testing.T, Bench){
	"a profile is shown and charged":                 profileIsShownAndCharged,
	"a profile is made of a transaction":             profileOfATransaction,
	"a profile is made once":                         profileIsMadeOnce,
	"of many profiles of one id made at once one is": profileIsMadeOnceAtOnce,
	"a profile is changed":                           profileIsChanged,
	"a profile that is deleted is gone":              deletedProfileIsGone,
	"there is nothing to do to a profile not there":  noProfile,
	"hosted fields store one card":                   hostedFieldsAreSpent,
	"nothing of the vault leaves late":               nothingOfTheVaultLeavesLate,
}

func (b Bench) store(t *testing.T, id string, card gateway.PaymentMethod) gateway.Result {
	return b.Processor.CreateProfile(t.Context(), gateway.SaveProfile{ProfileID: id, Method: card, SendBefore: b.soon()})
}

// stored is the id of a new profile.
func (b Bench) stored(t *testing.T) string {
	t.Helper()
	id := gateway.NewProfileID()
	want(t, b.store(t, id, b.Fields()), gateway.Approved)
	return id
}

func (b Bench) remove(t *testing.T, id string) gateway.Result {
	return b.Processor.DeleteProfile(t.Context(), gateway.RemoveProfile{ProfileID: id, SendBefore: b.soon()})
}

func (b Bench) chargeProfile(t *testing.T, id string) gateway.Result {
	return b.Processor.Charge(t.Context(), gateway.Charge{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: "100000001", Reference: gateway.NewReference(b.Now()),
		Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: "c"}}, CustomerID: id, SendBefore: b.soon(),
	})
}

// isShown wants a card of which everything may be seen that a summary has.
func (b Bench) isShown(t *testing.T, id string) {
	t.Helper()
	shown, err := b.Processor.Profile(t.Context(), id)
	card := shown.Card
	if err != nil || card.Brand == "" || len(card.LastFour) != 4 || len(card.ExpirationMonth) != 2 || len(card.ExpirationYear) != 4 {
		t.Fatalf("the profile shows %+v, %v", card, err)
	}
}

func (b Bench) isGone(t *testing.T, id string) {
	t.Helper()
	if card, err := b.Processor.Profile(t.Context(), id); !errors.Is(err, gateway.ErrNotFound) {
		t.Fatalf("the profile shows %+v, %v; want none", card, err)
	}
}

func wantRefused(t *testing.T, r gateway.Result, code string) {
	t.Helper()
	want(t, r, gateway.Rejected)
	if r.Rejection == nil || r.Rejection.Code != code || r.Rejection.Message == "" {
		t.Fatalf("refused with %+v, want %s and words", r.Rejection, code)
	}
}

func profileIsShownAndCharged(t *testing.T, b Bench) {
	id := b.stored(t)
	b.isShown(t, id)
	want(t, b.chargeProfile(t, id), gateway.Approved)
}

func profileOfATransaction(t *testing.T, b Bench) {
	sold, id := b.made(t, gateway.IntentSale, 1999), gateway.NewProfileID()
	from := func(transactionID string) gateway.Result {
		return b.Processor.CreateProfile(t.Context(), gateway.SaveProfile{ProfileID: id, SourceTransactionID: transactionID, SendBefore: b.soon()})
	}
	want(t, from("999999999"), gateway.Rejected)
	b.isGone(t, id)
	want(t, from(sold), gateway.Approved)
	b.isShown(t, id)
	want(t, b.chargeProfile(t, id), gateway.Approved)
}

func profileIsMadeOnce(t *testing.T, b Bench) {
	id := b.stored(t)
	wantRefused(t, b.store(t, id, b.Fields()), gateway.RejectedProfileTaken)
	b.isShown(t, id)
}

func profileIsMadeOnceAtOnce(t *testing.T, b Bench) {
	id := gateway.NewProfileID()
	results := make([]gateway.Result, 8)
	cards := make([]gateway.PaymentMethod, len(results))
	for i := range cards {
		cards[i] = b.Fields()
	}
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = b.store(t, id, cards[i]) })
	}
	wg.Wait()
	approved := 0
	for _, r := range results {
		if r.Outcome == gateway.Approved {
			approved++
		} else {
			wantRefused(t, r, gateway.RejectedProfileTaken)
		}
	}
	if approved != 1 {
		t.Fatalf("%d profiles were made", approved)
	}
}

func profileIsChanged(t *testing.T, b Bench) {
	id := b.stored(t)
	home := &gateway.Address{Name: "Ann", Street: "1 Main St.", PostalCode: "90210"}
	for _, change := range []gateway.SaveProfile{{Method: b.Fields()}, {Billing: home}, {Method: b.Fields(), Billing: home, Shipping: home}} {
		change.ProfileID, change.SendBefore = id, b.soon()
		want(t, b.Processor.UpdateProfile(t.Context(), change), gateway.Approved)
		b.isShown(t, id)
	}
	want(t, b.chargeProfile(t, id), gateway.Approved)
}

func deletedProfileIsGone(t *testing.T, b Bench) {
	id, other := b.stored(t), b.stored(t)
	want(t, b.remove(t, id), gateway.Approved)
	b.isGone(t, id)
	wantRefused(t, b.chargeProfile(t, id), gateway.RejectedNoProfile)
	wantRefused(t, b.remove(t, id), gateway.RejectedNoProfile)
	b.isShown(t, other)
}

func noProfile(t *testing.T, b Bench) {
	id := gateway.NewProfileID()
	b.isGone(t, id)
	wantRefused(t, b.remove(t, id), gateway.RejectedNoProfile)
	wantRefused(t, b.Processor.UpdateProfile(t.Context(), gateway.SaveProfile{
		ProfileID: id, Method: b.Fields(), SendBefore: b.soon(),
	}), gateway.RejectedNoProfile)
	b.isGone(t, id)
}

func hostedFieldsAreSpent(t *testing.T, b Bench) {
	fields, id := b.Fields(), gateway.NewProfileID()
	want(t, b.store(t, gateway.NewProfileID(), fields), gateway.Approved)
	r := b.store(t, id, fields)
	want(t, r, gateway.Rejected)
	if r.Rejection == nil || r.Rejection.Field != "paymentMethod.hostedFields.hpfToken" {
		t.Fatalf("refused with %+v, want the token named", r.Rejection)
	}
	b.isGone(t, id)
}

func nothingOfTheVaultLeavesLate(t *testing.T, b Bench) {
	kept, id, late := b.stored(t), gateway.NewProfileID(), b.Now().Add(-time.Second)
	want(t, b.Processor.CreateProfile(t.Context(), gateway.SaveProfile{ProfileID: id, Method: b.Fields(), SendBefore: late}), gateway.NotSent)
	want(t, b.Processor.UpdateProfile(t.Context(), gateway.SaveProfile{ProfileID: kept, Method: b.Fields(), SendBefore: late}), gateway.NotSent)
	want(t, b.Processor.DeleteProfile(t.Context(), gateway.RemoveProfile{ProfileID: kept, SendBefore: late}), gateway.NotSent)
	b.isGone(t, id)
	b.isShown(t, kept)
}
