package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// A refund bears no reference that comes back, and its row does not say whose
// money it returns. One that was made at PayTrace's own screens is counted to
// the only payment it can belong to: same order, same card, enough money left.

const (
	// sameOrder bounds the payments of one order that are looked at.
	sameOrder = 100
	// invoiceKept is how much of an order's number PayTrace keeps for certain:
	// 50 characters, less the suffix that a merchant may add for each attempt.
	invoiceKept = 43
)

// refund finds the payment of a refund that no operation of ours has made.
func (f follower) refund(ctx context.Context, r Record) (progress, error) {
	if r.State != RecordPending && r.State != RecordSettled {
		return f.keep(ctx, r)
	}
	if r.OrderID == "" {
		return f.refundOfNoOrder(ctx, r)
	}
	of, err := f.ofOrder(ctx, r)
	if err != nil {
		return rowBusy, err
	}
	all := len(of) < sameOrder
	of = slices.DeleteFunc(of, Payment.ACH) // the export shows cards alone
	if slices.ContainsFunc(of, func(p Payment) bool { _, busy := p.inProgress(); return busy }) {
		return rowBusy, nil // it may be one of ours, or of a charge that we do not know yet
	}
	of = slices.DeleteFunc(of, func(p Payment) bool { return !canHaveReturned(p, r) })
	strange, err := f.strangeCharges(ctx, r)
	if err != nil {
		return rowBusy, err
	}
	if len(of) != 1 || strange || !all {
		return f.keep(ctx, r)
	}
	change, err := refundedThere(of[0], r, f.gateway.clock())
	if err != nil {
		return f.keep(ctx, r)
	}
	if err := f.write(ctx, change, r); err != nil {
		return rowBusy, err
	}
	return rowDone, f.unlist(ctx, r)
}

// refundOfNoOrder lists a refund that nothing ties to a payment, once it cannot
// be one of ours any more.
func (f follower) refundOfNoOrder(ctx context.Context, r Record) (progress, error) {
	if f.merchant.ProcessorUser == "" || r.CreatedBy == f.merchant.ProcessorUser {
		rivals, err := f.gateway.ledger.UndecidedRefunds(ctx, f.merchant.ID, f.merchant.LiveMode, r.Amount,
			r.CreatedAt.Add(-f.merchant.CallDeadline-clockSkew))
		if err != nil || rivals > 0 {
			return rowBusy, err
		}
	}
	return f.keep(ctx, r)
}

// ofOrder are the payments of the order that a row bears.
func (f follower) ofOrder(ctx context.Context, r Record) ([]Payment, error) {
	live := f.merchant.LiveMode
	of, err := f.gateway.ledger.Payments(ctx, PaymentFilter{
		MerchantID: f.merchant.ID, LiveMode: &live, OrderID: r.OrderID, Limit: sameOrder,
	})
	if err == nil && r.ReferenceStart != "" {
		var whole []Payment
		whole, err = f.gateway.ledger.Payments(ctx, PaymentFilter{
			MerchantID: f.merchant.ID, LiveMode: &live, OrderID: r.spelledOut(), Limit: sameOrder,
		})
		of = append(of, whole...)
	}
	return of, err
}

// spelledOut is the order where what was taken for the beginning of a reference
// belongs to the order's own number.
func (r Record) spelledOut() string { return r.OrderID + "-" + r.ReferenceStart }

// isOfReference says that what a row shows of a reference is the payment's.
func (p Payment) isOfReference(r Record) bool {
	return strings.HasPrefix(p.Reference, r.ReferenceStart) || r.spelledOut() == p.OrderID
}

// strangeCharges says that the order has a charge at PayTrace that is none of
// ours: a refund may well be of that one.
func (f follower) strangeCharges(ctx context.Context, r Record) (bool, error) {
	list, err := f.gateway.ledger.Unmatched(ctx, UnmatchedFilter{
		MerchantID: f.merchant.ID, LiveMode: f.merchant.LiveMode, OrderID: r.OrderID, Limit: sameOrder,
	})
	return slices.ContainsFunc(list, func(u UnmatchedTransaction) bool {
		return u.Record.Kind != KindRefund && (u.Record.State == RecordPending || u.Record.State == RecordSettled)
	}), err
}

// isOfOrder says that a row bears the payment's order, which PayTrace may have
// cut.
func (p Payment) isOfOrder(r Record) bool {
	cut := len([]rune(r.OrderID)) >= invoiceKept && strings.HasPrefix(p.OrderID, r.OrderID)
	return p.OrderID != "" && (r.OrderID == p.OrderID || r.spelledOut() == p.OrderID || cut)
}

// orderText is what the payment's transactions are searched by.
func (p Payment) orderText() string {
	runes := []rune(p.OrderID)
	return string(runes[:min(len(runes), invoiceKept)])
}

// returnable is the money that may go back: what was taken and has not. A
// charge that was found late was taken, whatever it is called, and so was a part
// that nobody wants.
func (p Payment) returnable() Money {
	if first := p.First(); first.Late || (first.refusedPart() && (first.unwanted() || first.saidToBeBack())) {
		return p.Granted() - p.Refunded()
	}
	return p.Captured() - p.Refunded()
}

