package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
)

// vaultChange is a change of the vault, as a client sends it again and again.
type vaultChange struct{ method, path, key, body string }

// insist sends the change until it is done, and wants every answer to be honest:
// it is done; or somebody else's change is under way, nothing was sent, or nobody
// knows yet, and then the wait is named. It counts the first of these three.
func (c vaultChange) insist(s *shop) (conflicts int) {
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for over := time.Now().Add(patience); time.Now().Before(over); <-pause.C {
		a, err := s.try(c.method, vaultPath+c.path, c.key, c.body, 0)
		switch {
		case err == nil && (a.httpStatus == http.StatusCreated || a.httpStatus == http.StatusOK || a.httpStatus == http.StatusNoContent):
			return conflicts
		case err == nil && a.tells() == "409 operation_in_progress" && a.Retryable && a.RetryAfterSeconds > 0:
			conflicts++
		case err == nil && a.RetryAfterSeconds > 0 && (a.httpStatus == http.StatusAccepted || (a.tells() == "503 processor_unavailable" && a.Outcome == "not_sent")):
			// The machine is busy.
		default:
			s.t.Errorf("%s %s: %s (%s), retryable %t after %d s, %v", c.method, c.path, a.tells(), a.Detail, a.Retryable, a.RetryAfterSeconds, err)
			return conflicts
		}
	}
	s.t.Errorf("%s %s is still in progress", c.method, c.path)
	return conflicts
}

// twentyChanges of the customer's cards a to e: six more cards, four renewals of
// two of them, five other defaults, and the removal of the other three with the
// customer's records changed twice meanwhile.
func twentyChanges(paytrace *processor, cards []storedCard) []vaultChange {
	const visa = "4012000098765439"
	var all []vaultChange
	for i := range 6 {
		all = append(all, vaultChange{http.MethodPost, "/c/payments", fmt.Sprint("add-", i),
			fmt.Sprintf(`{"paymentMethod":%s,"makeDefault":%t}`, paytrace.typed(visa, "999", "02", fmt.Sprint(2031+i)), i%2 == 0)})
	}
	for i := range 4 {
		all = append(all, vaultChange{http.MethodPatch, "/c/payments/" + cards[i%2].PaymentMethodID, fmt.Sprint("renew-", i),
			`{"paymentMethod":` + paytrace.typed(visa, "999", "03", fmt.Sprint(2031+i)) + `}`})
	}
	for i := range 5 {
		all = append(all, vaultChange{http.MethodPatch, "/c", "", `{"defaultPaymentMethodId":"` + cards[i%2].PaymentMethodID + `"}`})
	}
	for i := range 3 {
		all = append(all, vaultChange{http.MethodDelete, "/c/payments/" + cards[2+i].PaymentMethodID, "", ""})
	}
	for i := range 2 {
		all = append(all, vaultChange{http.MethodPatch, "/c", "", fmt.Sprintf(`{"sourceRecords":{"contactId":"0035g00000DeF5%dAAD"}}`, i)})
	}
	return all
}

// aboutToChange stores five cards and slows PayTrace down, so that the changes
// which it returns meet.
func (s *shop) aboutToChange(paytrace *processor) []vaultChange {
	s.t.Helper()
	s.vault(http.MethodPost, "", "card-0", `{"customerId":"c","paymentMethod":`+paytrace.hostedFields()+`}`, http.StatusCreated)
	for i := 1; i < 5; i++ {
		s.vault(http.MethodPost, "/c/payments", fmt.Sprint("card-", i), `{"paymentMethod":`+paytrace.hostedFields()+`}`, http.StatusCreated)
	}
	changes := twentyChanges(paytrace, s.cards("c"))
	paytrace.misbehave(`{"operation":"customer_create","kind":"delay","seconds":0.1}`, `{"operation":"customer_update","kind":"delay","seconds":0.1}`)
	return changes
}

func TestTwentyChangesOfOneCustomerAtOnce(t *testing.T) {
	t.Parallel()
	gateway, paytrace, shop := serveVault(t)
	changes := shop.aboutToChange(paytrace)
	conflicts := make([]int, len(changes))
	together(len(changes), func(i int) { conflicts[i] = changes[i].insist(shop) })
	met := 0
	for _, n := range conflicts {
		met += n
	}
	if met == 0 {
		t.Error("no change has met another: the test does not try what it should")
	}
	shop.settlesOn(paytrace, 8)
	created, updated := paytrace.arrived("customer_create"), paytrace.arrived("customer_update")
	for _, c := range changes {
		if c.key != "" {
			if again := shop.must(c.method, vaultPath+c.path, c.key, c.body, 0); !again.IdempotentReplay {
				t.Errorf("%s once more: %s, and not the answer of then", c.key, again.tells())
			}
		}
	}
	if n := paytrace.arrived("customer_create"); n != created || n != 11 {
		t.Errorf("%d cards were stored at PayTrace, want 11", n)
	}
	if n := paytrace.arrived("customer_update"); n != updated || n != 4 {
		t.Errorf("%d cards were renewed at PayTrace, want 4", n)
	}
	gateway.agrees(paytrace, "c")
	t.Logf("%d changes had to wait %d times", len(changes), met)
}

