package magento

import (
	"fmt"

	"paytrace-gateway/gateway"
)

// The states of an order in Magento that matter here. A state is Magento's own;
// a status is a shop's name for orders in it.
const (
	stateNew            = "new"
	statePendingPayment = "pending_payment"
	stateProcessing     = "processing"
	stateReview         = "payment_review"
	stateHolded         = "holded"
	stateComplete       = "complete"
	stateClosed         = "closed"
	stateCanceled       = "canceled"
)

// place is a state, and the status of it that orders get.
type place struct{ state, status string }

// places are where the order of a payment in each state belongs. States that
// are not here leave the order where it is.
var places = map[gateway.Status]place{
	gateway.Authorized:     {stateProcessing, "processing"},
	gateway.StatusApproved: {stateProcessing, "processing"},
	gateway.StatusUnknown:  {stateReview, "payment_review"},
	gateway.StatusDeclined: {stateCanceled, "canceled"},
	gateway.Failed:         {stateCanceled, "canceled"},
	gateway.Voided:         {stateCanceled, "canceled"},
	gateway.Refunded:       {stateClosed, "closed"},
}

// stock are Magento's own statuses with the states that they are assigned to.
var stock = map[string][]string{
	"pending": {stateNew}, "pending_payment": {statePendingPayment}, "processing": {stateProcessing},
	"payment_review": {stateReview}, "fraud": {stateProcessing, stateReview}, "holded": {stateHolded},
	"complete": {stateComplete}, "closed": {stateClosed}, "canceled": {stateCanceled},
}

// StateOf is Magento's state of orders whose payment is in that state, or empty
// when such a payment leaves its order where it is. A status of the shop's own
// has to be assigned to that state.
func StateOf(s gateway.Status) string { return places[s].state }

// checkStatus refuses what is known to belong to another state. Whether a name
// of the shop's own is assigned rightly, only Magento knows.
func checkStatus(of gateway.Status, name string) error {
	to, ok := places[of]
	if !ok {
		return fmt.Errorf("statuses: an order is not moved by a payment that is %q; leave it out", of)
	}
	if !statusName.MatchString(name) {
		return fmt.Errorf("statuses.%s: expected a status code of Magento, 1 to 32 lower-case letters, digits and underscores", of)
	}
	for _, state := range stock[name] {
		if state == to.state {
			return nil
		}
	}
	if len(stock[name]) > 0 {
		return fmt.Errorf("statuses.%s: %s is no status of Magento's state %s", of, name, to.state)
	}
	return nil
}

// placeOf is where the order of a payment in that state belongs in this shop.
func (c Config) placeOf(s gateway.Status) place {
	to := places[s]
	if name := c.Statuses[s]; name != "" {
		to.status = name
	}
	return to
}

// reviewStatus is the status in which the shop saves the order of a payment
// whose outcome is unknown.
func (c Config) reviewStatus() string { return c.placeOf(gateway.StatusUnknown).status }

// statusFor is the status that a comment carries: the order's own, since one
// without a status takes the order's away. The shop's name for the payment's
// state takes the place of Magento's, and of nothing that a person has set.
func (c Config) statusFor(s gateway.Status, o order) string {
	to := c.placeOf(s)
	if to.state == o.State && o.Status == places[s].status {
		return to.status
	}
	return o.Status
}