func canHaveReturned(p Payment, r Record) bool {
	sameCard := p.Card.LastFour == "" || r.Card.LastFour == "" || p.Card.LastFour == r.Card.LastFour
	return sameCard && p.isOfOrder(r) && p.isOfReference(r) &&
		p.TransactionID != "" && p.returnable() >= r.Amount &&
		p.Status != Voided && !r.CreatedAt.Before(p.CreatedAt.Add(-clockSkew))
}

// mayConcern says that a refund of the payment's order which is not counted
// keeps ours from being sent. Neither its amount nor its card makes it certain
// that it is of another payment's money.
func mayConcern(p Payment, r Record) bool {
	return p.TransactionID != "" && p.Status != Voided && p.returnable() > 0 && !r.CreatedAt.Before(p.CreatedAt.Add(-clockSkew))
}

// refundedThere counts a refund that was made at PayTrace's own screens. What
// is promised besides it stays promised; whether it still can be kept is seen
// when it is sent.
func refundedThere(p Payment, r Record, now time.Time) (Change, error) {
	op := Operation{
		ID: NewOperationID(now), Kind: KindRefund, Status: OpApproved, ProcessedAs: AsRefund, Origin: OriginExternal,
		Amount: r.Amount, TransactionID: r.TransactionID, CreatedAt: r.CreatedAt,
	}
	next := p.next(op, now)
	if err := next.followRefund(); err != nil {
		return Change{}, err
	}
	next.expectSettlement(now)
	return Change{
		Payment: next, Base: p.Version, Operation: op.ID,
		Events: []Event{eventOf(p.Status, next, op.ID, now)},
	}, nil
}

// catchUp counts the refunds of the payment's order that PayTrace shows and the
// watcher has not seen yet. It says whether the payment can be trusted to have
// them all.
func (g *Gateway) catchUp(ctx context.Context, m Merchant, p Payment) (Payment, certainty) {
	if p.OrderID == "" {
		return p, certain // nothing could be told to be this payment's
	}
	ctx, cancel := context.WithTimeout(ctx, g.lookTime(ctx, m))
	defer cancel()
	for range tries {
		sure, err := g.catchUpWith(ctx, m, p)
		fresh, readErr := p, error(nil)
		if err == nil {
			fresh, readErr = g.ledger.Payment(ctx, p.MerchantID, p.ID)
		}
		if err := errors.Join(err, readErr); err != nil {
			g.log.Warn("refund.look_failed", "merchant", m.ID, "payment", p.ID, "error", err,
				"consequence", "no money goes back before PayTrace can be asked what was given back at its screens")
			return p, unasked
		}
		if sure == certain || fresh.Version == p.Version {
			return fresh, sure
		}
		p = fresh // what was in doubt may have been recorded meanwhile
	}
	return p, soonCertain
}

// certainty says how far a payment can be trusted to have all of its refunds.
type certainty int

const (
	// unasked: PayTrace could not be asked.
	unasked certainty = iota
	doubtful
	// soonCertain: a refund was made so lately that its sender may still
	// record it.
	soonCertain
	certain
)

func (g *Gateway) catchUpWith(ctx context.Context, m Merchant, p Payment) (certainty, error) {
	now := g.clock()
	rows, whole, err := g.readDays(ctx, m, p.CreatedAt, now, p.orderText())
	if err != nil {
		return doubtful, err
	}
	follow := follower{gateway: g, merchant: m}
	sure, unclear := certain, false
	if !whole {
		sure = doubtful
	}
	for _, r := range inOrder(rows) {
		if r.State == RecordDeclined || r.State == RecordVoided || !p.isOfOrder(r) {
			continue
		}
		_, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, r.TransactionID)
		if err == nil {
			continue // it is counted already
		}
		if r.Kind == KindRefund && unclear {
			return doubtful, nil // it may be of the charge that could not be followed
		}
		how, err := follow.row(ctx, r)
		switch {
		case err != nil:
			return doubtful, err
		case r.Kind != KindRefund:
			unclear = unclear || how == rowBusy
		case how == rowDone, !mayConcern(p, r):
		case now.Sub(r.CreatedAt) < m.hearingTime():
			sure = min(sure, soonCertain)
		default:
			sure = doubtful
		}
	}
	return sure, nil
}

// books is what PayTrace shows of the payment before an amount is given back,
// besides what is promised: its own transaction is followed as the watcher
// would, then what was given back at PayTrace's screens is counted. A part of
// what is not settled goes back later, and needs no counting now. How much the
// amount is may hang on what the first look has shown.
func (g *Gateway) books(ctx context.Context, m Merchant, p Payment, amount func(Payment) Money) (Payment, settlement) {
	if p.ACH() {
		return p, p.bankStanding(m, g.clock())
	}
	p, seen := g.settlementOf(ctx, m, p)
	voidable := seen.state == RecordPending && p.isWhole(amount(p)+p.RefundPending())
	if seen.state != RecordSettled && !voidable {
		return p, seen
	}
	p, sure := g.catchUp(ctx, m, p)
	switch sure {
	case certain:
		return p, seen
	case soonCertain:
		return p, settlement{again: m.hearingTime()}
	case unasked:
		return p, settlement{why: doubtfulBooks, unasked: true}
	default:
		return p, settlement{why: doubtfulBooks}
	}
}

const doubtfulBooks = "PayTrace could not be asked, or does not plainly show, what was given back at its screens"
