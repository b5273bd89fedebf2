package api_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestTheSameRequestAgainIsReplayed(t *testing.T) {
	h := newHouse(t)
	first := h.create("k", sale("19.99"))
	for _, key := range []string{"k", `"k"`} {
		again := h.create(key, sale("19.99")).expect(http.StatusCreated,
			"paymentId", first.at("paymentId"), "idempotentReplay", "true", "operation.idempotencyKey", "k")
		if replayed := again.header.Get("Idempotent-Replayed"); replayed != "true" {
			t.Errorf("Idempotent-Replayed is %q", replayed)
		}
	}
	if replayed := first.header.Values("Idempotent-Replayed"); replayed != nil {
		t.Errorf("the first answer bears Idempotent-Replayed: %q", replayed)
	}
	h.expectCharges(1)
}

func (h *house) expectCharges(n int) {
	h.t.Helper()
	if got := h.processor.Calls("charge"); got != n {
		h.t.Errorf("%d charges reached the processor, want %d", got, n)
	}
}

func TestAKeyBelongsToOneRequest(t *testing.T) {
	h := newHouse(t)
	a := h.create("k", sale("19.99"))
	other := h.create("k-other", sale("5.00"))
	for name, c := range map[string]call{
		"another amount":     {path: payments, body: sale("20.00")},
		"another order":      {path: payments, body: sale("19.99", "orderId", `"100000002"`)},
		"another method":     {path: payments, body: paidBy("encryptedCard")},
		"another intent":     {path: payments, body: sale("19.99", "intent", `"authorize"`)},
		"other metadata":     {path: payments, body: sale("19.99", "metadata", `{"a":"b"}`)},
		"another operation":  {path: transaction(a, "refund")},
		"on another payment": {path: transaction(other, "void")},
	} {
		c.key, c.method = "k", http.MethodPost
		t.Run(name, func(t *testing.T) {
			told := h.do(c).refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
			// Whoever is sent on to a new key pays for the same thing again.
			if detail, _ := told.body["detail"].(string); !strings.Contains(detail, "GET /api/v1/payments/by-key/") {
				t.Errorf("the words do not send the caller to the key first: %s", detail)
			}
		})
	}
	h.expectCharges(2)
}

// What an upgrade must not change: keys are kept for good, and so are the
// fingerprints of what was sent under them. docs/errors.md tells it.
func TestAnEmptyTextIsTheSameRequestAndAnEmptyAddressIsNot(t *testing.T) {
	h := newHouse(t)
	a := h.create("k", sale("19.99"))
	for member, empty := range map[string]string{"metadata": `{}`, "lineItems": `[]`, "storeCode": `""`, "taxAmount": "null"} {
		h.create("k", sale("19.99", member, empty)).
			expect(http.StatusCreated, "paymentId", a.at("paymentId"), "idempotentReplay", "true")
	}
	for member, value := range map[string]string{"billingAddress": `{}`, "shippingAddress": `{}`, "taxAmount": `"0.00"`} {
		h.do(call{method: http.MethodPost, path: payments, key: "k", body: sale("19.99", member, value)}).
			refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
	}
	h.expectCharges(1)
}

func TestTheSameIntentIsTheSameRequestWhetherNamedOrNot(t *testing.T) {
	h := newHouse(t)
	h.create("k", sale("19.99"))
	h.create("k", sale("19.99", "intent", `"sale"`, "currencyCode", `"USD"`)).expect(http.StatusCreated, "idempotentReplay", "true")
}

func TestTheSecurityCodeIsNoPartOfTheRequest(t *testing.T) {
	h := newHouse(t)
	h.create("k", paidBy("encryptedCard"))
	// A browser encrypts the code anew for every try, and it is never stored.
	h.create("k", paidBy("encryptedCard", "paymentMethod.encryptedCard.csc", "")).expect(http.StatusCreated, "idempotentReplay", "true")
	h.expectCharges(1)
}

func TestABudgetOutsideTheLimitsIsMovedToTheNearerOne(t *testing.T) {
	h := newHouse(t)
	for _, budget := range []string{"0", "999", "1000", "55000", "55001", "2147483647"} {
		h.do(call{path: payments, key: "k-" + budget, body: sale("1.00"), header: map[string]string{"X-Request-Timeout-Ms": budget}}).
			expect(http.StatusCreated, "status", "approved")
	}
}

func TestFiftyCallsWithOneKeyMakeOneCharge(t *testing.T) {
	h := newHouse(t)
	var everyoneIsHere sync.WaitGroup
	everyoneIsHere.Add(50)
	answers := make([]answer, 50)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			everyoneIsHere.Done()
			everyoneIsHere.Wait()
			answers[i] = h.do(call{path: payments, key: "k", body: sale("19.99")})
		})
	}
	wg.Wait()
	replayed := 0
	for _, a := range answers {
		a.expect(http.StatusCreated, "paymentId", answers[0].at("paymentId"), "status", "approved")
		if a.at("idempotentReplay") == "true" {
			replayed++
		}
	}
	if replayed != 49 {
		t.Errorf("%d of 50 answers were replays, want 49", replayed)
	}
	h.expectCharges(1)
}

