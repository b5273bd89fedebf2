package magentotest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (s *Shop) findOrders(a *asked) answer {
	return find(a, s.orders, func(o *order, field string) (string, bool) {
		switch field {
		case "increment_id":
			return o.IncrementID, true
		case "store_id":
			return fmt.Sprint(o.storeID), true
		}
		return "", false
	}, func(o *order) any { return orderJSON(o) })
}

func byOrder(id int64, field string) (string, bool) { return fmt.Sprint(id), field == "order_id" }

func (s *Shop) findInvoices(a *asked) answer {
	return find(a, s.invoices, func(i *Invoice, field string) (string, bool) { return byOrder(i.OrderID, field) }, func(i *Invoice) any { return invoiceJSON(i) })
}

func (s *Shop) findCreditMemos(a *asked) answer {
	return find(a, s.creditMemos, func(m *CreditMemo, field string) (string, bool) { return byOrder(m.OrderID, field) }, func(m *CreditMemo) any { return creditMemoJSON(m) })
}

func (s *Shop) findTransactions(a *asked) answer {
	type row struct {
		of int64
		t  Transaction
	}
	var all []row
	for _, o := range s.orders {
		for _, t := range o.transactions {
			all = append(all, row{o.id, t})
		}
	}
	return find(a, all, func(r row, field string) (string, bool) { return byOrder(r.of, field) }, func(r row) any {
		return object{"transaction_id": r.t.ID, "order_id": r.of, "txn_id": r.t.TxnID, "parent_txn_id": r.t.Parent, "txn_type": r.t.Type, "is_closed": r.t.Closed, "child_transactions": []any{}}
	})
}

func (s *Shop) getOrder(a *asked) answer {
	o := s.byID(a.id)
	if o == nil {
		return noEntity()
	}
	return ok(orderJSON(o))
}

func (s *Shop) getStatus(a *asked) answer {
	o := s.byID(a.id)
	if o == nil {
		return noEntity()
	}
	return ok(o.Status)
}

func (s *Shop) getComments(a *asked) answer {
	o := s.byID(a.id)
	if o == nil {
		return noEntity()
	}
	out := page{Items: []any{}, Total: len(o.comments)}
	for _, c := range slices.Backward(o.comments) {
		out.Items = append(out.Items, object{"comment": c.Text, "status": c.Status, "parent_id": o.id, "is_customer_notified": 0, "is_visible_on_front": 0})
	}
	return ok(out)
}

// postComment takes the order's status along, or away.
func (s *Shop) postComment(a *asked) answer {
	o := s.byID(a.id)
	if o == nil {
		return noEntity()
	}
	var body struct {
		StatusHistory struct {
			Comment  string `json:"comment"`
			Status   string `json:"status"`
			Notified int    `json:"is_customer_notified"`
			Visible  int    `json:"is_visible_on_front"`
		} `json:"statusHistory"`
	}
	if refusal := a.read(&body, "statusHistory"); refusal != nil {
		return *refusal
	}
	status := body.StatusHistory.Status
	if s.options.Version >= V247 && !slices.Contains(s.assigned[status], o.State) {
		return *refusalOf(`Unable to add comment: The status "%1" is not part of the order status history.`, status)
	}
	o.statusLost = status == ""
	o.Status = status
	o.comments = append(o.comments, Comment{body.StatusHistory.Comment, status})
	return ok(true)
}

// postCancel answers false, with success, when it does not cancel.
func (s *Shop) postCancel(a *asked) answer {
	o := s.byID(a.id)
	switch {
	case o == nil:
		return noEntity()
	case o.in(StatePaymentReview, StateHolded, StateCanceled, StateComplete, StateClosed) || !o.toInvoice():
		return ok(false)
	}
	if s.options.Void != nil {
		a.gateway = true
		if err := s.options.Void(o.IncrementID); err != nil {
			return *refusalOf(err.Error())
		}
	}
	s.doCancel(o)
	return ok(true)
}

func (s *Shop) postHold(a *asked) answer {
	o := s.byID(a.id)
	switch {
	case o == nil:
		return noEntity()
	case o.in(StateCanceled, StatePaymentReview, StateComplete, StateClosed, StateHolded):
		return *refusalOf("A hold action is not available.")
	}
	o.held = [2]string{o.State, o.Status}
	o.State, o.Status = StateHolded, defaultStatus[StateHolded]
	return ok(true)
}

func (s *Shop) postUnhold(a *asked) answer {
	o := s.byID(a.id)
	switch {
	case o == nil:
		return noEntity()
	case !o.in(StateHolded) || o.held[0] == "":
		return *refusalOf("You cannot remove the hold.")
	}
	o.State, o.Status = o.held[0], o.held[1]
	return ok(true)
}

