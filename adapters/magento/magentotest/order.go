package magentotest

import (
	"fmt"
	"slices"
)

// The states of an order.
const (
	StateNew            = "new"
	StatePendingPayment = "pending_payment"
	StateProcessing     = "processing"
	StatePaymentReview  = "payment_review"
	StateHolded         = "holded"
	StateComplete       = "complete"
	StateClosed         = "closed"
	StateCanceled       = "canceled"
)

// Placing is an order as the shop saves it after its payment. Amounts are in
// cents.
type Placing struct {
	// IncrementID is the order's number; none takes the next.
	IncrementID string
	StoreCode   string // none: default
	// State is StateProcessing unless it is given; Status that state's own.
	State  string
	Status string
	// Method is the payment method, paytrace_gateway unless it is given.
	Method string
	// TransactionID is what the payment method returned. None, and the order has
	// no transaction.
	TransactionID string
	// PaymentID is the gateway's own id, which the module keeps in the payment
	// information.
	PaymentID string
	Currency  string // none: USD
	Items     []Item
	Shipping  int64
	// Virtual orders are complete when they are paid.
	Virtual bool
	// Paid makes the invoice of a sale that was approved at once, OpenInvoice
	// that of one that is pending.
	Paid, OpenInvoice bool
}

// Item is a line of an order.
type Item struct {
	SKU   string
	Qty   int64
	Price int64 // of one piece

	id                           int64
	invoiced, refunded, canceled int64
	// Children of a bundle or a configurable item follow their parent.
	Children []Item
}

// Order is an order as it stands.
type Order struct {
	EntityID                   int64
	IncrementID, StoreCode     string
	State, Status              string
	Method                     string
	Currency                   string
	GrandTotal, Paid, Refunded int64
	Comments                   []Comment
	Invoices                   []Invoice
	CreditMemos                []CreditMemo
	Transactions               []Transaction
	// StatusLost says that a comment without a status took the order's away.
	StatusLost bool
}

// Comment is a remark in an order's history.
type Comment struct{ Text, Status string }

// Transaction is a row of Magento's list of transactions.
type Transaction struct {
	ID     int64
	TxnID  string
	Parent string
	Type   string // authorization, capture, void, refund
	Closed bool
}

type order struct {
	Placing
	id               int64
	storeID          int64
	held             [2]string // state and status before the hold
	paid, refunded   int64
	shippingInvoiced bool
	shippingBack     int64
	comments         []Comment
	transactions     []Transaction
	statusLost       bool
}

func (o *order) grandTotal() int64 {
	total := o.Shipping
	for _, i := range o.Items {
		total += i.Qty * i.Price
	}
	return total
}

func (o *order) toInvoice() bool {
	return slices.ContainsFunc(o.Items, func(i Item) bool { return i.Qty > i.invoiced+i.canceled })
}

func (o *order) in(states ...string) bool { return slices.Contains(states, o.State) }

// Place saves an order and returns its number.
func (s *Shop) Place(p Placing) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.stir()
	id := int64(len(s.orders) + 1)
	def(&p.IncrementID, fmt.Sprintf("%09d", id))
	def(&p.StoreCode, "default")
	def(&p.State, StateProcessing)
	def(&p.Status, defaultStatus[p.State])
	def(&p.Method, "paytrace_gateway")
	def(&p.Currency, "USD")
	p.Items = slices.Clone(p.Items)
	for i := range p.Items {
		p.Items[i].id = id*100 + int64(i)
	}
	o := &order{Placing: p, id: id, storeID: s.options.Stores[p.StoreCode]}
	s.orders = append(s.orders, o)
	if p.TransactionID != "" {
		kind := "authorization"
		if p.Paid || p.OpenInvoice {
			kind = "capture"
		}
		s.addTransaction(o, Transaction{TxnID: p.TransactionID, Type: kind})
	}
	switch {
	case p.Paid:
		s.makeInvoice(o, o.rest(), InvoicePaid, p.TransactionID)
	case p.OpenInvoice:
		s.makeInvoice(o, o.rest(), InvoiceOpen, p.TransactionID)
	}
	return p.IncrementID
}

var defaultStatus = map[string]string{
	StateNew: "pending", StatePendingPayment: "pending_payment", StateProcessing: "processing", StatePaymentReview: "payment_review",
	StateHolded: "holded", StateComplete: "complete", StateClosed: "closed", StateCanceled: "canceled",
}

func def(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func (s *Shop) addTransaction(o *order, t Transaction) {
	s.lastTxn++
	t.ID = int64(s.lastTxn)
	o.transactions = append(o.transactions, t)
}

// Capture is the shop's own screen: an invoice of so many pieces of each item,
// whose capture the gateway has answered with a transaction.
func (s *Shop) Capture(incrementID string, qty map[string]int64, transactionID string) {
	s.withOrder(incrementID, func(o *order) {
		s.addTransaction(o, Transaction{TxnID: transactionID, Parent: o.TransactionID, Type: "capture"})
		s.makeInvoice(o, o.pieces(qty), InvoicePaid, transactionID)
	})
}

// Pay is another payment for an order: its authorization.
func (s *Shop) Pay(incrementID, transactionID string) {
	s.withOrder(incrementID, func(o *order) { s.addTransaction(o, Transaction{TxnID: transactionID, Type: "authorization"}) })
}

// Refund is the shop's own screen: an online credit memo of an amount.
func (s *Shop) Refund(incrementID string, amount int64, transactionID string) {
	s.withOrder(incrementID, func(o *order) {
		s.addTransaction(o, Transaction{TxnID: transactionID, Parent: o.TransactionID, Type: "refund"})
		s.makeCreditMemo(o, nil, 0, amount)
	})
}

// SetState is what a person or another module does to an order.
func (s *Shop) SetState(incrementID, state, status string) {
	s.withOrder(incrementID, func(o *order) { o.State, o.Status = state, status })
}

func (s *Shop) withOrder(incrementID string, do func(*order)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.stir()
	for _, o := range s.orders {
		if o.IncrementID == incrementID {
			do(o)
			return
		}
	}
	panic("magentotest: there is no order " + incrementID)
}

// Order returns an order as it stands, and whether there is one.
func (s *Shop) Order(incrementID string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.IncrementID == incrementID {
			return s.view(o), true
		}
	}
	return Order{}, false
}

// Orders are all orders, oldest first.
func (s *Shop) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Order
	for _, o := range s.orders {
		all = append(all, s.view(o))
	}
	return all
}

func (s *Shop) view(o *order) Order {
	v := Order{
		EntityID: o.id, IncrementID: o.IncrementID, StoreCode: s.storeName(o.storeID), State: o.State, Status: o.Status, Method: o.Method,
		Currency: o.Currency, GrandTotal: o.grandTotal(), Paid: o.paid, Refunded: o.refunded,
		Comments: slices.Clone(o.comments), Transactions: slices.Clone(o.transactions), StatusLost: o.statusLost,
	}
	for _, i := range s.invoices {
		if i.OrderID == o.id {
			v.Invoices = append(v.Invoices, *i)
		}
	}
	for _, m := range s.creditMemos {
		if m.OrderID == o.id {
			v.CreditMemos = append(v.CreditMemos, *m)
		}
	}
	return v
}

func (s *Shop) byID(id int64) *order {
	if id < 1 || id > int64(len(s.orders)) {
		return nil
	}
	return s.orders[id-1]
}
