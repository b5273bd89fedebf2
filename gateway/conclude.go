package gateway

import (
	"errors"
	"time"
)

// waits is the sixth answer, which no processor gives: a look has shown that a
// refund has to wait for settlement.
const waits Outcome = "waiting_settlement"

var operationStatus = map[Outcome]OperationStatus{
	Approved: OpApproved,
	Declined: OpDeclined,
	Rejected: OpRejected,
	NotSent:  OpNotSent,
	Unknown:  OpUnknown,
	waits:    OpWaiting,
}

// errDecided says that an operation was decided before, by whoever found it:
// an answer that arrives after that changes nothing.
var errDecided = errors.New("the operation is decided already")

// conclude is the next state after a processor's answer.
func conclude(p Payment, operationID string, r Result, now time.Time) (Change, error) {
	op, ok := p.Operation(operationID)
	if !ok || !op.Undecided() || (r.Outcome == Unknown && op.Status == OpUnknown) {
		return Change{}, errDecided
	}
	op.Status = operationStatus[r.Outcome]
	op.Decline, op.Rejection = r.Decline, r.Rejection
	if r.TransactionID != "" {
		op.TransactionID = r.TransactionID
	}
	next := p.next(op, now)
	if err := next.follow(op, r, now); err != nil {
		return Change{}, err
	}
	change := Change{
		Payment: next, Base: p.Version, Operation: op.ID,
		Events: []Event{eventOf(p.Status, next, op.ID, now)},
	}
	if op.Final() {
		change.Reply = &Reply{Payment: next, OperationID: op.ID}
	}
	return change, nil
}

// follow moves the payment to where its operation's answer leaves it.
func (p *Payment) follow(op Operation, r Result, now time.Time) error {
	if op.Charges() {
		return p.followCharge(r)
	}
	if r.Outcome != Approved {
		return nil
	}
	switch op.Kind {
	case KindCapture:
		return p.move(StatusApproved)
	case KindVoid:
		p.closeWaitingRefunds(now)
		return p.move(Voided)
	default:
		return p.followRefund()
	}
}

func (p *Payment) followCharge(r Result) error {
	p.TransactionID, p.ApprovalCode, p.AVS, p.CSC = r.TransactionID, r.ApprovalCode, r.AVS, r.CSC
	p.Decline = r.Decline
	p.learnCard(r.Card)
	switch r.Outcome {
	case Approved:
		if p.Intent == IntentAuthorize {
			return p.move(Authorized)
		}
		return p.move(StatusApproved)
	case Declined:
		return p.move(StatusDeclined)
	case Unknown:
		return p.move(StatusUnknown)
	default:
		return p.move(Failed)
	}
}

// learnCard fills in what was not known of the card, and never overwrites.
func (p *Payment) learnCard(c CardSummary) {
	if p.Card.Brand == "" {
		p.Card.Brand = c.Brand
	}
	if p.Card.LastFour == "" {
		p.Card.LastFour = c.LastFour
	}
	if p.Card.ExpirationMonth == "" || p.Card.ExpirationYear == "" {
		p.Card.ExpirationMonth, p.Card.ExpirationYear = c.ExpirationMonth, c.ExpirationYear
	}
}

// followRefund moves the payment on once money went back, by a refund or by a
// void that closed everything.
func (p *Payment) followRefund() error {
	if p.Refunded() >= p.Captured() {
		return p.move(Refunded)
	}
	return p.move(PartiallyRefunded)
}

// closeWaitingRefunds marks the partial refunds that a void of the whole has
// overtaken: the shopper has that money back.
func (p *Payment) closeWaitingRefunds(now time.Time) {
	for i, o := range p.Operations {
		if o.Kind == KindRefund && o.Status == OpWaiting {
			p.Operations[i].Status, p.Operations[i].ProcessedAs = OpApproved, AsVoid
			p.Operations[i].UpdatedAt = now
		}
	}
}
