package magento

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"paytrace-gateway/gateway"
)

// books are an order with all that Magento has written down for it, as they
// stand at one moment.
type books struct {
	order        order
	comments     []comment
	transactions []transaction
	invoices     []invoice
	memos        []creditMemo
	// The order's totals in the currency that Magento hands to payment methods.
	grand, paid, refunded gateway.Money
}

var errTotals = errors.New("magento's totals are no amounts of whole cents")

// read reads everything that a decision about the order needs, all lists at
// once: a shop that takes a second for each would use up a delivery's time. It
// waits for all of them also when one fails, so that no call outlives it.
func (s *Sink) read(ctx context.Context, o order) (books, error) {
	b := books{order: o}
	var faults [4]error
	var lists sync.WaitGroup
	lists.Go(func() { b.transactions, faults[0] = s.client.transactions(ctx, o.EntityID) })
	lists.Go(func() { b.invoices, faults[1] = s.client.invoices(ctx, o.EntityID) })
	lists.Go(func() { b.memos, faults[2] = s.client.creditMemos(ctx, o.EntityID) })
	lists.Go(func() { b.comments, faults[3] = s.client.comments(ctx, o.EntityID) })
	lists.Wait()
	for _, err := range faults {
		if err != nil {
			return b, err
		}
	}
	return b, b.count()
}

// count reads the totals. A total that an older document contradicts is the
// larger of both: what a document says was booked.
func (b *books) count() error {
	var invoiced, returned gateway.Money
	faults := []error{
		into(&b.grand, b.order.BaseGrandTotal), into(&b.paid, b.order.BaseTotalPaid), into(&b.refunded, b.order.BaseTotalRefunded),
	}
	for _, i := range b.invoices {
		var m gateway.Money
		faults = append(faults, into(&m, i.GrandTotal))
		if i.State == invoicePaid {
			invoiced += m
		}
	}
	for _, memo := range b.memos {
		var m gateway.Money
		faults = append(faults, into(&m, memo.GrandTotal))
		returned += m
	}
	b.paid, b.refunded = max(b.paid, invoiced), max(b.refunded, returned)
	if errors.Join(faults...) != nil {
		return errTotals
	}
	return nil
}

func into(m *gateway.Money, d decimal) error {
	read, err := d.money()
	*m = read
	return err
}

// hasOpenInvoice says that an invoice waits for its money. Core REST can only
// have it captured, which would take the money again.
func (b books) hasOpenInvoice() bool {
	return slices.ContainsFunc(b.invoices, func(i invoice) bool { return i.State == invoiceOpen })
}

// stranger says why the order is not this payment's, or nothing when it is.
func (b books) stranger(p gateway.Payment, methods []string) string {
	if !slices.Contains(methods, b.order.Payment.Method) {
		return "it is paid by another method"
	}
	if b.order.BaseCurrency != p.Currency {
		return "its base currency is not the payment's, " + p.Currency
	}
	found, known := b.found(), names(p)
	switch {
	case len(found) == 0:
		return "it bears no transaction, and no gateway_payment_id in its payment information"
	case !slices.ContainsFunc(found, func(name string) bool { return bears(name, known) }):
		return "its transactions are another payment's"
	case b.hasOthers(known):
		return "it bears another payment's transaction beside this payment's"
	}
	return ""
}

// hasOthers says that the order's last transaction, or one that holds or takes
// money, is another payment's: the order was paid anew. What follows one of the
// payment's transactions is the payment's too, also when a later event is the
// first to know its name.
func (b books) hasOthers(known []string) bool {
	for range b.transactions { // at most one more name for each
		grown := len(known)
		for _, t := range b.transactions {
			if t.ParentTxnID != "" && bears(string(t.ParentTxnID), known) && !bears(string(t.TxnID), known) {
				known = append(known, string(t.TxnID))
			}
		}
		if len(known) == grown {
			break
		}
	}
	last := b.order.Payment.LastTransID
	return (last != "" && !bears(string(last), known)) || slices.ContainsFunc(b.transactions, func(t transaction) bool {
		return (t.Type == "authorization" || t.Type == "capture") && t.TxnID != "" && !bears(string(t.TxnID), known)
	})
}

// found are the names of payments that the order bears.
func (b books) found() []string {
	var all []string
	add := func(name text) {
		if name != "" {
			all = append(all, string(name))
		}
	}
	add(b.order.Payment.LastTransID)
	for _, t := range b.transactions {
		add(t.TxnID)
	}
	for _, i := range b.order.Extension.PaymentInfo {
		if i.Key == "gateway_payment_id" {
			add(i.Value)
		}
	}
	return all
}

// toInvoice and toRefund list what is left of the order's items. Children of a
// configurable item or a bundle follow their parent.
func (b books) toInvoice() ([]itemQty, error) {
	return b.left(func(i orderItem) []decimal { return []decimal{i.Ordered, i.Invoiced, i.Canceled} })
}

func (b books) toRefund() ([]itemQty, error) {
	return b.left(func(i orderItem) []decimal { return []decimal{i.Invoiced, i.Refunded} })
}

// left subtracts from the first quantity all others. A list without an item is
// an error: no document is made without any.
func (b books) left(of func(orderItem) []decimal) ([]itemQty, error) {
	var items []itemQty
	for _, i := range b.order.Items {
		if i.ParentItemID != nil {
			continue
		}
		var rest int64
		for n, d := range of(i) {
			q, err := d.quantity()
			if err != nil {
				return nil, fmt.Errorf("item %d: %w", i.ItemID, err)
			}
			if n > 0 {
				q = -q
			}
			rest += q
		}
		if rest > 0 {
			items = append(items, itemQty{i.ItemID, pieces(rest)})
		}
	}
	if len(items) == 0 {
		return nil, errors.New("no item is left")
	}
	return items, nil
}

// shippingLeft is what of the shipping was not given back.
func (b books) shippingLeft() gateway.Money {
	var all, back gateway.Money
	if into(&all, b.order.BaseShipping) != nil || into(&back, b.order.BaseShippingBack) != nil {
		return 0
	}
	return max(0, all-back)
}
