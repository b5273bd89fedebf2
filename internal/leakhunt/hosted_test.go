package leakhunt

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/internal/services"
)

// onEveryLedger runs a hunt where the ledger is a file, and where it is
// PostgreSQL. The race detector sees this test's own process alone, so that under
// it one is enough.
func onEveryLedger(t *testing.T, before func(*town), hunt func(t *testing.T, w *town)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		hunt(t, settle(t, 1, nil, before))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		wholeHunt(t)
		hunt(t, settle(t, 2, services.PostgresServer(t), before))
	})
}

// wholeHunt skips under the race detector what the ordinary pass of the tests
// does: the gateway is another process, which the detector does not see.
func wholeHunt(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("under the race detector a small hunt is enough; without it the whole one is run")
	}
}

// quietly has nothing happen.
func quietly(*town) {}

// In the default mode a browser gives the card to PayTrace and the shop never
// has it. Whatever happens afterwards, nothing of the gateway may ever hold a
// digit of it, its memory included.
func TestACardOfHostedFieldsIsNowhere(t *testing.T) {
	t.Parallel()
	onEveryLedger(t, quietly, func(t *testing.T, w *town) {
		w.goodDays()
		w.vaultDays()
		w.accountDays()
		wantNothing(t, w.memory(w.gateway, Card, CSC, Account))
		w.killWithin()
		w.badDays()
		w.vaultBadDays()
		w.subscribersFail()
		w.commands()
		w.findTheLost()
		w.findTheLostCard()
		w.findTheChanged()
		w.cardsAreTold()
		wantNothing(t, w.search())
		wantNothing(t, w.memory(w.gateway, Card, CSC, Account))
	})
}

// goodDays are payments as they should be.
func (w *town) goodDays() {
	w.t.Helper()
	sale := w.place("sale", w.hostedFields("a sale"))
	w.must("a sale", 201, paying("sale", sale))
	w.must("its repetition", 201, paying("sale", sale))
	w.must("another with its key", 422, paying("sale", w.place("another sale", w.hostedFields("a key used twice"))))
	w.must("a sale of an encrypted card", 201, paying("encrypted", w.place("encrypted", w.encryptedCard("a sale"))))
	w.must("a decline", 201, paying("declined", strings.Replace(w.place("declined", w.hostedFields("a decline")), "19.99", "1.12", 1)))
	held := w.must("an authorization", 201, paying("held", payment("authorize", "held", w.hostedFields("an authorization"))))
	w.must("its capture", 201, changing("capture", held.PaymentID, "capture", `{"amount":"10.00"}`))
	w.ask(http.MethodPost, "/settle", "", nil)
	w.send(changing("refund", held.PaymentID, "refund", `{"amount":"5.00"}`))
	gone := w.must("a sale to be voided", 201, paying("voided", w.place("voided", w.hostedFields("a void"))))
	w.must("its void", 201, changing("void", gone.PaymentID, "void", ""))
	w.must("a key that is given up", 201, call{method: http.MethodPost, path: "/api/v1/payments/by-key/voided/void"})
}

// place is an order in the shop, and the body of its payment.
func (w *town) place(order, method string) string {
	w.orders.Place(placing(order))
	return payment("sale", order, method)
}

// badDays let PayTrace fail in each of its ways, and the shop repeat itself.
func (w *town) badDays() {
	w.t.Helper()
	for i, fault := range []string{
		`{"operation":"sale","kind":"delay","seconds":2,"count":1}`,
		`{"operation":"sale","kind":"reset_before","count":1}`,
		`{"operation":"sale","kind":"reset_after","count":1}`,
		`{"operation":"sale","kind":"late_action","seconds":1,"count":1}`,
		`{"operation":"sale","kind":"status","status":503,"count":1}`,
		`{"operation":"sale","kind":"status_after","status":502,"count":1}`,
		`{"operation":"sale","kind":"html","status":200,"count":1}`,
		`{"operation":"sale","kind":"unauthorized","count":1}`,
		`{"operation":"sale","kind":"denied","count":1}`,
		`{"operation":"sale","kind":"slow_bytes","seconds":0.01,"count":1}`,
		`{"operation":"sale","kind":"truncated_body","count":1}`,
		`{"operation":"sale","kind":"redirect","location":"http://127.0.0.1:1/elsewhere","count":1}`,
	} {
		w.misbehave(fault)
		key := fmt.Sprintf("bad-%d", i)
		body := w.place(key, w.hostedFields(fault))
		for range 2 {
			w.send(call{method: http.MethodPost, path: "/api/v1/payments", body: body, header: map[string]string{
				"Idempotency-Key": key, "X-Request-Timeout-Ms": "1000",
			}})
		}
		w.misbehave()
		// Two good ones to a bad one keep the breaker closed.
		for j := range 2 {
			good := fmt.Sprintf("good-%d-%d", i, j)
			w.pay(good, w.place(good, w.hostedFields(good)))
		}
	}
}

// killWithin kills the gateway while it waits for PayTrace, and starts another
// when nobody can be waiting for an answer any more.
func (w *town) killWithin() {
	w.t.Helper()
	w.misbehave(`{"operation":"sale","kind":"delay","seconds":1,"count":4}`, `{"operation":"customer_create","kind":"delay","seconds":1,"count":1}`)
	sales, cards := w.paytrace.calls("/sale"), w.paytrace.calls("/customer/pt_protect_create")
	calls := []call{{method: http.MethodPost, path: vaultPath, body: `{"customerId":"killed","paymentMethod":` + w.hostedFields("a killed customer") + `}`}}
	for i := range 4 {
		key := fmt.Sprintf("killed-%d", i)
		calls = append(calls, paying(key, w.place(key, w.hostedFields(key))))
	}
	w.killWhile(calls, func() bool {
		return w.paytrace.calls("/sale") == sales+4 && w.paytrace.calls("/customer/pt_protect_create") == cards+1
	})
	w.misbehave()
	w.clerkChangesCards()
	w.timePasses()
	w.start()
	w.archivedAre()
}

// killWhile makes calls all at once, and kills the gateway when PayTrace has
// them.
func (w *town) killWhile(calls []call, there func() bool) {
	w.t.Helper()
	var all sync.WaitGroup
	for _, c := range calls {
		all.Go(func() {
			for w.send(c).status == http.StatusServiceUnavailable { // a busy machine
			}
		})
	}
	eventually(w.t, "the calls are at PayTrace", there)
	w.gateway.kill()
	all.Wait()
}

// findTheLost waits until the gateway has found out what became of the payments
// of the one that was killed.
func (w *town) findTheLost() {
	w.t.Helper()
	for i := range 4 {
		eventually(w.t, "a lost sale is found", func() bool {
			r := w.send(call{method: http.MethodGet, path: fmt.Sprintf("/api/v1/payments/by-key/killed-%d", i)})
			return r.Status == "approved"
		})
	}
}

// subscribersFail lets everybody who is told fail, some for good.
func (w *town) subscribersFail() {
	w.t.Helper()
	w.erp.instead("", 3, says(500, "text/plain", "not now"))
	w.org.instead("/services/data", 2, says(400, "application/json", `[{"errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"no"}]`))
	w.shop.instead("/rest", 2, says(400, "application/json", `{"message":"no"}`))
	for i := range 3 {
		key := fmt.Sprintf("told-%d", i)
		w.pay(key, w.place(key, w.hostedFields(key)))
	}
	eventually(w.t, "everybody was asked", func() bool { return w.erp.pending()+w.org.pending()+w.shop.pending() == 0 })
	w.erp.peace()
}
