package simulation

import (
	"math/rand/v2"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// clerk works at PayTrace's own screens: sells with amounts like everybody's,
// and refunds, voids, captures and adjusts what is on the books.
func (w *world) clerk(phase string, until time.Time) {
	random := w.of("clerk", phase)
	for {
		time.Sleep(between(random, 10*time.Second, 70*time.Second))
		if !time.Now().Before(until) {
			return
		}
		deed, what := w.clerksNext(random)
		if _, err := w.payTrace.sim.Clerk(what); err == nil {
			w.faults.count(deed, 1)
		}
	}
}

func (w *world) clerksNext(r *rand.Rand) (Fault, simulator.ClerkRequest) {
	rows := w.payTrace.sim.Transactions()
	sale := simulator.ClerkRequest{Kind: "sale", Amount: decimal(pick(r, amounts...)), InvoiceID: "phone"}
	if len(rows) == 0 {
		return ClerkSells, sale
	}
	row := rows[r.IntN(len(rows))]
	on := func(kind string) simulator.ClerkRequest {
		return simulator.ClerkRequest{Kind: kind, TransactionID: row.TransactionID}
	}
	switch choice := r.IntN(10); {
	case choice < 1 && row.Kind != "refund":
		sale.InvoiceID = row.InvoiceID
		return ClerkSellsAgain, sale
	case choice < 4 || row.State == "declined" || row.State == "voided":
		return ClerkSells, sale
	case row.State == "authorized" && choice < 7:
		return ClerkCaptures, on("capture")
	case row.State == "settled":
		refund := on("refund")
		// The sums of the callers' own refunds make the two hard to tell apart.
		refund.Amount = pick(r, "1.00", "6.01", "3.01", row.Amount)
		return ClerkRefunds, refund
	case choice == 9 && row.Kind != "refund":
		adjusted := on("adjust")
		adjusted.Amount = "4.99"
		return ClerkAdjusts, adjusted
	}
	return ClerkVoids, on("void")
}

// credit gives a part of a payment back to the shopper's card while it is still
// pending, which PayTrace's screens allow: such a credit is of no transaction,
// and only its invoice says what it is for. It says whether that was done.
func (w *world) credit(id string, amount int64) bool {
	for _, row := range w.payTrace.sim.Transactions() {
		if row.TransactionID != id || row.State != "pending_settlement" {
			continue
		}
		made, err := w.payTrace.sim.Clerk(simulator.ClerkRequest{Kind: "refund", Amount: decimal(amount), InvoiceID: row.InvoiceID})
		if err != nil {
			return false
		}
		w.payTrace.credited(made, id)
		return true
	}
	return false
}
