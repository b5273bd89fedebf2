package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// ids are the payments of a page, as they stand in it.
func ids(a answer) []string {
	a.t.Helper()
	var page struct {
		Items []struct{ PaymentID string }
	}
	if err := json.Unmarshal(a.raw, &page); err != nil {
		a.t.Fatal(err)
	}
	found := []string{}
	for _, item := range page.Items {
		found = append(found, item.PaymentID)
	}
	return found
}

func (h *house) list(query string) answer {
	h.t.Helper()
	return h.do(call{path: payments + query, as: reader}).expect(http.StatusOK)
}

func TestPagesAreReadToTheEndWithoutGapsOrRepeats(t *testing.T) {
	h := newHouse(t)
	made := map[string]bool{}
	for i := range 23 {
		made[h.create(fmt.Sprintf("k-%d", i), sale("1.00")).at("paymentId")] = true
	}
	for size, pages := range map[int]int{1: 23, 5: 5, 23: 1, 22: 2, 100: 1} {
		var seen []string
		query, read := fmt.Sprintf("?pageSize=%d", size), 0
		for more := true; more; read++ {
			page := h.list(query)
			seen = append(seen, ids(page)...)
			more = page.at("hasMore") == "true"
			if next := page.at("nextCursor"); (next != "") != more {
				t.Fatalf("hasMore is %v beside the cursor %q", more, next)
			}
			query = fmt.Sprintf("?pageSize=%d&cursor=%s", size, page.at("nextCursor"))
			if read == 0 {
				// What is made meanwhile is newer than every page that follows.
				made[h.create(fmt.Sprintf("late-%d", size), sale("2.00")).at("paymentId")] = true
			}
		}
		if !slices.IsSortedFunc(seen, func(a, b string) int { return -strings.Compare(a, b) }) {
			t.Errorf("pages of %d are not newest first: %v", size, seen)
		}
		want := len(made) - 1
		if unique := slices.Compact(slices.Clone(seen)); len(unique) != want || len(seen) != want {
			t.Errorf("pages of %d show %d payments, %d of them different; %d are there", size, len(seen), len(unique), want)
		}
		if allowed := (want + size - 1) / size; read != allowed {
			t.Errorf("pages of %d: %d were read, want %d (%d at first)", size, read, allowed, pages)
		}
	}
	if got := len(ids(h.list(""))); got != 25 {
		t.Errorf("a page without a size has %d payments, want 25", got)
	}
}

func TestEveryFilterNarrowsTheList(t *testing.T) {
	h := newHouse(t)
	long := "Bestellung Nr. 7 für Frau Müller, Größe XL, Grün ä"
	first := h.create("a", sale("1.00", "orderId", `"`+long+`"`)).at("paymentId")
	declined := h.create("b", sale("0.21")).at("paymentId")
	heal := h.answers(gateway.Result{Outcome: gateway.Unknown})
	unknown := h.do(call{path: payments, key: "c", body: sale("1.00")}).at("paymentId")
	heal()
	last := h.create("d", sale("1.00", "intent", `"authorize"`))
	at := func(of string) string {
		return h.do(call{path: payments + "/" + of}).at("createdAt")
	}
	later := must(time.Parse(time.RFC3339, last.at("createdAt")))(t).Add(time.Microsecond).Format(time.RFC3339Nano)
	other := "?createdFrom=" + url.QueryEscape(must(time.Parse(time.RFC3339, at(unknown)))(t).
		In(time.FixedZone("", 7200)).Format(time.RFC3339Nano))

	newest := last.at("paymentId")
	for query, want := range map[string][]string{
		"":                                   {newest, unknown, declined, first},
		"?orderId=" + url.QueryEscape(long):  {first},
		"?orderId=100000001":                 {newest, unknown, declined},
		"?orderId=none":                      {},
		"?paymentStatus=declined":            {declined},
		"?paymentStatus=unknown":             {unknown},
		"?paymentStatus=authorized":          {newest},
		"?paymentStatus=settled":             {},
		"?createdFrom=" + at(unknown):        {newest, unknown},
		other:                                {newest, unknown},
		"?createdTo=" + at(unknown):          {declined, first},
		"?createdFrom=" + later:              {},
		"?needsAttention=true":               {},
		"?needsAttention=false":              {newest, unknown, declined, first},
		"?pageSize=2&paymentStatus=approved": {first},
		"?orderId=100000001&paymentStatus=declined&createdTo=" + later: {declined},
	} {
		if got := ids(h.list(query)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

func TestAWrongParameterOfTheListIsRefused(t *testing.T) {
	h := newHouse(t)
	for query, field := range map[string]string{
		"?orderId=":                        "orderId",
		"?orderId=a&orderId=b":             "orderId",
		"?orderID=" + marker:               "orderID",
		"?" + marker + "=1":                "query",
		"?paymentStatus=" + marker:         "paymentStatus",
		"?paymentStatus=Approved":          "paymentStatus",
		"?paymentStatus=":                  "paymentStatus",
		"?createdFrom=" + marker:           "createdFrom",
		"?createdFrom=2026-11-21":          "createdFrom",
		"?createdFrom=2026-11-21T08:00:00": "createdFrom",
		"?createdTo=1700000000":            "createdTo",
		"?createdTo=2026-13-01T00:00:00Z":  "createdTo",
		"?needsAttention=yes":              "needsAttention",
		"?needsAttention=":                 "needsAttention",
		"?pageSize=0":                      "pageSize",
		"?pageSize=101":                    "pageSize",
		"?pageSize=-1":                     "pageSize",
		"?pageSize=1e1":                    "pageSize",
		"?pageSize=99999999999999999999":   "pageSize",
		"?pageSize=":                       "pageSize",
		"?cursor=" + marker:                "cursor",
		"?cursor=":                         "cursor",
		"?cursor=cGF5Xw==":                 "cursor",
		"?cursor=MTIz":                     "cursor",
		"?pageSize=5&pagesize=6":           "pagesize",
	} {
		h.do(call{path: payments + query}).refused(http.StatusBadRequest, "invalid_request", field)
	}
}
