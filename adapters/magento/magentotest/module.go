package magentotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The gateway's module, as its contract says (docs/magento-module.md). It has
// what core REST lacks: it works on the payment in the shop's own process, so
// that it can accept and deny a review and pay an open invoice.

type event struct {
	EventID    string `json:"eventId"`
	Type       string `json:"type"`
	Version    int64  `json:"version"`
	OccurredAt string `json:"occurredAt"`
	Order      struct {
		IncrementID  string `json:"incrementId"`
		StoreCode    string `json:"storeCode"`
		State        string `json:"state"`
		Status       string `json:"status"`
		ReviewStatus string `json:"reviewStatus"`
	} `json:"order"`
	Payment struct {
		ID             string `json:"id"`
		Status         string `json:"status"`
		Intent         string `json:"intent"`
		Amount         string `json:"amount"`
		ApprovedAmount string `json:"approvedAmount"`
		Currency       string `json:"currency"`
		CapturedAmount string `json:"capturedAmount"`
		RefundedAmount string `json:"refundedAmount"`
		Reference      string `json:"reference"`
		TransactionID  string `json:"transactionId"`
		ApprovalCode   string `json:"approvalCode"`
		CardBrand      string `json:"cardBrand"`
		LastFour       string `json:"lastFour"`
		DeclineCode    string `json:"declineCode"`
		DeclineMessage string `json:"declineMessage"`
	} `json:"payment"`
	Operation struct {
		ID            string `json:"id"`
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Amount        string `json:"amount"`
		TransactionID string `json:"transactionId"`
		Channel       string `json:"channel"`
		Origin        string `json:"origin"`
		Asked         bool   `json:"asked"`
		Heard         bool   `json:"heard"`
		AnsweredLate  bool   `json:"answeredLate"`
	} `json:"operation"`
	Message string `json:"message"`
}

// captured, refunded and amount are sums of the payment, and the operation's.
func (e event) captured() int64 { return sum(e.Payment.CapturedAmount) }
func (e event) refunded() int64 { return sum(e.Payment.RefundedAmount) }
func (e event) amount() int64   { return sum(e.Operation.Amount) }

func sum(text string) int64 {
	n, _ := cents(json.Number(text))
	return n
}

func result(word, format string, args ...any) answer {
	return ok(map[string]string{"result": word, "message": fmt.Sprintf(format, args...)})
}

func (s *Shop) postEvent(a *asked) answer {
	var body struct {
		Event event `json:"event"`
	}
	if refusal := a.read(&body, "event"); refusal != nil {
		return *refusal
	}
	e := body.Event
	if e.EventID == "" || e.Version < 1 || e.Payment.ID == "" {
		return answer{http.StatusBadRequest, failureOf("The event is not complete.", nil)}
	}
	var o *order
	elsewhere := false
	for _, candidate := range s.orders {
		switch {
		case candidate.IncrementID != e.Order.IncrementID:
		case e.Order.StoreCode == "" || candidate.StoreCode == e.Order.StoreCode:
			o = candidate
		default:
			elsewhere = true
		}
	}
	switch {
	case o == nil && elsewhere:
		return result("other_store", "The order is in another store.")
	case o == nil:
		return result("order_not_found", "There is no such order.")
	case s.inbox[e.EventID]:
		return result("already", "The event was applied before.")
	case e.Version <= s.versions[e.Payment.ID]:
		return result("ignored", "A newer version of the payment was applied before.")
	case !o.isOf(e):
		return result("conflict", "The order is paid by another payment.")
	}
	out := s.apply(o, e)
	s.inbox[e.EventID], s.versions[e.Payment.ID] = true, e.Version
	if e.Operation.Asked && !e.Operation.AnsweredLate && o.hasBooked(e) {
		return out
	}
	o.comments = append(o.comments, Comment{e.Message, o.Status})
	return out
}

// isOf says that the order bears the payment's name, and no other payment's
// beside it: neither on its last transaction nor on one that holds or takes
// money.
func (o *order) isOf(e event) bool {
	known := []string{e.Payment.ID, e.Payment.Reference, e.Payment.TransactionID, e.Operation.TransactionID}
	ours := func(name string) bool {
		return slices.ContainsFunc(known, func(k string) bool { return k != "" && (name == k || strings.HasPrefix(name, k+"-")) })
	}
	found := o.PaymentID == e.Payment.ID
	for n, t := range o.transactions {
		switch {
		case ours(t.TxnID):
			found = true
		case ours(t.Parent):
			known = append(known, t.TxnID)
		case t.Type == "authorization" || t.Type == "capture" || n == len(o.transactions)-1:
			return false
		}
	}
	return found && (o.Method == "paytrace_gateway" || o.Method == "paytrace_gateway_vault")
}

// hasBooked says that the order has what the shop itself asked for.
func (o *order) hasBooked(e event) bool {
	switch e.Operation.Kind {
	case "capture":
		return o.paid == e.captured() || (o.paid > e.captured() && e.Payment.ApprovedAmount == "")
	case "refund":
		return o.refunded >= e.refunded()
	}
	return o.in(StateCanceled, StateClosed) || slices.ContainsFunc(o.transactions, func(t Transaction) bool { return t.Type == "void" })
}

