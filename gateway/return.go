package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// BankReturn is what a person has read of a return in the bank's or the
// processor's own papers: nothing tells the gateway of it.
type BankReturn struct {
	// Code is the reason, from R01 to R85.
	Code string `json:"returnCode"`
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
	// ReturnedAt is when the bank returned it, zero when nobody has said so.
	ReturnedAt time.Time `json:"returnedAt,omitzero"`
	At         time.Time `json:"at"`
}

// corrects says that a person has said something else of a return that is entered:
// another time, or another note. What is left out stays as it is.
func (cmd ReturnPayment) corrects(r BankReturn) bool {
	return (!cmd.ReturnedAt.IsZero() && !cmd.ReturnedAt.Equal(r.ReturnedAt)) || (cmd.Note != "" && cmd.Note != r.Note)
}

// forgotten is the return without the note.
func (r *BankReturn) forgotten() *BankReturn {
	if r == nil {
		return nil
	}
	without := *r
	without.Note = ""
	return &without
}

// ReturnPayment says that a bank has returned a bank payment, or its refund.
type ReturnPayment struct {
	Code       string
	Note       string
	ReturnedAt time.Time
}

// Return writes down that a bank has returned what the transaction moved: that of
// a payment, whose money is with the shopper again, or that of a refund, whose
// money is with the merchant again. Saying it twice changes nothing, but for a time
// or a note that is another now.
func (g *Gateway) Return(ctx context.Context, merchantID string, by Actor, transactionID string, cmd ReturnPayment) (Answer, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Answer{}, err
	}
	return inBudget(ctx, g, func() (Answer, error) {
		return settle(func() (Answer, error) { return g.returnIt(ctx, m, by, transactionID, cmd) })
	})
}

func (g *Gateway) returnIt(ctx context.Context, m Merchant, by Actor, transactionID string, cmd ReturnPayment) (Answer, error) {
	p, err := g.find(ctx, m, transactionID)
	if err != nil {
		return Answer{}, err
	}
	op := p.moved(transactionID)
	if op.Return != nil && op.Return.Code == cmd.Code && !cmd.corrects(*op.Return) {
		return Answer{Payment: p, OperationID: op.ID, Replayed: true}, nil
	}
	now := g.clock()
	change, err := decideReturn(p, op, cmd, by, now)
	if err != nil {
		return Answer{}, err
	}
	change.Audit = &AuditRecord{
		At: now, Actor: by, Action: AuditPaymentReturned, MerchantID: m.ID, LiveMode: m.LiveMode,
		Subject: AuditSubject{Kind: "payment", ID: p.ID},
		Details: map[string]string{"operation": op.ID, "returnCode": cmd.Code},
	}
	if err := g.write(ctx, change); err != nil {
		return Answer{}, err
	}
	g.log.Warn("payment.returned", "merchant", m.ID, "payment", p.ID, "operation", op.ID, "kind", op.Kind, "amount", op.Amount.String(),
		"returnCode", cmd.Code, "by", by.String(), "status", change.Payment.Status, "corrected", op.Return != nil)
	return Answer{Payment: change.Payment, OperationID: op.ID}, nil
}

// moved is the operation whose money a bank has returned: the refund of that id,
// else what drew on the account.
func (p Payment) moved(transactionID string) Operation {
	i := slices.IndexFunc(p.Operations, func(o Operation) bool {
		return o.Kind == KindRefund && o.ProcessedAs == AsRefund && o.Status == OpApproved && o.TransactionID == transactionID
	})
	if i < 0 {
		return p.debit()
	}
	return p.Operations[i]
}

// decideReturn is the next state after a return. It is pure.
func decideReturn(p Payment, op Operation, cmd ReturnPayment, by Actor, now time.Time) (Change, error) {
	if err := refuseReturn(p, op, cmd, now); err != nil {
		return Change{}, err
	}
	if op.Return != nil {
		return correctReturn(p, op, cmd, by, now), nil
	}
	op.Return = &BankReturn{Code: cmd.Code, By: by.String(), Note: cmd.Note, ReturnedAt: cmd.ReturnedAt.UTC(), At: now}
	next := p.next(op, now)
	news := next.settleReturns(op.ID)
	if op.Kind != KindRefund && p.Status != Refunded {
		next.closeReturned(now)
		if err := next.move(Returned); err != nil {
			return Change{}, err
		}
	}
	change := Change{Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{eventOf(p.Status, next, op.ID, now)}}
	if news {
		change.Events = append(change.Events, attentionEvent(next, op.ID, now))
	}
	return change, nil
}

// correctReturn puts another time or another note in the place of those that were
// entered, under the name of whoever says so. The audit trail has both names.
func correctReturn(p Payment, op Operation, cmd ReturnPayment, by Actor, now time.Time) Change {
	corrected := *op.Return
	corrected.By, corrected.At, corrected.Note = by.String(), now, cmp.Or(cmd.Note, corrected.Note)
	if !cmd.ReturnedAt.IsZero() {
		corrected.ReturnedAt = cmd.ReturnedAt.UTC()
	}
	op.Return = &corrected
	next := p.next(op, now)
	return Change{Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{eventOf(p.Status, next, op.ID, now)}}
}