// postOrder saves what it is given, past all rules. The number is replaced
// unless it is sent along, as in 2.3.1, and the answer's totals are null.
func (s *Shop) postOrder(a *asked) answer {
	var body struct {
		Entity struct {
			ID          int64  `json:"entity_id"`
			IncrementID string `json:"increment_id"`
			State       string `json:"state"`
			Status      string `json:"status"`
		} `json:"entity"`
	}
	if refusal := a.read(&body, "entity"); refusal != nil {
		return *refusal
	}
	o := s.byID(body.Entity.ID)
	if o == nil {
		return noEntity()
	}
	o.State, o.Status = body.Entity.State, body.Entity.Status
	if body.Entity.IncrementID != o.IncrementID {
		o.IncrementID = fmt.Sprintf("%09d", 900000000+o.id)
	}
	return ok(object{"entity_id": o.id, "increment_id": o.IncrementID, "state": o.State, "status": o.Status, "base_grand_total": nil, "items": []any{}})
}

type itemsBody []struct {
	ID  int64       `json:"order_item_id"`
	Qty json.Number `json:"qty"`
}

// read turns the list into whole pieces.
func (b itemsBody) read() (map[int64]int64, bool) {
	pieces := map[int64]int64{}
	for _, i := range b {
		n, err := strconv.ParseInt(string(i.Qty), 10, 64)
		if err != nil || n < 1 {
			return nil, false
		}
		pieces[i.ID] += n
	}
	return pieces, true
}

const invoiceRefused = "Invoice Document Validation Error(s):\nThe invoice can't be created without products. Add products and try again."

func (s *Shop) postInvoice(a *asked) answer {
	o := s.byID(a.id)
	if o == nil {
		return noEntity()
	}
	var body struct {
		Capture bool      `json:"capture"`
		Notify  bool      `json:"notify"`
		Items   itemsBody `json:"items"`
	}
	if refusal := a.read(&body, ""); refusal != nil {
		return *refusal
	}
	pieces, whole := body.Items.read()
	if len(body.Items) == 0 {
		pieces = o.rest()
	}
	rest := o.rest()
	for id, n := range pieces {
		if n > rest[id] {
			whole = false
		}
	}
	if !whole || len(pieces) == 0 || o.in(StatePaymentReview, StateHolded, StateCanceled, StateComplete, StateClosed) {
		return *refusalOf(invoiceRefused + "\nThe order does not allow an invoice to be created.")
	}
	if body.Capture {
		// The gateway is asked to capture what it has captured, and declines.
		a.gateway = true
		return *refusalOf("Could not save an invoice, see error log for details")
	}
	return ok(fmt.Sprint(s.makeInvoice(o, pieces, InvoicePaid, "").ID))
}

// postCapture has no guard: it asks the gateway to capture a paid invoice too.
func (s *Shop) postCapture(a *asked) answer {
	a.gateway = true
	return ok(true)
}

// postRefund makes an offline credit memo, also of a card order.
func (s *Shop) postRefund(a *asked) answer {
	o := s.byID(a.id)
	if o == nil {
		return noEntity()
	}
	var body struct {
		Items     itemsBody `json:"items"`
		Notify    bool      `json:"notify"`
		Arguments struct {
			Shipping json.Number `json:"shipping_amount"`
			Positive json.Number `json:"adjustment_positive"`
			Negative json.Number `json:"adjustment_negative"`
		} `json:"arguments"`
	}
	if refusal := a.read(&body, ""); refusal != nil {
		return *refusal
	}
	pieces, whole := body.Items.read()
	for _, i := range o.Items {
		if pieces[i.id] > i.invoiced-i.refunded {
			whole = false
		}
	}
	shipping, fits := cents(body.Arguments.Shipping)
	if !whole || !fits || o.paid-o.refunded <= 0 || shipping > o.Shipping-o.shippingBack ||
		o.in(StatePaymentReview, StateHolded, StateCanceled, StateClosed) {
		return *refusalOf("Creditmemo Document Validation Error(s):\nA creditmemo can not be created when an order has a status of %1", o.Status)
	}
	if left := o.paid - o.refunded; o.worth(pieces, shipping) > left {
		return *refusalOf("The most money available to refund is %1.", "$"+string(number(left)))
	}
	return ok(fmt.Sprint(s.makeCreditMemo(o, pieces, shipping, 0).ID))
}

// cents reads an amount such as 5, 5.5 or 5.00.
func cents(n json.Number) (int64, bool) {
	whole, part, _ := strings.Cut(string(n), ".")
	if n == "" {
		whole = "0"
	}
	if len(part) > 2 {
		return 0, false
	}
	value, err := strconv.ParseInt(whole+part+strings.Repeat("0", 2-len(part)), 10, 64)
	return value, err == nil && value >= 0
}
