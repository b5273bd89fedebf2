package processortest

import (
	"fmt"
	"slices"

	"paytrace-gateway/gateway"
)

// check is a bank payment, as PayTrace calls it. Its numbers are a range of their
// own.
type check struct {
	Check
	refunded gateway.Money
}

// Check is a bank payment on the processor's books.
type Check struct {
	ID     string
	State  CheckState
	Amount gateway.Money
	// Reference is that of the charge which made it.
	Reference string
	// Refund says that it is the refund of another one.
	Refund bool
}

// CheckState is the state of a bank payment.
type CheckState string

// The states of a bank payment: held until it is funded, pending until it goes out
// with the next file.
const (
	CheckHeld     CheckState = "held"
	CheckPending  CheckState = "pending"
	CheckGone     CheckState = "gone"
	CheckVoided   CheckState = "voided"
	CheckDeclined CheckState = "declined"
)

// firstCheck is the number of the first bank payment. It is one that the first card
// payment has too.
const firstCheck = 100_000_001

// Checks are all bank payments and their refunds, oldest first.
func (p *Processor) Checks() []Check {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Check
	for _, c := range p.checks {
		all = append(all, c.Check)
	}
	return all
}

// PutCheck puts a bank payment into a state at the processor's own screens.
func (p *Processor) PutCheck(id string, state CheckState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.check(id).State = state
}

func (p *Processor) check(id string) *check {
	i := slices.IndexFunc(p.checks, func(c *check) bool { return c.ID == id })
	if i < 0 {
		return &check{}
	}
	return p.checks[i]
}

func (p *Processor) draw(c gateway.Charge) gateway.Result {
	state := CheckPending
	switch {
	case c.Amount == Declines:
		state = CheckDeclined
	case c.Intent == gateway.IntentAuthorize:
		state = CheckHeld
	}
	id := p.enterCheck(Check{State: state, Amount: c.Amount, Reference: c.Reference})
	if state == CheckDeclined {
		return gateway.Result{Outcome: gateway.Declined, TransactionID: id, Decline: &gateway.Decline{
			Code: "125", Message: "Your bank payment was not accepted.", Category: "generic",
		}}
	}
	return gateway.Result{Outcome: gateway.Approved, TransactionID: id}
}

func (p *Processor) enterCheck(c Check) string {
	c.ID = fmt.Sprintf("%s%d", gateway.CheckPrefix, firstCheck+len(p.checks))
	p.checks = append(p.checks, &check{Check: c})
	return c.ID
}

func (p *Processor) fund(f gateway.Capture) gateway.Result {
	c := p.check(f.TransactionID)
	if c.State != CheckHeld || f.Amount > c.Amount {
		return contested
	}
	c.State, c.Amount = CheckPending, f.Amount
	return gateway.Result{Outcome: gateway.Approved, TransactionID: f.TransactionID}
}

func (p *Processor) voidCheck(v gateway.Void) gateway.Result {
	c := p.check(v.TransactionID)
	if c.State != CheckHeld && c.State != CheckPending {
		return contested
	}
	c.State = CheckVoided
	return gateway.Result{Outcome: gateway.Approved, TransactionID: v.TransactionID}
}

func (p *Processor) credit(f gateway.Refund) gateway.Result {
	c := p.check(f.TransactionID)
	if (c.State != CheckPending && c.State != CheckGone) || c.refunded+f.Amount > c.Amount {
		return contested
	}
	c.refunded += f.Amount
	return gateway.Result{Outcome: gateway.Approved, TransactionID: p.enterCheck(Check{State: CheckPending, Amount: f.Amount, Refund: true})}
}
