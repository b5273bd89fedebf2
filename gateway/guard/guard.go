package guard

import (
	"context"
	"errors"
	"time"

	"paytrace-gateway/gateway"
)

// Guard is a processor behind its protections, for one merchant.
type Guard struct {
	next   gateway.Processor
	config Config
	slots  *slots // nil: no limit
	money  *class
	look   *class
	form   *class
	// enhanced has a breaker of its own too: neither a charge nor a look waits
	// because it fails.
	enhanced *class
	vault    *class
	report   *class
	through  stage
}

var _ gateway.Processor = (*Guard)(nil)

// outcomes are those of an operation.
var outcomes = []string{
	string(gateway.Approved), string(gateway.Declined), string(gateway.Rejected), string(gateway.NotSent), string(gateway.Unknown),
}

// New puts a guard before a processor.
func New(next gateway.Processor, config Config) *Guard {
	config = config.withDefaults()
	g := &Guard{next: next, config: config, slots: newSlots(config)}
	g.money = &class{
		breaker:    NewBreaker(Money, config.Breaker, config.changed),
		maxWaiting: int64(config.MaxQueue),
		attempts:   newTally(outcomes...),
		refused:    newTally(reasons...),
	}
	// Looks that wait hold one second's slots at most, and so do shoppers who open
	// the form. A reconciler with much to look up must not push a checkout past its
	// time to send.
	oneSecond := int64(min(config.RatePerSecond, config.MaxQueue))
	g.look = &class{
		breaker:    NewBreaker(Look, config.Breaker, config.changed),
		timeout:    config.LookTimeout,
		maxWaiting: oneSecond,
		attempts:   newTally(lookFound, lookNotFound, lookFailed),
		refused:    newTally(reasons...),
	}
	// The form has a breaker of its own: shoppers who open it while it fails must
	// not keep lost answers from being found.
	g.form = &class{
		breaker:    NewBreaker(Form, config.Breaker, config.changed),
		timeout:    config.LookTimeout,
		maxWaiting: oneSecond,
		attempts:   newTally(formGiven, formRefused, lookFailed),
		refused:    newTally(reasons...),
	}
	g.enhanced = &class{
		breaker:    NewBreaker(Enhanced, config.Breaker, config.changed),
		maxWaiting: oneSecond,
		attempts:   newTally(outcomes...),
		refused:    newTally(reasons...),
	}
	// Deletions of stored cards are tried again by nobody's wish, so one that keeps
	// failing would find the door that a charge needs half open, and shut it.
	g.vault = &class{
		breaker:    NewBreaker(Vault, config.Breaker, config.changed),
		maxWaiting: oneSecond,
		attempts:   newTally(outcomes...),
		refused:    newTally(reasons...),
	}
	// A report may take as long as who asks for it waits, and how little that is says
	// nothing about the processor: no look, on which refunds wait, is held up by it.
	g.report = &class{
		breaker:    NewBreaker(Report, config.Breaker, config.changed),
		once:       true,
		maxWaiting: oneSecond,
		attempts:   newTally(formGiven, formRefused, lookFailed),
		refused:    newTally(reasons...),
	}
	g.through = g.stack()
	return g
}

// stack is the order of the protections.
func (g *Guard) stack() stage {
	return g.withDeadline(
		g.withRetries(
			g.withSlot(
				withBreaker(
					attempt))))
}

// Charge makes a sale or an authorization.
func (g *Guard) Charge(ctx context.Context, c gateway.Charge) gateway.Result {
	return g.operate(ctx, c.SendBefore, func(ctx context.Context) gateway.Result { return g.next.Charge(ctx, c) })
}

// Capture takes the money of an authorization, or part of it.
func (g *Guard) Capture(ctx context.Context, c gateway.Capture) gateway.Result {
	return g.operate(ctx, c.SendBefore, func(ctx context.Context) gateway.Result { return g.next.Capture(ctx, c) })
}

