package magentotest

// The states of an invoice.
const (
	InvoiceOpen = 1
	InvoicePaid = 2
)

// Invoice is an invoice as it stands. Amounts are in cents.
type Invoice struct {
	ID, OrderID   int64
	State         int
	Amount        int64
	TransactionID string
}

// CreditMemo is money that was given back, as Magento books it.
type CreditMemo struct {
	ID, OrderID int64
	Amount      int64
	// Items counts its lines. A document without any is a mistake of whoever
	// made it.
	Items int
}

// rest are the pieces of each item that are not on an invoice.
func (o *order) rest() map[int64]int64 {
	rest := map[int64]int64{}
	for _, i := range o.Items {
		if n := i.Qty - i.invoiced - i.canceled; n > 0 {
			rest[i.id] = n
		}
	}
	return rest
}

func (o *order) pieces(bySKU map[string]int64) map[int64]int64 {
	all := map[int64]int64{}
	for _, i := range o.Items {
		if n := bySKU[i.SKU]; n > 0 {
			all[i.id] = n
		}
	}
	return all
}

// makeInvoice makes an invoice of pieces. The first bears the shipping.
func (s *Shop) makeInvoice(o *order, pieces map[int64]int64, state int, transactionID string) *Invoice {
	inv := &Invoice{ID: int64(len(s.invoices) + 1), OrderID: o.id, State: state, TransactionID: transactionID}
	if !o.shippingInvoiced {
		o.shippingInvoiced = true
		inv.Amount += o.Shipping
	}
	for i := range o.Items {
		n := pieces[o.Items[i].id]
		o.Items[i].invoiced += n
		inv.Amount += n * o.Items[i].Price
	}
	s.invoices = append(s.invoices, inv)
	if state == InvoicePaid {
		s.payInvoice(o, inv)
	}
	return inv
}

// payInvoice books the money. The order's status becomes its state's own, and a
// status of the shop's is lost, as it is in Magento.
func (s *Shop) payInvoice(o *order, inv *Invoice) {
	inv.State = InvoicePaid
	o.paid += inv.Amount
	if o.in(StatePaymentReview) {
		return
	}
	o.State = StateProcessing
	if o.Virtual && !o.toInvoice() {
		o.State = StateComplete
	}
	o.Status = defaultStatus[o.State]
}

func (s *Shop) openInvoice(o *order) *Invoice {
	for _, i := range s.invoices {
		if i.OrderID == o.id && i.State == InvoiceOpen {
			return i
		}
	}
	return nil
}

// worth is what a credit memo of pieces and shipping comes to.
func (o *order) worth(pieces map[int64]int64, shipping int64) int64 {
	for _, i := range o.Items {
		shipping += pieces[i.id] * i.Price
	}
	return shipping
}

// makeCreditMemo gives back pieces, shipping and an adjustment.
func (s *Shop) makeCreditMemo(o *order, pieces map[int64]int64, shipping, adjustment int64) *CreditMemo {
	memo := &CreditMemo{ID: int64(len(s.creditMemos) + 1), OrderID: o.id, Amount: o.worth(pieces, shipping) + adjustment}
	o.shippingBack += shipping
	for i := range o.Items {
		n := pieces[o.Items[i].id]
		if n > 0 {
			memo.Items++
		}
		o.Items[i].refunded += n
	}
	s.creditMemos = append(s.creditMemos, memo)
	o.refunded += memo.Amount
	if o.refunded >= o.paid {
		o.State = StateClosed
	}
	o.Status = defaultStatus[o.State]
	return memo
}

// doCancel cancels what is not on an invoice.
func (s *Shop) doCancel(o *order) {
	for i := range o.Items {
		o.Items[i].canceled = o.Items[i].Qty - o.Items[i].invoiced
	}
	o.State, o.Status = StateCanceled, defaultStatus[StateCanceled]
}