// settleReturns shows a person how the shopper stands once the operation is
// returned: with the money twice when payment and refund are both with the shopper,
// without it when the refund alone came back. Where both came back the shopper has
// it once, and nothing is left to be done, unless a person has paid it in another
// way before: what was marked as seen may have been. It says whether that is news.
func (p *Payment) settleReturns(id string) (news bool) {
	debit := p.debit()
	for i := range p.Operations {
		o := &p.Operations[i]
		switch {
		case o.Return == nil:
		case o.Kind == KindRefund && debit.Return != nil:
			o.calm(func(why string) bool { return strings.HasPrefix(why, refundReturned) })
		case o.Kind == KindRefund && o.ID == id:
			news = o.raise(refundReturned + " (" + o.Return.Code + "): its money is with the merchant, and the shopper has to get it in another way")
		case o.ID == debit.ID:
			twice := p.paidTwice(o.Return.Code)
			o.calm(func(why string) bool { return strings.HasPrefix(why, paymentReturned) && !slices.Contains(twice, why) })
			for _, why := range twice {
				news = o.raise(why) || news
			}
		}
	}
	p.NeedsAttention = p.attention()
	return news
}

// paidTwice is what a person is told of a payment that a bank has returned: which
// money the shopper has twice, or may have.
func (p Payment) paidTwice(code string) (whys []string) {
	if kept := p.RefundsKept(); kept > 0 {
		whys = append(whys, fmt.Sprintf("%s (%s) after %s of it were refunded: the shopper has that money twice", paymentReturned, code, kept))
	}
	if seen := p.returnsSeen(); seen > 0 {
		whys = append(whys, fmt.Sprintf("%s (%s) after a refund of %s had come back and was marked as seen: look whether the shopper was paid in another way then, and has that money twice",
			paymentReturned, code, seen))
	}
	return whys
}

// What an operator is told of a return begins so.
const (
	refundReturned  = "the shopper's bank has returned this refund"
	paymentReturned = "the bank has returned the payment"
)

// RefundsKept is what was refunded and has not come back.
func (p Payment) RefundsKept() Money {
	return p.sum(func(o Operation) bool { return o.Kind == KindRefund && o.Status == OpApproved && o.Return == nil })
}

// CameBack says that a bank has returned the payment itself, whatever has become of
// its refunds.
func (p Payment) CameBack() bool { return p.debit().Return != nil }

// returnsSeen is what was refunded and came back, and a person has seen it.
func (p Payment) returnsSeen() Money {
	return p.sum(func(o Operation) bool {
		return o.Kind == KindRefund && o.Return != nil && o.Resolution != nil && strings.Contains(o.Resolution.About, refundReturned)
	})
}

// refuseReturn holds what a bank cannot have returned.
func refuseReturn(p Payment, op Operation, cmd ReturnPayment, now time.Time) error {
	other, busy := p.inProgress()
	switch {
	case !p.ACH():
		return refuse(CodeNotReturnable, "only a bank payment is returned by a bank; this one was paid with a card")
	case !returnCode(cmd.Code):
		return refuse(CodeNotReturnable, "name the bank's reason, from R01 to R85").on("returnCode")
	case cmd.ReturnedAt.After(now):
		return refuse(CodeNotReturnable, "this time is still to come").on("returnedAt")
	case !cmd.ReturnedAt.IsZero() && cmd.ReturnedAt.Before(op.CreatedAt.Add(-day)):
		return refuse(CodeNotReturnable, "this is before the %s that is said to be returned", op.Kind).on("returnedAt")
	case op.Return != nil && op.Return.Code == cmd.Code:
		return nil // a correction
	case op.Return != nil:
		return refuse(CodeNotReturnable, "it was returned before, with %s", op.Return.Code).on("returnCode")
	case busy:
		return inProgress(p, other)
	case op.Kind == KindRefund:
		return nil
	case p.Status == Authorized:
		return refuse(CodeNotReturnable, "the bank payment is held and was not sent to a bank")
	case p.Status != Accepted && p.Status != StatusApproved && p.Status != PartiallyRefunded && p.Status != Refunded:
		return refuse(CodeNotReturnable, "a bank payment that is %s holds no money that could be returned", p.Status)
	case p.Status == Refunded && !p.gaveBack():
		return refuse(CodeNotReturnable, "the bank payment was voided before it was sent to a bank")
	}
	return nil
}

// gaveBack says that what was refunded had gone out before.
func (p Payment) gaveBack() bool {
	return slices.ContainsFunc(p.Operations, func(o Operation) bool {
		return o.Kind == KindRefund && o.Status == OpApproved && o.ProcessedAs == AsRefund
	})
}

// closeReturned ends what was still to be done to a payment whose money is with
// the shopper again: refunds that wait, and the undoing of what was given up.
func (p *Payment) closeReturned(now time.Time) {
	for i := range p.Operations {
		o := &p.Operations[i]
		switch {
		case o.Kind == KindRefund && o.Status == OpWaiting:
			o.UpdatedAt = now
			o.reject("The bank has returned the payment.")
			o.settleCancel()
		case o.Charges():
			o.Due = time.Time{}
			if o.Cancel == CancelRequested {
				o.Cancel = CancelDone
				o.calm(func(why string) bool { return strings.HasPrefix(why, givenUpWhy(*o)) })
			}
		}
	}
	p.NeedsAttention = p.attention()
}

// returnCode says whether a code is one of those that banks give.
func returnCode(code string) bool {
	number, of := strings.CutPrefix(code, "R")
	n, err := strconv.Atoi(number)
	return of && len(number) == 2 && err == nil && number[0] != '+' && number[0] != '-' && 1 <= n && n <= lastReturnCode
}

const lastReturnCode = 85
