package gateway

import (
	"time"
)

const (
	// checkSoon is when a method is compared with its profile whose card could not
	// be read, checkLater when that of the others is for the first time.
	checkSoon  = time.Minute
	checkLater = 24 * time.Hour
)

// vaultIntent makes the operation ready to leave, as intent does with a
// payment's.
func (at moment) vaultIntent(op VaultOperation, m Merchant) VaultOperation {
	op = op.next(at.now)
	op.Status, op.Rejection = OpSending, nil
	op.IntentID, op.Sender, op.SentAt = at.intentID, at.sender, at.now
	op.SendBefore = at.now.Add(m.SendWindow)
	op.Due = op.unheard(m)
	if op.Verb != VaultRemove {
		op.Looks, op.Misses = 0, 0
	}
	return op
}

// unheard is when no sender can hear of the operation any more.
func (o VaultOperation) unheard(m Merchant) time.Time {
	return o.SendBefore.Add(m.CallDeadline + staleAfter)
}

// changesCustomer says that the operation cannot end without its customer.
func (o VaultOperation) changesCustomer() bool { return o.Verb != VaultRemove && o.Undecided() }

// ofEarlier says that the operation's customer has gone, and that this one has
// its id: it came later, and has nothing of the operation.
func (o VaultOperation) ofEarlier(c VaultCustomer) bool {
	_, there := c.method(o.MethodID)
	return c.CreatedAt.After(o.CreatedAt) && !there && c.Pending[o.MethodID] == ""
}

// next is the operation one version on.
func (o VaultOperation) next(now time.Time) VaultOperation {
	o.Version++
	o.UpdatedAt = now
	return o
}

// Undecided says that something may have been done at PayTrace without our
// knowing.
func (o VaultOperation) Undecided() bool { return o.Status == OpSending || o.Status == OpUnknown }

// Continuable says that the operation certainly did nothing and that its own
// key may send it.
func (o VaultOperation) Continuable() bool {
	return o.Status == OpNotSent ||
		(o.Status == OpRejected && o.Rejection != nil && o.Rejection.Again)
}

// removal is the deletion of a method's profile, which a job sends, and sends
// again until PayTrace has it no more.
func removal(c VaultCustomer, m VaultMethod, at moment) VaultOperation {
	return VaultOperation{
		ID: NewVaultOperationID(at.now), MerchantID: c.MerchantID, LiveMode: c.LiveMode,
		Verb: VaultRemove, Status: OpNotSent, CustomerID: c.ID, MethodID: m.ID, ProfileID: m.ProfileID,
		Card: m.Card, Bank: m.Bank, Due: at.now, CreatedAt: at.now,
	}.next(at.now)
}

// outcome is what a result means for the vault: a profile with an id
// that we chose can only be our own, and one that is gone is removed.
func (o VaultOperation) outcome(r Result) Result {
	taken := o.Verb == VaultAdd && r.Rejection != nil && r.Rejection.Code == RejectedProfileTaken
	gone := o.Verb == VaultRemove && r.Rejection != nil && r.Rejection.Code == RejectedNoProfile
	switch {
	case r.Outcome == Rejected && (taken || gone):
		return Result{Outcome: Approved, Card: r.Card, Detail: r.Detail}
	case r.Outcome == Unknown && o.AddressOnly:
		return Result{Outcome: failed, Detail: r.Detail, Rejection: &Rejection{
			Code: RejectedByState, Message: "PayTrace has not answered, and nobody can see whether it has the new address: repeat the change, with a new key",
		}}
	}
	return r
}

// failed is the sixth answer of the vault, which no processor gives: nothing is
// to be seen of what was sent.
const failed Outcome = "failed"

// notStored is how an operation ends of which looks have shown nothing.
func (o VaultOperation) notStored() Result {
	why := "PayTrace has not answered, and has no such card"
	if o.Verb == VaultReplace {
		why = "PayTrace has not answered, and shows the card as it was"
	}
	return Result{Outcome: failed, Rejection: &Rejection{
		Code: RejectedByState, Message: why + ": repeat the request with a new key, and with new tokens if it had any",
	}}
}