func TestAKeyNeverSeenIsClosed(t *testing.T) {
	h := newHouse(t)
	path := payments + "/by-key/k"
	h.do(call{path: path}).refused(http.StatusNotFound, "not_found", "")
	for _, replayed := range []string{"", "true"} {
		h.do(call{method: "POST", path: path + "/void"}).
			expect(http.StatusCreated, "idempotencyKey", "k", "outcome", "cancelled", "paymentId", "", "idempotentReplay", replayed)
	}
	h.do(call{path: path}).expect(http.StatusOK, "idempotencyKey", "k", "outcome", "cancelled", "paymentId", "")
	h.do(call{path: payments, key: "k", body: sale("1.00")}).refused(http.StatusUnprocessableEntity, "key_cancelled", "")
	h.expectCharges(0)
}

func TestGivingUpAnApprovedKeyUndoesThePayment(t *testing.T) {
	for _, c := range []struct{ name, status, kind string }{
		{"before settlement", "voided", "void"}, {"after settlement", "refunded", "refund"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.create("k", sale("1.00"))
			if c.kind == "refund" {
				h.processor.Settle()
			}
			for range 2 {
				h.do(call{method: "POST", path: payments + "/by-key/k/void", body: "{}"}).
					expect(http.StatusCreated, "status", c.status, "operation.idempotencyKey", "k")
			}
			h.do(call{path: payments + "/by-key/k"}).expect(http.StatusOK, "status", c.status)
			h.do(call{path: payments, key: "k", body: sale("1.00")}).refused(http.StatusUnprocessableEntity, "key_cancelled", "")
			if n := h.processor.Calls(c.kind); n != 1 {
				t.Errorf("%d calls of %s", n, c.kind)
			}
			h.expectCharges(1)
		})
	}
}

// The processor holds its answer back, so the smallest budget ends first: the
// one second that this test takes.
func TestAnUndecidedKeyIsAnsweredWithinTheBudgetAndUndoneOnceKnown(t *testing.T) {
	h := newHouse(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	h.processor.SetAfter(func(_ context.Context, name string, r gateway.Result) gateway.Result {
		if name == "charge" {
			close(arrived)
			<-release
		}
		return r
	})
	// A budget below the smallest is raised to it; none of the answers waits
	// for the processor.
	hurry := map[string]string{"X-Request-Timeout-Ms": "1"}
	var wg sync.WaitGroup
	ask := func(c call, status int, members ...string) {
		c.header = hurry
		wg.Go(func() { h.do(c).expect(status, members...) })
	}
	unknown := []string{"status", "unknown", "outcome", "unknown", "retryAfterSeconds", "2", "operation.operationStatus", "unknown", "capturedAmount", "0.00"}
	ask(call{path: payments, key: "k", body: sale("1.00")}, http.StatusAccepted, unknown...)
	<-arrived
	ask(call{path: payments + "/by-key/k"}, http.StatusOK, unknown...)
	ask(call{method: "POST", path: payments + "/by-key/k/void"}, http.StatusAccepted, unknown...)
	if listed := ids(h.list("?paymentStatus=unknown")); len(listed) != 1 {
		t.Errorf("%d payments are listed as unknown, want the one that is", len(listed))
	}
	wg.Wait()
	close(release)
	// The voids that were asked for before may have the undoing in hand: that is
	// another 202, and is asked again.
	voided := h.do(call{method: "POST", path: payments + "/by-key/k/void"})
	for limit := time.Now().Add(30 * time.Second); voided.status == http.StatusAccepted && time.Now().Before(limit); runtime.Gosched() {
		voided = h.do(call{method: "POST", path: payments + "/by-key/k/void"})
	}
	voided.expect(http.StatusCreated, "status", "voided")
	h.do(call{path: payments, key: "k", body: sale("1.00")}).refused(http.StatusUnprocessableEntity, "key_cancelled", "")
	h.expectCharges(1)
}

func TestKeysOfEveryFormAreTaken(t *testing.T) {
	h := newHouse(t)
	long := ""
	for len(long) < 255 {
		long += "A.z_0~:-"[:min(8, 255-len(long))]
	}
	for _, key := range []string{"k", "AZaz09._~:-", long, `"` + long[1:] + `"`} {
		h.create(key, sale("1.00"))
	}
	h.do(call{path: payments + "/by-key/" + long}).expect(http.StatusOK, "operation.idempotencyKey", long)
}
