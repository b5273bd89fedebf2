package history

import "fmt"

// Enhanced is what the gateway shows of an order's lines, and what PayTrace has of
// them.
type Enhanced struct {
	Status        string
	PurchaseOrder string
	Lines         int
}

// enhancedOnce: PayTrace has the lines of an order once, and nothing in place of
// them. What is shown as sent is there, with the purchase order; what is not, and
// was not lost on the way, is not. In the end nothing that was settled is
// pending, unless a person has to say first what was captured.
func enhancedOnce(x *index) []Violation {
	var found []Violation
	for _, p := range x.Payments {
		if p.Enhanced.Status == "" {
			continue
		}
		if says := x.wronglyEnhanced(p); says != "" {
			found = append(found, x.violation(EnhancedOnce, "payment "+p.ID, says, about{payment: p.ID, transaction: p.TransactionID}))
		}
	}
	return found
}

func (x *index) wronglyEnhanced(p Payment) string {
	t := x.transactions[p.TransactionID]
	there := t.Enhanced
	switch {
	case there.Lines > p.Enhanced.Lines:
		return fmt.Sprintf("PayTrace has %d lines of an order of %d", there.Lines, p.Enhanced.Lines)
	case p.Enhanced.Status == "sent" && (there.Lines != p.Enhanced.Lines || there.PurchaseOrder != p.Enhanced.PurchaseOrder):
		return fmt.Sprintf("%d lines and the purchase order %q are shown as sent, and PayTrace has %d and %q",
			p.Enhanced.Lines, p.Enhanced.PurchaseOrder, there.Lines, there.PurchaseOrder)
	case p.Enhanced.Status == "pending" && t.State == "settled" && p.Status != "approved" && !p.NeedsAttention:
		return "its lines are still to be sent, and PayTrace has settled it"
	}
	return ""
}