// concludeVault is the next state after PayTrace's answer to sent. The customer
// is needed by all but a removal.
func concludeVault(c VaultCustomer, op, sent VaultOperation, r Result, now time.Time) (VaultChange, error) {
	if !op.Undecided() || op.IntentID != sent.IntentID || (r.Outcome == Unknown && op.Status == OpUnknown) {
		return VaultChange{}, errDecided
	}
	r = op.outcome(r)
	op.Status, op.Rejection, op.Due = OpFailed, r.Rejection, time.Time{}
	if r.Outcome != failed {
		op.Status = operationStatus[r.Outcome]
	}
	switch {
	case op.Verb == VaultRemove:
		if op.Status != OpApproved {
			op.Due = now.Add(nextLook(op.Looks))
			op.Looks++
		}
		return VaultChange{Operations: []VaultOperation{op.next(now)}}, nil
	case op.Status == OpUnknown:
		op.Due = now.Add(nextLook(0))
		return VaultChange{Operations: []VaultOperation{op.next(now)}}, nil
	case op.Status == OpApproved:
		return approved(c, op, r, now), nil
	}
	next := c.next(now)
	next.setPending(op.MethodID, "")
	if op.Status == OpFailed || (r.Rejection != nil && r.Rejection.Code == RejectedNoProfile) {
		next.compare(op.MethodID, now) // PayTrace knows better
	}
	change := VaultChange{
		Customer: &next, Removes: op.MakesCustomer && len(next.Methods)+len(next.Pending) == 0,
		Operations: []VaultOperation{op.next(now)},
	}
	if op.Status == OpFailed && op.Verb == VaultAdd {
		// Should it turn up after all, nobody wants the card to stay.
		late := removal(c, VaultMethod{ID: op.MethodID, ProfileID: op.ProfileID, Card: op.Card, Bank: op.Bank}, moment{now: now})
		late.Due = now.Add(watchEvery)
		change.Operations = append(change.Operations, late)
	}
	return change, nil
}

// approved puts the operation's method into its customer.
func approved(c VaultCustomer, op VaultOperation, r Result, now time.Time) VaultChange {
	if op.ach() {
		op.Bank = r.Bank.over(op.Bank)
	} else {
		op.Card = r.Card.over(op.Card)
	}
	next := c.next(now)
	next.setPending(op.MethodID, "")
	if op.Verb == VaultAdd {
		next.Methods = append(next.Methods, VaultMethod{ID: op.MethodID, ProfileID: op.ProfileID, CreatedAt: now})
	}
	for i, m := range next.Methods {
		if m.ID == op.MethodID && !op.AddressOnly {
			stored := &next.Methods[i]
			stored.Card, stored.Bank, stored.UpdatedAt = op.Card, op.Bank, now
			stored.CheckDue = stored.checkDue(now)
		}
	}
	if op.MakeDefault || len(next.Methods) == 1 {
		next.setDefault(op.MethodID, now)
	}
	op = op.next(now)
	return VaultChange{Customer: &next, Operations: []VaultOperation{op}, Events: vaultEvents(c, next, OriginAPI, op.ID, now)}
}

// known says that all is known of the card that can be.
func (c CardSummary) known() bool { return c.Brand != "" && c.readable() }

// readable says that a shopper can tell the card by what is known of it.
func (c CardSummary) readable() bool {
	return c.LastFour != "" && c.ExpirationMonth != "" && c.ExpirationYear != ""
}

func (m VaultMethod) checkDue(now time.Time) time.Time {
	if m.readable() {
		return now.Add(checkLater)
	}
	return now.Add(checkSoon)
}

// over is what two summaries know together; the first one is right.
func (c CardSummary) over(before CardSummary) CardSummary {
	if c.Brand == "" {
		c.Brand = before.Brand
	}
	if c.LastFour == "" {
		c.LastFour = before.LastFour
	}
	if c.ExpirationMonth == "" || c.ExpirationYear == "" {
		c.ExpirationMonth, c.ExpirationYear = before.ExpirationMonth, before.ExpirationYear
	}
	return c
}
