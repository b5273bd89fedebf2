package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What belongs to another merchant is answered as what does not exist, word for
// word, so that nobody learns by asking what others have.

// nothings are names of the same form that nobody has given.
var nothings = estate{
	"paymentId": "pay_06dy8k2m4n6p8r0t2v4x6z8b", "transactionId": "pay_06dy8k2m4n6p8r0t2v4x6z8b", "idempotencyKey": "nobodys-key",
	"customerId": "nobody-7", "paymentMethodId": "pm_06dy8k2m4n6p8r0t2v4x6z8b", "deliveryId": "dlv_06dy8k2m4n6p8r0t2v4x6z8b",
	"subscriber": "nobodys", "clientId": "nobodys", "operatorName": "nobodys", "operationId": "op_06dy8k2m4n6p8r0t2v4x6z8b",
}

// strangersMay are the calls about a name of which each merchant has its own:
// to give a key up that nobody has used is a thing that can be done.
var strangersMay = map[string]int{
	"POST /api/v1/payments/by-key/{idempotencyKey}/void": http.StatusCreated,
	// A person may have paid without being in the vault, so nobody is missing.
	"POST /api/v1/customer_vault/{customerId}/erase": http.StatusOK,
}

func TestAnothersIsAnsweredAsWhatDoesNotExist(t *testing.T) {
	h := newHouse(t)
	e := h.endow()
	before, asked := h.look(e), h.asked()
	strangers := []string{thief, h.operators("other")}
	all := permits(t)
	attempt, compared := 0, 0
	ask := func(row, as string, about estate) answer {
		attempt++
		c := about.call(t, row, attempt)
		c.as = as
		return h.do(c)
	}
	for _, row := range rowsOf(all) {
		if !strings.Contains(row, "{") {
			continue
		}
		for _, as := range strangers {
			who := "operator"
			if as == thief {
				who = all[row].scope(t, row)
			}
			if !all[row].passes(t, row, who) {
				continue
			}
			theirs, nobodys := ask(row, as, e), ask(row, as, nothings)
			want := http.StatusNotFound
			if status, may := strangersMay[row]; may {
				want = status
			}
			theirs.expect(want)
			names := append(slices.Collect(maps.Values(e)), slices.Collect(maps.Values(nothings))...)
			for _, a := range []answer{theirs, nobodys} {
				if place := a.at("nextCursor"); place != "" { // that of an erasure is tied to the id that was asked for
					names = append(names, place)
				}
			}
			if a, b := theirs.without(names...), nobodys.without(names...); theirs.status != nobodys.status || a != b {
				t.Errorf("%s: another's is answered\n%d %s\nand what does not exist\n%d %s", row, theirs.status, a, nobodys.status, b)
			}
			compared++
		}
	}
	h.unchanged("strangers", e, before, asked)
	t.Logf("%d calls compared", compared)
}

// By its transaction's id at PayTrace a payment is found, too, and PayTrace
// knows it whoever asks.
func TestAnothersTransactionIsAnsweredAsWhatDoesNotExist(t *testing.T) {
	h := newHouse(t)
	e := h.endow()
	number := h.do(call{path: payments + "/" + e["paymentId"]}).expect(http.StatusOK).at("transactionId")
	before, asked := h.look(e), h.asked()
	attempt := 0
	for row := range asking {
		if !strings.Contains(row, "{transactionId}") {
			continue
		}
		for _, id := range []string{number, "450583925", "999999999"} {
			attempt++
			c := estate{"transactionId": id}.call(t, row, attempt)
			c.as = thief
			h.do(c).refused(http.StatusNotFound, "not_found", "")
		}
	}
	h.unchanged("strangers", e, before, asked)
}

// Bodies name things as well.
func TestAnothersIsNotFoundByABodyEither(t *testing.T) {
	h := newHouse(t)
	e := h.endow()
	h.do(call{path: vault, key: "theirs", as: thief, body: customer("customerId", `"theirs"`, hpfToken, fresh("theirs"))}).expect(http.StatusCreated)
	before, asked, attempt := h.look(e), h.asked(), 0
	for name, c := range map[string]struct {
		path   string
		method string
		body   func(e estate) string
		key    bool
		filter bool // it narrows what is asked for, and what nobody has is none
	}{
		"a sale by a stored card": {path: payments, key: true, body: func(e estate) string {
			return paidBy("vault", "paymentMethod.vault", `{"customerId":"`+e["customerId"]+`","paymentMethodId":"`+e["paymentMethodId"]+`"}`)
		}},
		"a sale by a customer": {path: payments, key: true, body: func(e estate) string {
			return paidBy("vault", "paymentMethod.vault", `{"customerId":"`+e["customerId"]+`"}`)
		}},
		"a card out of a payment": {path: vault, key: true, body: func(e estate) string {
			return cardFrom("earlierPayment", `{"transactionId":"`+e["paymentId"]+`"}`)
		}},
		"a default": {path: vault + "/theirs", method: http.MethodPatch, body: func(e estate) string {
			return `{"defaultPaymentMethodId":"` + e["paymentMethodId"] + `"}`
		}},
		"what is left of a subscriber": {path: callbacks + "/skip", filter: true, body: func(e estate) string {
			return person("subscriber", `"`+e["subscriber"]+`"`)
		}},
		"a range": {path: callbacks + "/replay", filter: true, body: func(e estate) string {
			return replayRange("subscriber", `"`+e["subscriber"]+`"`, "createdTo", `"2026-03-02T01:00:00Z"`)
		}},
	} {
		ask := func(about estate) answer {
			asking := call{path: c.path, method: c.method, as: thief, body: c.body(about)}
			if c.key {
				attempt++
				asking.key = fmt.Sprintf("attempt-%d", attempt)
			}
			return h.do(asking)
		}
		theirs, nobodys := ask(e), ask(nothings)
		if refused := theirs.status >= 400; refused == c.filter {
			t.Errorf("%s: %d %s", name, theirs.status, theirs.raw)
		}
		names := append(slices.Collect(maps.Values(e)), slices.Collect(maps.Values(nothings))...)
		if a, b := theirs.without(names...), nobodys.without(names...); theirs.status != nobodys.status || a != b {
			t.Errorf("%s: another's is answered\n%d %s\nand what does not exist\n%d %s", name, theirs.status, a, nobodys.status, b)
		}
	}
	h.unchanged("strangers", e, before, asked)
}

func TestListsShowNothingOfAnothers(t *testing.T) {
	h := newHouse(t)
	e := h.endow()
	e["unmatched"], e["secret"] = "450583925", "erp-signing"
	for row := range asking {
		if !strings.HasPrefix(row, "GET ") || strings.Contains(row, "{") || strings.HasSuffix(row, "/session") {
			continue
		}
		as := thief
		if strings.HasSuffix(row, "/clients") || strings.HasSuffix(row, "/secrets") || strings.HasSuffix(row, "/operators") {
			as = h.operators("other")
		}
		c := estate{}.call(t, row, 0)
		c.as = as
		text := string(h.do(c).expect(http.StatusOK).raw)
		for what, name := range e {
			if strings.Contains(text, `"`+name+`"`) {
				t.Errorf("%s shows another merchant the %s %s: %s", row, what, name, text)
			}
		}
	}
}
