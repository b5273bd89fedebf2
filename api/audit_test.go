package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// newInTrail are the records that came since the last look, one to a line.
func (h *house) newInTrail(seen *int) string {
	h.t.Helper()
	all := storetest.Trail(h.t, h.ledger)
	var lines []string
	for _, e := range all[*seen:] {
		r, _, err := e.Record()
		if err != nil {
			h.t.Fatal(err)
		}
		details := must(json.Marshal(r.Details))(h.t)
		lines = append(lines, fmt.Sprintf("%s %s %s of %s by %s from %s %s", r.Action, r.Subject.Kind, r.Subject.ID, r.MerchantID, r.Actor, r.Actor.From, details))
	}
	*seen = len(all)
	return strings.Join(lines, "\n")
}

// TestEachDecisionLeavesItsRecord calls every route by which a person decides,
// and others, and wants exactly what is to be in the trail afterwards.
func TestEachDecisionLeavesItsRecord(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	h.mu.Lock()
	h.tokens["nobody"] = "no.token.atall"
	h.mu.Unlock()
	dead, behind := h.deadLetter()
	asked := h.unknown("asked", sale("19.99"))
	drawn := h.do(call{path: payments, key: "drawn", body: paidByAccount(encryptedAccount())}).expect(http.StatusCreated)
	transaction := h.atPayTrace(gateway.KindSale, 1999)
	done := []string{"decision", `"done"`, "transactionId", quoted(transaction), "note", `"Mrs Smith called"`}
	must(0, h.ledger.SaveSubscriberState(t.Context(), gateway.SubscriberState{
		MerchantID: "main", Subscriber: "erp", DisabledAt: time.Now(), Reason: "answered 410", Version: 1,
	}))(t)
	hash := func(of string) string { return clientKey.Hash(of + marker) }
	oldUntil := ""
	post := func(as, path, body string, want int) func() {
		return func() { h.do(call{method: "POST", as: as, path: path, body: body}).expect(want) }
	}
	byAda, byPostman := "of main by Ada Byron (operator:ada) from 127.0.0.1", "of main by Ada Byron (postman) from 127.0.0.1"
	told := func(d gateway.Delivery) string {
		return fmt.Sprintf(`{"event":%q,"payment":%q,"subscriber":%q}`, d.Event.ID, d.Event.PaymentID, d.Subscriber)
	}
	var left []gateway.Delivery
	seen := 0
	if said := h.newInTrail(&seen); said != "" {
		t.Errorf("payments by clients left %s", said)
	}
	for _, step := range []struct {
		name string
		do   func()
		want func() string
	}{
		{"a client is added", post(ada, clients, adding("terminal", "first "+marker), 200), func() string {
			return "client.added client terminal " + byAda + ` {"proof":"secret","scopes":"payments:read"}`
		}},
		{"it is added again", post(ada, clients, adding("terminal", "first "+marker), 422), nil},
		{"a client adds one", post(lord, clients, adding("mine", "x"), 403), nil},
		{"a stranger adds one", post("nobody", clients, adding("mine", "x"), 401), nil},
		{"its secret is rotated", func() {
			oldUntil = h.do(call{as: ada, path: clients + "/terminal/rotate", body: fmt.Sprintf(`{"secretHash":%q,"oldForSeconds":3600,"decidedBy":"Ada Byron"}`, hash("second"))}).
				expect(200).at("oldSecretUntil")
		}, func() string {
			return "client.rotated client terminal " + byAda + fmt.Sprintf(` {"oldSecretUntil":%q}`, oldUntil[:19]+"Z")
		}},
		{"the rotation is finished", post(ada, clients+"/terminal/rotate", `{"finish":true,"decidedBy":"Ada Byron"}`, 200), func() string {
			return "client.rotation_finished client terminal " + byAda + " null"
		}},
		{"another merchant's operator revokes it", post(h.operators("other"), clients+"/terminal/revoke", person(), 404), nil},
		{"it is revoked", post(ada, clients+"/terminal/revoke", person(), 200), func() string {
			return "client.revoked client terminal " + byAda + " null"
		}},
		{"it is revoked again", post(ada, clients+"/terminal/revoke", person(), 422), nil},
		{"an operation is resolved", func() { h.decides(asked, done...).expect(http.StatusOK) }, func() string {
			return "payment.resolved payment " + asked.at("paymentId") + " of main by Ada Byron (chief) from 127.0.0.1 " +
				fmt.Sprintf(`{"decision":"done","operation":%q,"transaction":%q}`, asked.at("operation.operationId"), transaction)
		}},
		{"it is resolved again", func() { h.decides(asked, done...).expect(http.StatusOK, "idempotentReplay", "true") }, nil},
		{"it is resolved otherwise", func() { h.decides(asked).expect(http.StatusUnprocessableEntity) }, nil},
		{"a return is entered", func() {
			post(chief, "/api/v1/transactions/"+drawn.at("transactionId")+"/return", `{"returnCode":"R01","note":"Mrs Smith called","decidedBy":"Ada Byron"}`, 200)()
		}, func() string {
			return "payment.returned payment " + drawn.at("paymentId") + " of main by Ada Byron (chief) from 127.0.0.1 " +
				fmt.Sprintf(`{"operation":%q,"returnCode":"R01"}`, drawn.at("operation.operationId"))
		}},
		{"it is entered again", func() {
			post(chief, "/api/v1/transactions/"+drawn.at("transactionId")+"/return", `{"returnCode":"R01","decidedBy":"Ada Byron"}`, 200)()
		}, nil},
		{"a delivery is replayed", post(postman, callbacks+"/"+dead.ID+"/replay", person(), 200), func() string {
			return "delivery.replayed delivery " + dead.ID + " " + byPostman + " " + told(dead)
		}},
		{"a delivery is skipped", post(postman, callbacks+"/"+dead.ID+"/skip", `{"decidedBy":"Ada Byron","note":"Mrs Smith called"}`, 200), func() string {
			return "delivery.skipped delivery " + dead.ID + " " + byPostman + " " + told(dead)
		}},
		{"it is replayed all the same", post(postman, callbacks+"/"+dead.ID+"/replay", person(), 422), nil},
		{"an auditor skips one", post(auditor, callbacks+"/"+behind.ID+"/skip", person(), 403), nil},
		{"a rival skips one", post(rival, callbacks+"/"+behind.ID+"/skip", person(), 404), nil},
		{"all dead letters are replayed", func() {
			h.ends(behind, gateway.DeliveryDead, refusedByERP())
			post(postman, callbacks+"/replay", `{"createdFrom":"2020-01-01T00:00:00Z","decidedBy":"Ada Byron"}`, 200)()
		}, func() string { return "delivery.replayed delivery " + behind.ID + " " + byPostman + " " + told(behind) }},
		{"what is left of a subscriber is given up", func() {
			h.spread("old-shop", asked.at("paymentId"))
			left = must(h.ledger.Deliveries(t.Context(), gateway.DeliveryFilter{MerchantID: "main", Subscriber: "old-shop", Limit: 100}))(t)
			post(postman, callbacks+"/skip", `{"subscriber":"old-shop","decidedBy":"Ada Byron","note":"Mrs Smith called"}`, 200)()
		}, func() string {
			var lines []string
			for _, d := range left {
				lines = append(lines, "delivery.skipped delivery "+d.ID+" "+byPostman+" "+told(d))
			}
			return strings.Join(lines, "\n")
		}},
		{"it is asked of one that is told", post(postman, callbacks+"/skip", `{"subscriber":"erp","decidedBy":"Ada Byron"}`, 422), nil},
		{"a subscriber is enabled", post(postman, subscribers+"/erp/enable", person(), 200), func() string {
			return "subscriber.enabled subscriber erp " + byPostman + " null"
		}},
		{"it is enabled again", post(postman, subscribers+"/erp/enable", person(), 404), nil},
		{"a client pays", func() { h.create("paid", sale("1.00")).expect(201) }, nil},
	} {
		step.do()
		want := ""
		if step.want != nil {
			want = step.want()
		}
		if said := h.newInTrail(&seen); said != want {
			t.Errorf("%s:\n%s\nwant\n%s", step.name, said, want)
		}
	}
}
