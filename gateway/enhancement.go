package gateway

import "time"

// Enhancement is what has become of a payment's enhanced data. What a sale can
// bear goes with it. The rest PayTrace takes in a call of its own, for a charge
// that is approved, not settled, and by a Visa or Mastercard.
type Enhancement struct {
	TaxAmount     *Money `json:"taxAmount,omitempty"`
	PurchaseOrder string `json:"purchaseOrder,omitempty"`
	LineItemCount int    `json:"lineItemCount,omitempty"`
	// Status is empty where all of it goes with the charge.
	Status EnhancementStatus `json:"status,omitempty"`
	// Attempts counts the calls, Looks those for calls without an answer. Unsure
	// says that the last call may have reached PayTrace.
	Attempts int  `json:"attempts,omitempty"`
	Looks    int  `json:"looks,omitempty"`
	Unsure   bool `json:"unsure,omitempty"`
	// Detail says why it is not sent yet, or never will be.
	Detail string `json:"detail,omitempty"`
	// Data is kept for as long as it may have to be sent, and no event or reply
	// has it: lines are long, and a postal code may be a person's.
	Data *EnhancedData `json:"data,omitempty"`
}

// EnhancementStatus is how far the call is.
type EnhancementStatus string

// The states of an enhancement. A failed one never changes the payment's.
const (
	EnhancementPending EnhancementStatus = "pending"
	EnhancementSent    EnhancementStatus = "sent"
	// EnhancementNotPossible: PayTrace takes none for such a payment.
	EnhancementNotPossible EnhancementStatus = "not_possible"
	// EnhancementGivenUp: PayTrace would have, and did not, or may have.
	EnhancementGivenUp EnhancementStatus = "given_up"
)

// enhancement is that of a new payment, of data that adds up, nil when there is
// none.
func (c CreatePayment) enhancement(m Merchant, ach bool) *Enhancement {
	if c.Enhanced == nil {
		return nil
	}
	data, _ := c.Enhanced.summed(c.Amount)
	if c.Shipping != nil && len(data.LineItems) > 0 && data.ShipToPostalCode == "" && data.ShipToCountryCode == "" {
		data.ShipToPostalCode, data.ShipToCountryCode = c.Shipping.PostalCode, c.Shipping.CountryCode
	}
	e := &Enhancement{TaxAmount: data.TaxAmount, PurchaseOrder: data.PurchaseOrder, LineItemCount: len(data.LineItems)}
	switch {
	case ach:
		e.Status, e.Detail = EnhancementNotPossible, noCardDetail
	case len(data.LineItems) > 0 || (data.PurchaseOrder != "" && !m.ChargeBearsPurchaseOrder):
		e.Status, e.Data = EnhancementPending, &data
	}
	return e
}

const (
	noCardDetail      = "a bank account has no enhanced data"
	otherBrandDetail  = "PayTrace takes enhanced data for Visa and Mastercard only"
	noBrandDetail     = "PayTrace does not show the brand of the card"
	otherAmountDetail = "another amount was captured than the lines add up to"
	notTakenDetail    = "the payment takes no money"
	settledDetail     = "PayTrace has settled the payment before"
	notSentDetail     = "the charge was not sent, and not asked for again in 30 days"
	uncapturedDetail  = "the authorization was not captured in 40 days"
	erasedDetail      = "the customer was erased"
	tooOftenDetail    = "PayTrace has not taken it in 30 calls"
	notToBeSeenDetail = "a call was not answered, and PayTrace does not show whether it was taken"
)

// tax and purchaseOrder are what the charge itself may bear.
func (e *Enhancement) tax() *Money {
	if e == nil {
		return nil
	}
	return e.TaxAmount
}

func (e *Enhancement) purchaseOrder() string {
	if e == nil {
		return ""
	}
	return e.PurchaseOrder
}

// enhance puts a changed copy of the enhancement in its place: values of a payment
// share what they point to.
func (p *Payment) enhance(change func(*Enhancement)) {
	e := *p.Enhancement
	change(&e)
	p.Enhancement = &e
}

func (p Payment) enhancing() bool {
	return p.Enhancement != nil && p.Enhancement.Status == EnhancementPending
}

// awaitsEnhancement says that PayTrace can be told now.
func (p Payment) awaitsEnhancement() bool { return p.enhancing() && p.Status == StatusApproved }

// endEnhancement ends the enhancement with the state that the payment has come to.
func (p *Payment) endEnhancement() {
	if !p.enhancing() {
		return
	}
	switch p.Status {
	case StatusDeclined, Voided, Expired, Refunded:
		p.concludeEnhancement(EnhancementNotPossible, notTakenDetail)
	case Failed:
		if !p.First().Continuable() {
			p.concludeEnhancement(EnhancementNotPossible, notTakenDetail)
		}
	case Settled, PartiallyRefunded:
		p.concludeEnhancement(EnhancementGivenUp, settledDetail)
	}
}

func (p *Payment) concludeEnhancement(as EnhancementStatus, detail string) {
	p.enhance(func(e *Enhancement) { e.Status, e.Detail, e.Unsure, e.Data = as, detail, false, nil })
}

// forgotten is the enhancement without what may lead to a person: lines, postal
// codes, and the purchase order, which is whatever the buyer calls the order.
func (e *Enhancement) forgotten() *Enhancement {
	if e == nil {
		return nil
	}
	without := *e
	without.Data, without.PurchaseOrder = nil, ""
	if e.Status == EnhancementPending {
		without.Status, without.Detail, without.Unsure = EnhancementNotPossible, erasedDetail, false
	}
	return &without
}

// unenhanceable says why PayTrace takes nothing for the payment, if it does not.
func (p Payment) unenhanceable() string {
	data := p.Enhancement.Data
	switch {
	case p.Card.Brand == "":
		return noBrandDetail
	case p.Card.Brand != Visa && p.Card.Brand != Mastercard:
		return otherBrandDetail
	case len(data.LineItems) > 0 && data.Total() != p.Captured():
		return otherAmountDetail
	}
	return ""
}

// enhanceable is what PayTrace is told now. A tax of the whole order would be too
// much beside a part of it, and what a part has of it nobody has told.
func (p Payment) enhanceable() EnhancedData {
	data := *p.Enhancement.Data
	if p.Captured() != p.Amount {
		data.TaxAmount = nil
	}
	return data
}

// told is the payment as events and replies keep it.
func (p Payment) told() Payment {
	if p.Enhancement != nil && p.Enhancement.Data != nil {
		p.enhance(func(e *Enhancement) { e.Data = nil })
	}
	return p
}

const (
	// enhanceTries bounds the calls, and the looks for those without an answer. With
	// the waits between them they last for a day and a quarter: PayTrace settles once
	// a day.
	enhanceTries = 30
	// linesKeptFor bounds how long the lines of a charge are kept that was not sent.
	// Its key may send it later all the same, without them.
	linesKeptFor = 30 * 24 * time.Hour
	// enhanceUnsure is the least wait before PayTrace is asked what came of a call
	// without an answer: an export may show late what was done.
	enhanceUnsure = 10 * time.Minute
)

// enhanceAfter are the waits between the calls; the last one repeats.
var enhanceAfter = []time.Duration{time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour}

// nextAttempt is the wait after the call or the look that was made last.
func (e Enhancement) nextAttempt() time.Duration {
	wait := enhanceAfter[min(max(e.Attempts+e.Looks, 1), len(enhanceAfter))-1]
	if e.Unsure {
		wait = max(wait, enhanceUnsure)
	}
	return wait
}
