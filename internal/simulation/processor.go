package simulation

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

var _ gateway.Processor = (*processorPort)(nil)

// processorPort is one instance's way to PayTrace, above the guard. It writes
// down what the instance hands over, and is where it crashes around a sending.
type processorPort struct {
	instance *instance
	next     gateway.Processor
}

// crashDuring is how soon a crash during a sending comes.
const crashDuring = 400 * time.Millisecond

func (p *processorPort) send(kind, subject, about string, before time.Time, do func() gateway.Result) gateway.Result {
	dead := gateway.Result{Outcome: gateway.Unknown, Detail: errCrashed.Error()}
	s := p.instance.step("send."+kind, about)
	if p.instance.crashed() || s.crash(CrashBeforeSend, stepCrash) {
		return dead
	}
	ended := p.instance.world.record.send(history.Send{
		At: time.Now(), Instance: p.instance.name, Kind: kind, Subject: subject, SendBefore: before,
	})
	if s.strikes(CrashDuringSend, stepCrash) {
		after := p.instance.world.between(0, crashDuring, "during", s.name)
		timer := time.AfterFunc(after, func() { s.crash(CrashDuringSend, 1) })
		defer timer.Stop()
	}
	r := do()
	ended(string(r.Outcome))
	if p.instance.crashed() || s.crash(CrashAfterSend, stepCrash) {
		return dead
	}
	return r
}

// Charge implements gateway.Processor.
func (p *processorPort) Charge(ctx context.Context, c gateway.Charge) gateway.Result {
	kind := string(gateway.KindSale)
	if c.Intent == gateway.IntentAuthorize {
		kind = string(gateway.KindAuthorize)
	}
	return p.send(kind, c.Reference, c.OrderID, c.SendBefore, func() gateway.Result { return p.next.Charge(ctx, c) })
}

// Capture implements gateway.Processor.
func (p *processorPort) Capture(ctx context.Context, c gateway.Capture) gateway.Result {
	return p.send(history.Capture, c.TransactionID, c.TransactionID, c.SendBefore, func() gateway.Result { return p.next.Capture(ctx, c) })
}

// Void implements gateway.Processor.
func (p *processorPort) Void(ctx context.Context, v gateway.Void) gateway.Result {
	return p.send(history.Void, v.TransactionID, v.TransactionID, v.SendBefore, func() gateway.Result { return p.next.Void(ctx, v) })
}

// Refund implements gateway.Processor.
func (p *processorPort) Refund(ctx context.Context, r gateway.Refund) gateway.Result {
	return p.send(history.Refund, r.TransactionID, r.TransactionID, r.SendBefore, func() gateway.Result { return p.next.Refund(ctx, r) })
}

// CreateProfile implements gateway.Profiles.
func (p *processorPort) CreateProfile(ctx context.Context, s gateway.SaveProfile) gateway.Result {
	return p.send(string(gateway.VaultAdd), s.ProfileID, s.ProfileID, s.SendBefore, func() gateway.Result { return p.next.CreateProfile(ctx, s) })
}

// UpdateProfile implements gateway.Profiles.
func (p *processorPort) UpdateProfile(ctx context.Context, s gateway.SaveProfile) gateway.Result {
	return p.send(string(gateway.VaultReplace), s.ProfileID, s.ProfileID, s.SendBefore, func() gateway.Result { return p.next.UpdateProfile(ctx, s) })
}

// DeleteProfile implements gateway.Profiles.
func (p *processorPort) DeleteProfile(ctx context.Context, r gateway.RemoveProfile) gateway.Result {
	return p.send(string(gateway.VaultRemove), r.ProfileID, r.ProfileID, r.SendBefore, func() gateway.Result { return p.next.DeleteProfile(ctx, r) })
}

// Profile implements gateway.Profiles.
func (p *processorPort) Profile(ctx context.Context, id string) (gateway.CardSummary, error) {
	if p.instance.crashed() {
		return gateway.CardSummary{}, errCrashed
	}
	return p.next.Profile(ctx, id)
}

// Transaction implements gateway.Inspector.
func (p *processorPort) Transaction(ctx context.Context, id string) (gateway.Record, error) {
	if p.instance.crashed() {
		return gateway.Record{}, errCrashed
	}
	return p.next.Transaction(ctx, id)
}

// Transactions implements gateway.Inspector.
func (p *processorPort) Transactions(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
	if p.instance.crashed() {
		return nil, errCrashed
	}
	return p.next.Transactions(ctx, from, to, text)
}

// ClientKey implements gateway.CardForm.
func (p *processorPort) ClientKey(ctx context.Context) (gateway.ClientKey, error) {
	if p.instance.crashed() {
		return gateway.ClientKey{}, errCrashed
	}
	return p.next.ClientKey(ctx)
}