// apply is the module's state machine.
func (s *Shop) apply(o *order, e event) answer {
	if e.Operation.AnsweredLate {
		return result("applied", "The comment asks for the %s to be repeated.", e.Operation.Kind)
	}
	if e.Operation.Asked {
		if o.hasBooked(e) {
			return result("already", "The %s is booked.", e.Operation.Kind)
		}
		return result("conflict", "The %s was answered and is not booked.", e.Operation.Kind)
	}
	switch e.Payment.Status {
	case "authorized", "approved", "settled":
		return s.accept(o, e)
	case "declined", "failed":
		return s.deny(o, e)
	case "voided":
		return s.takeBack(o, e)
	case "refunded", "partially_refunded":
		return s.giveBack(o, e)
	}
	return result("ignored", "The payment's state changes nothing.")
}

// keepsReview says that the order is under a review that is not the payment's.
func (o *order) keepsReview(e event) bool {
	known := o.Status == "payment_review" || o.Status == e.Order.ReviewStatus
	return o.in(StatePaymentReview) && (o.Status == "fraud" || !known || e.Operation.Heard)
}

// accept ends a review, pays an open invoice, and makes the one that is short.
func (s *Shop) accept(o *order, e event) answer {
	if o.in(StateCanceled, StateClosed) && (e.captured() > o.paid || e.Payment.Status == "authorized") {
		return result("conflict", "The order is %s and the payment holds money.", o.State)
	}
	if o.keepsReview(e) {
		return result("conflict", "Something else has put the order under review.")
	}
	if o.in(StatePaymentReview) {
		o.State, o.Status = StateProcessing, defaultStatus[StateProcessing]
	}
	short := e.captured() - o.paid
	open := s.openInvoice(o)
	switch {
	case short <= 0:
	case open != nil && open.Amount == short:
		s.payInvoice(o, open)
	case short == e.amount() && o.paid+short == o.grandTotal():
		s.makeInvoice(o, o.rest(), InvoicePaid, e.Operation.TransactionID)
	default:
		return result("conflict", "A part of the order was paid elsewhere.")
	}
	s.settleStatus(o, e)
	return result("applied", "The order is %s.", o.State)
}

// settleStatus gives the order the shop's name for the state, if it may have it.
func (s *Shop) settleStatus(o *order, e event) {
	if e.Order.State == o.State && slices.Contains(s.assigned[e.Order.Status], o.State) {
		o.Status = e.Order.Status
	}
}

func (s *Shop) deny(o *order, e event) answer {
	switch {
	case o.in(StateCanceled):
		return result("already", "The order is canceled.")
	case e.Order.State == "":
		return result("applied", "The order stays as it is.")
	case o.keepsReview(e):
		return result("conflict", "Something else has put the order under review.")
	case o.paid > 0 || !o.in(StatePaymentReview, StateNew, StatePendingPayment):
		return result("conflict", "The payment was declined and the order is %s.", o.State)
	}
	if open := s.openInvoice(o); open != nil {
		open.State = 3
		for i := range o.Items {
			o.Items[i].invoiced = 0
		}
	}
	s.doCancel(o)
	return result("applied", "The order is canceled.")
}

func (s *Shop) takeBack(o *order, e event) answer {
	switch {
	case o.in(StateCanceled, StateClosed):
		return result("already", "The order is %s.", o.State)
	case o.paid > 0 && (o.paid != e.captured() || e.amount() != o.paid-o.refunded):
		return result("conflict", "What was voided is not what was paid.")
	case o.paid > 0:
		return s.returnAll(o, o.paid-o.refunded)
	case o.keepsReview(e):
		return result("conflict", "Something else has put the order under review.")
	}
	s.doCancel(o)
	return result("applied", "The order is canceled.")
}

func (s *Shop) giveBack(o *order, e event) answer {
	short := e.refunded() - o.refunded
	switch {
	case short <= 0:
		return result("already", "The credit memo is there.")
	case o.paid == 0 && e.Payment.Status == "refunded" && e.amount() == o.grandTotal():
		return s.takeBack(o, e)
	case short != e.amount():
		return result("conflict", "A part was refunded elsewhere.")
	}
	return s.returnAll(o, short)
}

func (s *Shop) returnAll(o *order, amount int64) answer {
	if amount != o.paid-o.refunded || !o.in(StateProcessing, StateComplete) {
		return result("conflict", "A part was refunded elsewhere.")
	}
	pieces := map[int64]int64{}
	for _, i := range o.Items {
		if n := i.invoiced - i.refunded; n > 0 {
			pieces[i.id] = n
		}
	}
	if o.worth(pieces, o.Shipping-o.shippingBack) != amount {
		return result("conflict", "What is left of the items is not what was given back.")
	}
	s.makeCreditMemo(o, pieces, o.Shipping-o.shippingBack, 0)
	return result("applied", "A credit memo was made.")
}