// Void undoes an unsettled transaction.
func (g *Guard) Void(ctx context.Context, v gateway.Void) gateway.Result {
	return g.operate(ctx, v.SendBefore, func(ctx context.Context) gateway.Result { return g.next.Void(ctx, v) })
}

// Refund returns money of a settled transaction.
func (g *Guard) Refund(ctx context.Context, r gateway.Refund) gateway.Result {
	return g.operate(ctx, r.SendBefore, func(ctx context.Context) gateway.Result { return g.next.Refund(ctx, r) })
}

// Enhance adds enhanced data to a charge.
func (g *Guard) Enhance(ctx context.Context, e gateway.Enhance) gateway.Result {
	return g.send(ctx, &call{class: g.enhanced}, func(ctx context.Context) gateway.Result { return g.next.Enhance(ctx, e) })
}

// CreateProfile makes a profile in the processor's vault.
func (g *Guard) CreateProfile(ctx context.Context, p gateway.SaveProfile) gateway.Result {
	return g.keep(ctx, p.SendBefore, func(ctx context.Context) gateway.Result { return g.next.CreateProfile(ctx, p) })
}

// UpdateProfile changes a profile.
func (g *Guard) UpdateProfile(ctx context.Context, p gateway.SaveProfile) gateway.Result {
	return g.keep(ctx, p.SendBefore, func(ctx context.Context) gateway.Result { return g.next.UpdateProfile(ctx, p) })
}

// DeleteProfile deletes a profile.
func (g *Guard) DeleteProfile(ctx context.Context, p gateway.RemoveProfile) gateway.Result {
	return g.keep(ctx, p.SendBefore, func(ctx context.Context) gateway.Result { return g.next.DeleteProfile(ctx, p) })
}

// Profile looks one profile up. When the guard refuses, the error wraps a
// *Refused.
func (g *Guard) Profile(ctx context.Context, id string) (gateway.ProfileSummary, error) {
	some := func(gateway.ProfileSummary) bool { return true }
	return inspect(ctx, g, some, func(ctx context.Context) (gateway.ProfileSummary, error) { return g.next.Profile(ctx, id) })
}

// Transaction looks one transaction up. When the guard refuses, the error
// wraps a *Refused.
func (g *Guard) Transaction(ctx context.Context, id string) (gateway.Record, error) {
	some := func(gateway.Record) bool { return true }
	return inspect(ctx, g, some, func(ctx context.Context) (gateway.Record, error) { return g.next.Transaction(ctx, id) })
}

// Transactions looks up what was made on the days from..to. When the guard
// refuses, the error wraps a *Refused.
func (g *Guard) Transactions(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
	some := func(rows []gateway.Record) bool { return len(rows) > 0 }
	return inspect(ctx, g, some, func(ctx context.Context) ([]gateway.Record, error) {
		return g.next.Transactions(ctx, from, to, text)
	})
}

// ClientKey asks for the key of the processor's card form. When the guard
// refuses, the error wraps a *Refused.
func (g *Guard) ClientKey(ctx context.Context) (gateway.ClientKey, error) {
	return ask(ctx, g, g.form, g.next.ClientKey, given[gateway.ClientKey])
}

// Books shows what was made on the days from..to. When the guard refuses, the error
// wraps a *Refused.
func (g *Guard) Books(ctx context.Context, from, to time.Time) ([]gateway.Record, error) {
	books := func(ctx context.Context) ([]gateway.Record, error) { return g.next.Books(ctx, from, to) }
	return ask(ctx, g, g.report, books, given[[]gateway.Record])
}

// given is the outcome of a call that is given what it asks for, or is not.
func given[T any](_ T, err error) string {
	switch {
	case err == nil:
		return formGiven
	case errors.Is(err, gateway.ErrCredentials):
		return formRefused // PayTrace has answered
	}
	return lookFailed
}
