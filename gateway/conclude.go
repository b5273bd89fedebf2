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

// conclude is the next state after a processor's answer to sent, which is the
// operation as it was when it left. An operation that was sent once more since
// then is another matter.
func conclude(p Payment, sent Operation, r Result, now time.Time) (Change, error) {
	op, ok := p.Operation(sent.ID)
	if !ok || !op.Undecided() || op.IntentID != sent.IntentID || (r.Outcome == Unknown && op.Status == OpUnknown) {
		return Change{}, errDecided
	}
	part, refused := p.grantedIn(op, r)
	if part {
		op.Part, op.Amount = true, r.ApprovedAmount
	}
	if refused {
		r = declinedPart(r)
	}
	op.WasUnknown = op.WasUnknown || op.Status == OpUnknown || r.Outcome == Unknown
	if op.Status = operationStatus[r.Outcome]; !op.Undecided() && op.Status != OpWaiting {
		op.DecidedAt = now
	}
	op.Decline, op.Rejection = r.Decline, r.Rejection
	if r.TransactionID != "" {
		op.TransactionID = r.TransactionID
	}
	op.settleCancel()
	if op.Status == OpWaiting {
		op.ProcessedAs, op.Rejection, op.Waited = "", nil, true // how is decided when it is sent
	}
	op.Due = dueAfter(p, op, now)
	if refused {
		op.giveBack(now)
	}
	news := op.attend(p, r, now)
	if op.Due.IsZero() && op.Charges() && op.Status == OpApproved && !p.ACH() && !cardKnown(p.Card, r.Card) {
		op.Due = now.Add(learnAfter)
	}
	next := p.next(op, now)
	if err := next.follow(op, r, now); err != nil {
		return Change{}, err
	}
	next.expectSettlement(now)
	change := Change{
		Payment: next, Base: p.Version, Operation: op.ID,
		Events: []Event{eventOf(p.Status, next, op.ID, now)},
	}
	if news {
		change.Events = append(change.Events, attentionEvent(next, op.ID, now))
	}
	if op.Final() {
		change.Reply = replyOf(next, op.ID)
	}
	return change, nil
}

// attend calls a person for what the answer leaves to one, and says whether that is
// news. What somebody was called for before is over once the operation is decided.
func (o *Operation) attend(p Payment, r Result, now time.Time) (news bool) {
	told := o.Attention
	switch {
	case o.Status == OpUnknown && p.ACH():
		o.Contested = r.Contested
		o.raise(bankUnknown(*o, r))
	case o.Status == OpWaiting && r.Rejection != nil && !r.Rejection.Again:
		o.raise(keptWaiting(r))
	case o.Status == OpWaiting && now.Sub(o.CreatedAt) > waitingAtMost:
		o.raise("PayTrace has not taken this refund yet: " + r.Detail)
	case o.Promised() && (o.Status == OpDeclined || o.Status == OpRejected):
		told, o.Attention = "", notMade(*o)
	case !o.Undecided() && o.Status != OpWaiting:
		o.Attention = ""
	}
	return o.Attention != "" && told == ""
}

// settleCancel ends the wish to give an operation up that took no money. One
// that could be continued is closed, so that nothing continues it.
func (o *Operation) settleCancel() {
	if o.Cancel != CancelRequested || o.Undecided() || (o.Status == OpApproved && o.Kind != KindVerify) {
		return
	}
	if o.Continuable() {
		o.Status = OpCancelled
	}
	o.Cancel = CancelDone
}

// dueAfter is when an operation that has just got its answer wants something
// more.
func dueAfter(p Payment, op Operation, now time.Time) time.Time {
	switch {
	case op.Status == OpUnknown && p.ACH():
		return time.Time{} // nothing can be looked for
	case op.Status == OpUnknown:
		return now.Add(nextLook(0))
	case op.Status == OpWaiting:
		return now.Add(sendWaitingEvery)
	case op.Status == OpApproved && op.Cancel == CancelRequested:
		return now.Add(undoEvery)
	case op.Charges() && op.Continuable() && p.enhancing():
		return now.Add(linesKeptFor)
	default:
		return time.Time{}
	}
}

// follow moves the payment to where its operation's answer leaves it.
func (p *Payment) follow(op Operation, r Result, now time.Time) error {
	if op.Charges() {
		return p.followCharge(p.heard(r))
	}
	if r.Outcome != Approved || p.First().refusedPart() {
		return nil // what is given back of a declined payment leaves it declined
	}
	switch op.Kind {
	case KindCapture:
		return p.move(p.taken())
	case KindVoid:
		p.closeWaitingRefunds(now)
		return p.move(Voided)
	default:
		if op.ProcessedAs == AsVoid {
			p.closeWaitingRefunds(now)
		}
		return p.followRefund()
	}
}

// approvedAs is what an approval makes of a payment that takes no money yet.
var approvedAs = map[Intent]Status{
	IntentAuthorize: Authorized,
	IntentVerify:    Verified,
}

func (p *Payment) followCharge(r Result) error {
	p.TransactionID, p.ApprovalCode, p.AVS, p.CSC = r.TransactionID, r.ApprovalCode, r.AVS, r.CSC
	p.Decline, p.CardBalance = r.Decline, r.Balance
	p.learnCard(r.Card)
	switch r.Outcome {
	case Approved:
		if to, ok := approvedAs[p.Intent]; ok {
			return p.move(to)
		}
		return p.move(p.taken())
	case Declined:
		return p.move(StatusDeclined)
	case Unknown:
		return p.move(StatusUnknown)
	default:
		return p.move(Failed)
	}
}

// taken is the state of a payment whose money the processor has just taken.
func (p *Payment) taken() Status {
	if p.ACH() {
		return Accepted
	}
	return StatusApproved
}

// cardKnown says that two summaries of a card tell brand and last four together.
func cardKnown(a, b CardSummary) bool {
	return (a.Brand != "" || b.Brand != "") && (a.LastFour != "" || b.LastFour != "")
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
	if p.First().refusedPart() {
		return nil
	}
	if p.returnable() <= 0 {
		return p.move(Refunded)
	}
	return p.move(PartiallyRefunded)
}

// reject ends an operation of which nothing was done, and never will be.
func (o *Operation) reject(message string) {
	o.Status, o.Due, o.Attention = OpRejected, time.Time{}, ""
	o.Rejection = &Rejection{Code: RejectedByState, Message: message}
}

// closeWaitingRefunds marks the partial refunds that a void of the whole has
// overtaken: the shopper has that money back. More than was taken by then, since
// a clerk has lowered it, is not given back.
func (p *Payment) closeWaitingRefunds(now time.Time) {
	for i, o := range p.Operations {
		if o.Kind != KindRefund || o.Status != OpWaiting {
			continue
		}
		o.UpdatedAt, o.Due, o.Attention = now, time.Time{}, ""
		if o.Amount > p.returnable() {
			o.reject("The payment was voided, and less than this had been taken.")
		} else {
			o.Status, o.ProcessedAs = OpApproved, AsVoid
		}
		p.Operations[i] = o
	}
	p.NeedsAttention = p.attention()
}
