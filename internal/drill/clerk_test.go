package drill

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// clerk works at PayTrace's own screens: sells with amounts like everybody's,
// settles, and, where the watcher will have the time to see it, refunds, voids
// and captures what the gateways made.
func (w *town) clerk(r *rand.Rand, until time.Time, meddles bool) {
	for {
		pass(between(r, 500*time.Millisecond, 3*time.Second))
		if !time.Now().Before(until) {
			return
		}
		if r.IntN(4) == 0 {
			w.settleBatch()
			continue
		}
		what, deed := fmt.Sprintf(`{"kind":"sale","amount":%q,"invoiceId":"phone"}`, decimal(pick(r, amounts...))), "clerk sells"
		if meddles && r.IntN(2) == 0 {
			what, deed = w.meddling(r, what, deed)
		}
		// PayTrace's rules forbid some of it.
		if w.payTrace.try(http.MethodPost, "/clerk", what, nil) == nil {
			w.happened(deed, 1)
		}
	}
}

func (w *town) settleBatch() {
	var batch struct{ TransactionCount int }
	if err := w.payTrace.try(http.MethodPost, "/settle", "", &batch); err != nil {
		w.t.Errorf("the simulator does not settle: %v", err)
	}
	if batch.TransactionCount > 0 {
		w.happened("PayTrace: settlement in between", 1)
	}
}

// meddling is something done to what is there already.
func (w *town) meddling(r *rand.Rand, what, deed string) (string, string) {
	var books struct{ Transactions []transaction }
	if err := w.payTrace.try(http.MethodGet, "/transactions", "", &books); err != nil || len(books.Transactions) == 0 {
		return what, deed
	}
	row := books.Transactions[r.IntN(len(books.Transactions))]
	switch {
	case row.State == "authorized" && r.IntN(2) == 0:
		return fmt.Sprintf(`{"kind":"capture","transactionId":%q}`, row.TransactionID), "clerk captures"
	case row.State == "settled" && row.Kind != "refund":
		return fmt.Sprintf(`{"kind":"refund","transactionId":%q,"amount":"1.00"}`, row.TransactionID), "clerk refunds"
	case row.State == "authorized" || row.State == "pending_settlement":
		return fmt.Sprintf(`{"kind":"void","transactionId":%q}`, row.TransactionID), "clerk voids"
	}
	return what, deed
}
