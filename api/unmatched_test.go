package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// keepUnmatched keeps a transaction that belongs to no payment.
func (h *house) keepUnmatched(merchant, id string, seen time.Time) {
	h.t.Helper()
	must(0, h.ledger.KeepUnmatched(h.t.Context(), gateway.UnmatchedTransaction{
		MerchantID: merchant, FirstSeen: seen, LastSeen: seen.Add(5 * time.Minute),
		Record: gateway.Record{
			TransactionID: id, Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999, OrderID: "phone-17",
			Card: gateway.CardSummary{Brand: "visa", LastFour: "5439"}, CreatedBy: "clerk@example.com", CreatedAt: seen.Add(-time.Hour),
		},
	}, nil))(h.t)
}

// transactions are those of a page, as they stand in it.
func transactions(a answer) []string {
	a.t.Helper()
	var page struct {
		Items []struct{ TransactionID string }
	}
	if err := json.Unmarshal(a.raw, &page); err != nil {
		a.t.Fatal(err)
	}
	found := []string{}
	for _, item := range page.Items {
		found = append(found, item.TransactionID)
	}
	return found
}

// Transactions are found many at once, so a page may end between two of the
// same time.
func TestUnmatchedTransactionsAreReadToTheEnd(t *testing.T) {
	h := newHouse(t)
	found := time.Date(2026, 3, 2, 15, 4, 5, 123456000, time.UTC)
	for i := range 7 {
		h.keepUnmatched("main", fmt.Sprint(450583920+i), found.Add(time.Duration(i/3)*time.Minute))
	}
	h.keepUnmatched("other", "1", found)
	whole := transactions(h.do(call{path: unmatched, as: reader}).expect(http.StatusOK, "hasMore", "false", "nextCursor", ""))
	if len(whole) != 7 || whole[0] != "450583926" {
		t.Errorf("the list is %v, want seven of them, the last found first", whole)
	}
	for size := 1; size <= 7; size++ {
		var seen []string
		query := fmt.Sprintf("?pageSize=%d", size)
		for more := true; more; {
			page := h.do(call{path: unmatched + query, as: reader}).expect(http.StatusOK)
			seen = append(seen, transactions(page)...)
			more = page.at("hasMore") == "true"
			query = fmt.Sprintf("?pageSize=%d&cursor=%s", size, page.at("nextCursor"))
		}
		if !slices.Equal(seen, whole) {
			t.Errorf("pages of %d show %v, want %v", size, seen, whole)
		}
	}
	if theirs := transactions(h.do(call{path: unmatched, as: rival}).expect(http.StatusOK)); !slices.Equal(theirs, []string{"1"}) {
		t.Errorf("another merchant sees %v", theirs)
	}
}

func TestAnUnmatchedTransactionIsToldAsPayTraceShowsIt(t *testing.T) {
	h := newHouse(t)
	// Before the books were read nothing is said of how old the list is.
	h.do(call{path: unmatched}).expect(http.StatusOK, "items", "[]", "hasMore", "false", "seenThroughAt", "")
	read := time.Date(2026, 3, 2, 15, 10, 0, 0, time.UTC)
	must(0, h.ledger.SaveWatch(t.Context(), gateway.Watch{MerchantID: "main", Through: read, Version: 1}))(t)
	h.do(call{path: unmatched}).expect(http.StatusOK, "items", "[]", "seenThroughAt", "2026-03-02T15:10:00Z")
	h.do(call{path: unmatched, as: rival}).expect(http.StatusOK, "seenThroughAt", "")
	h.keepUnmatched("main", "450583925", time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC))
	h.do(call{path: unmatched}).expect(http.StatusOK).golden("unmatched")
}
