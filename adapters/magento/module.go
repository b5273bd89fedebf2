package magento

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"paytrace-gateway/gateway"
)

// The module's endpoint takes one event and does all that it asks for, in one
// transaction of Magento's. docs/magento-module.md is the contract.

type moduleBody struct {
	Event moduleEvent `json:"event"`
}

type moduleEvent struct {
	EventID    string          `json:"eventId"`
	Type       string          `json:"type"`
	Version    int64           `json:"version"`
	OccurredAt string          `json:"occurredAt"`
	Order      moduleOrder     `json:"order"`
	Payment    modulePayment   `json:"payment"`
	Operation  moduleOperation `json:"operation"`
	// Message is the comment that the order's history gets.
	Message string `json:"message"`
}

// moduleOrder names the order, and where the mapping leads it.
type moduleOrder struct {
	IncrementID string `json:"incrementId"`
	StoreCode   string `json:"storeCode"`
	// State and Status are empty when the payment leaves the order where it is.
	State  string `json:"state"`
	Status string `json:"status"`
	// ReviewStatus is that of orders whose payment's outcome was unknown. A
	// review in any other status is not the payment's.
	ReviewStatus string `json:"reviewStatus"`
}

type modulePayment struct {
	ID     string        `json:"id"`
	Status string        `json:"status"`
	Intent string        `json:"intent"`
	Amount gateway.Money `json:"amount"`
	// ApprovedAmount is there only when the bank has given a part. A module that
	// does not know it is refused by Magento then, and never takes a part for all.
	ApprovedAmount *gateway.Money `json:"approvedAmount,omitempty"`
	Currency       string         `json:"currency"`
	CapturedAmount gateway.Money  `json:"capturedAmount"`
	RefundedAmount gateway.Money  `json:"refundedAmount"`
	Reference      string         `json:"reference"`
	TransactionID  string         `json:"transactionId"`
	ApprovalCode   string         `json:"approvalCode"`
	CardBrand      string         `json:"cardBrand"`
	LastFour       string         `json:"lastFour"`
	DeclineCode    string         `json:"declineCode"`
	DeclineMessage string         `json:"declineMessage"`
}

type moduleOperation struct {
	ID            string        `json:"id"`
	Kind          string        `json:"kind"`
	Status        string        `json:"status"`
	Amount        gateway.Money `json:"amount"`
	TransactionID string        `json:"transactionId"`
	Channel       string        `json:"channel"`
	Origin        string        `json:"origin"`
	// Asked says that the shop itself asked for it, and books it itself.
	Asked bool `json:"asked"`
	// Heard says that whoever asked for the payment was told at once what became of
	// its charge, so that no order is under review because of it.
	Heard bool `json:"heard"`
	// AnsweredLate says that Magento asked for it and did not get this answer.
	AnsweredLate bool `json:"answeredLate"`
}

type moduleAnswer struct {
	Result  string `json:"result"`
	Message string `json:"message"`
}

// The results of the module.
const (
	resultApplied  = "applied"
	resultAlready  = "already"
	resultIgnored  = "ignored"
	resultNotFound = "order_not_found"
	resultConflict = "conflict"
	// resultOtherStore is an order of that number in another store only.
	resultOtherStore = "other_store"
)

// viaModule tells an event by the module's endpoint.
func (s *Sink) viaModule(ctx context.Context, t task) gateway.Verdict {
	if t.holdsPart() {
		// The module lets an order of that status go on.
		v := told("not sent: " + short(t.event.Payment))
		v.Attention = short(t.event.Payment)
		return v
	}
	if t.deed == recall && t.takesPart() {
		// The module does not look what is booked of it.
		t.attention = short(t.event.Payment)
	}
	answer, err := s.client.tell(ctx, s.config.moduleEvent(t))
	if err != nil {
		return failure(err)
	}
	said := s.client.door.Words(answer.Message)
	switch answer.Result {
	case resultApplied, resultAlready, resultIgnored:
		v := told("the module answered " + sentence(answer.Result, said))
		v.Attention = t.attention
		return v
	case resultNotFound:
		return s.missing(ctx, t)
	case resultOtherStore:
		t.keeps = true
		v := s.missing(ctx, t)
		v.Detail += "; there is one of that number in another store, so compare the store code of the payment"
		return v
	case resultConflict:
		v := told("the module answered " + sentence(answer.Result, said))
		// What a person has to know in any case comes first.
		v.Attention = cmp.Or(t.attention, "magento_conflict: order "+s.orderWords(t)+" does not fit the payment: "+said)
		return v
	}
	return failure(&trouble{asked: asked(http.MethodPost, "/paytrace-gateway/events"), status: http.StatusOK, strange: true})
}

func sentence(result, said string) string {
	if said == "" {
		return result
	}
	return result + ": " + said
}

// moduleEvent is the event in the words of the contract.
func (c Config) moduleEvent(t task) moduleEvent {
	p, to := t.event.Payment, c.placeOf(t.event.Payment.Status)
	if t.deed == deny && c.Declined == DeclineStaysInReview {
		to = place{}
	}
	asked := c.asked(t.op, t.event)
	e := moduleEvent{
		EventID: t.event.ID, Type: t.event.Type, Version: t.event.Version,
		OccurredAt: t.event.At.UTC().Format(time.RFC3339),
		Order:      moduleOrder{IncrementID: p.OrderID, StoreCode: p.StoreCode, State: to.state, Status: to.status, ReviewStatus: c.reviewStatus()},
		Payment: modulePayment{
			ID: p.ID, Status: string(p.Status), Intent: string(p.Intent), Amount: p.Amount, Currency: p.Currency,
			CapturedAmount: p.Captured(), RefundedAmount: p.Refunded(), Reference: p.Reference,
			TransactionID: p.TransactionID, ApprovalCode: p.ApprovalCode,
			CardBrand: string(p.Card.Brand), LastFour: p.Card.LastFour,
		},
		Operation: moduleOperation{
			ID: t.op.ID, Kind: string(t.op.Kind), Status: string(t.op.Status), Amount: t.op.Amount,
			TransactionID: t.op.TransactionID, Channel: t.op.Channel, Origin: string(t.op.Origin),
			Asked:        asked,
			Heard:        c.chargeHeard(t.event),
			AnsweredLate: t.deed == recall || (asked && (t.deed == remark || t.deed == unmade)),
		},
		Message: t.words(t.attention),
	}
	if first := p.First(); first.Part && first.Status == gateway.OpApproved {
		e.Payment.ApprovedAmount = new(p.Granted())
	}
	if p.Decline != nil {
		e.Payment.DeclineCode, e.Payment.DeclineMessage = p.Decline.Code, p.Decline.Message
	}
	return e
}