// settlesOn waits until PayTrace has so many cards, and wants the customer to
// have as many and one default.
func (s *shop) settlesOn(paytrace *processor, n int) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("PayTrace has %d profiles", n), func() bool { return len(paytrace.profiles()) == n })
	defaults, cards := 0, s.cards("c")
	for _, c := range cards {
		if c.IsDefault {
			defaults++
		}
	}
	if len(cards) != n || defaults != min(n, 1) {
		s.t.Errorf("%d cards and %d defaults, want %d and 1: %v", len(cards), defaults, n, cards)
	}
}

// minutesLater has the one change of the vault that is not done be taken up, as
// the minutes after a crash would. It returns the change's profile.
func (s *serving) minutesLater() (profile string) {
	s.t.Helper()
	s.kill()
	s.rewriteLedger(func(ctx context.Context, l *ledger.Ledger) {
		due, err := l.DueVaultOperations(ctx, time.Now().Add(24*time.Hour), 100)
		if err != nil || len(due) != 1 {
			s.t.Fatalf("%d changes of the vault are under way, want 1: %v", len(due), err)
		}
		op := due[0]
		profile = op.ProfileID
		op.Version++
		op.Due, op.SendBefore = time.Now().UTC(), time.Now().UTC().Add(-10*time.Minute)
		if err := l.ApplyVault(ctx, gateway.VaultChange{Operations: []gateway.VaultOperation{op}}); err != nil {
			s.t.Fatal(err)
		}
	})
	s.start()
	eventually(s.t, "the change is taken up", func() bool {
		said := s.stderr.String()
		return strings.Contains(said, "vault.unknown") || strings.Contains(said, "vault.looked") || strings.Contains(said, "vault.operation")
	})
	return profile
}

// A gateway is killed while PayTrace is storing a card.
var storingCrashes = []struct {
	name, fault string
	// stored says that PayTrace stores the card in the end, looks how many show it.
	stored bool
	looks  int
}{
	{"after PayTrace has stored it", `"kind":"slow_bytes","seconds":1`, true, 1},
	{"before PayTrace stores it", `"kind":"delay","seconds":4`, true, 1},
	{"and PayTrace never stores it", `"kind":"delay","seconds":3600`, false, 2},
}

func TestKilledWhileACardIsStoredItIsFoundOrHonestlyNotStored(t *testing.T) {
	for _, c := range storingCrashes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gateway, paytrace, shop := serveVault(t)
			gateway.rewrite("level: warn", "level: info")
			shop.vault(http.MethodPost, "", "card-1", `{"customerId":"c","paymentMethod":`+paytrace.hostedFields()+`}`, http.StatusCreated)
			paytrace.misbehave(`{"operation":"customer_create",` + c.fault + `}`)
			add := vaultChange{http.MethodPost, "/c/payments", "card-2", `{"paymentMethod":` + paytrace.typed("5454545454545454", "998", "01", "2031") + `}`}
			lost := make(chan error, 1)
			go func() {
				_, err := shop.try(add.method, vaultPath+add.path, add.key, add.body, 0)
				lost <- err
			}()
			eventually(t, "the card has reached PayTrace", func() bool { return paytrace.arrived("customer_create") == 2 })
			gateway.kill()
			if err := <-lost; err == nil {
				t.Fatal("the caller had an answer before the gateway died: nothing was tried")
			}
			if c.stored {
				eventually(t, "PayTrace has stored the card", func() bool { return len(paytrace.profiles()) == 2 })
			}
			gateway.start()
			want(t, "at once, with the same key", shop.must(add.method, vaultPath+add.path, add.key, add.body, 1000), "202 <nil>")
			want(t, "the customer's deletion meanwhile", shop.must(http.MethodDelete, vaultPath+"/c", "", "", 0), "409 operation_in_progress")
			var there string
			for range 1 + c.looks {
				there = gateway.minutesLater()
			}
			add.isTold(shop, paytrace, c.stored)
			if !c.stored {
				// PayTrace stores it after all, when nobody expects it any more.
				paytrace.clerk(`{"kind":"customer_create","customerId":"` + there + `"}`)
				gateway.minutesLater()
				eventually(t, "the late profile is gone", func() bool { return len(paytrace.profiles()) == 1 })
			}
			gateway.agrees(paytrace, "c")
		})
	}
}

// isTold wants the same request to be told what became of the card, and PayTrace
// not to have been asked again.
func (c vaultChange) isTold(s *shop, paytrace *processor, stored bool) {
	s.t.Helper()
	var a answer
	eventually(s.t, "it is known what became of the card", func() bool {
		a = s.must(c.method, vaultPath+c.path, c.key, c.body, 1000)
		return a.httpStatus != http.StatusAccepted
	})
	cards := fmt.Sprint(s.cards("c"))
	switch {
	case stored && (a.httpStatus != http.StatusCreated || !a.IdempotentReplay || !strings.Contains(cards, "5454 01/2031")):
		s.t.Errorf("the card is stored, and the answer %s with %s", a.tells(), cards)
	case !stored && (a.tells() != "422 vault_not_stored" || strings.Contains(cards, "5454")):
		s.t.Errorf("the card is not stored, and the answer %s with %s", a.tells(), cards)
	}
	if n := paytrace.arrived("customer_create"); n != 2 {
		s.t.Errorf("%d cards have reached PayTrace, want 2", n)
	}
}
