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

// send hands over what is written down in s, but for who sends it and when.
func (p *processorPort) send(about string, sent history.Send, do func() gateway.Result) gateway.Result {
	dead := gateway.Result{Outcome: gateway.Unknown, Detail: errCrashed.Error()}
	s := p.instance.step("send."+sent.Kind, about)
	if p.instance.crashed() || s.crash(CrashBeforeSend, stepCrash) {
		return dead
	}
	sent.At, sent.Instance = time.Now(), p.instance.name
	ended := p.instance.world.record.send(sent)
	if s.strikes(CrashDuringSend, stepCrash) {
		after := p.instance.world.between(0, crashDuring, "during", s.name)
		timer := time.AfterFunc(after, func() { s.crash(CrashDuringSend, 1) })
		defer timer.Stop()
	}
	r := do()
	ended(string(r.Outcome))
	if p.instance.crashed() || s.crash(CrashAfterSend, stepCrash) {
		ended(string(dead.Outcome)) // whatever came, nobody has heard it
		return dead
	}
	return r
}

// Charge implements gateway.Processor.
func (p *processorPort) Charge(ctx context.Context, c gateway.Charge) gateway.Result {
	sent := history.Send{Kind: string(c.Intent), Subject: c.Reference, SendBefore: c.SendBefore, Order: c.OrderID, Profile: c.CustomerID}
	return p.send(p.instance.world.record.order(c.Reference), sent, func() gateway.Result { return p.next.Charge(ctx, c) })
}

// Capture implements gateway.Processor.
func (p *processorPort) Capture(ctx context.Context, c gateway.Capture) gateway.Result {
	return p.send(c.TransactionID, history.Send{Kind: history.Capture, Subject: c.TransactionID, SendBefore: c.SendBefore}, func() gateway.Result { return p.next.Capture(ctx, c) })
}

// Void implements gateway.Processor.
func (p *processorPort) Void(ctx context.Context, v gateway.Void) gateway.Result {
	return p.send(v.TransactionID, history.Send{Kind: history.Void, Subject: v.TransactionID, SendBefore: v.SendBefore}, func() gateway.Result { return p.next.Void(ctx, v) })
}

// Refund implements gateway.Processor.
func (p *processorPort) Refund(ctx context.Context, r gateway.Refund) gateway.Result {
	return p.send(r.TransactionID, history.Send{Kind: history.Refund, Subject: r.TransactionID, SendBefore: r.SendBefore}, func() gateway.Result { return p.next.Refund(ctx, r) })
}

// Enhance implements gateway.Enhancer. It moves no money, and may be sent again
// once PayTrace shows that it was not taken.
func (p *processorPort) Enhance(ctx context.Context, e gateway.Enhance) gateway.Result {
	dead := gateway.Result{Outcome: gateway.Unknown, Detail: errCrashed.Error()}
	s := p.instance.step("send.enhance", e.TransactionID)
	if p.instance.crashed() || s.crash(CrashBeforeSend, stepCrash) {
		return dead
	}
	r := p.next.Enhance(ctx, e)
	if p.instance.crashed() || s.crash(CrashAfterSend, stepCrash) {
		return dead
	}
	return r
}

// profile names a profile alike in every replay.
func (p *processorPort) profile(id string) string { return p.instance.world.record.order(id) }

func saving(verb gateway.VaultVerb, s gateway.SaveProfile) history.Send {
	sent := history.Send{Kind: string(verb), Subject: s.ProfileID, SendBefore: s.SendBefore, Token: s.SourceTransactionID}
	if s.Method.HostedFields != nil {
		sent.Token = s.Method.HostedFields.Token
	}
	if s.Method.EncryptedCard != nil {
		sent.Token = s.Method.EncryptedCard.Number // as it is sent; each is another
	}
	return sent
}

// CreateProfile implements gateway.Profiles.
func (p *processorPort) CreateProfile(ctx context.Context, s gateway.SaveProfile) gateway.Result {
	return p.send(p.profile(s.ProfileID), saving(gateway.VaultAdd, s), func() gateway.Result { return p.next.CreateProfile(ctx, s) })
}

// UpdateProfile implements gateway.Profiles.
func (p *processorPort) UpdateProfile(ctx context.Context, s gateway.SaveProfile) gateway.Result {
	return p.send(p.profile(s.ProfileID), saving(gateway.VaultReplace, s), func() gateway.Result { return p.next.UpdateProfile(ctx, s) })
}

// DeleteProfile implements gateway.Profiles.
func (p *processorPort) DeleteProfile(ctx context.Context, r gateway.RemoveProfile) gateway.Result {
	removing := history.Send{Kind: string(gateway.VaultRemove), Subject: r.ProfileID, SendBefore: r.SendBefore}
	return p.send(p.profile(r.ProfileID), removing, func() gateway.Result { return p.next.DeleteProfile(ctx, r) })
}

// Profile implements gateway.Profiles.
func (p *processorPort) Profile(ctx context.Context, id string) (gateway.ProfileSummary, error) {
	if p.instance.crashed() {
		return gateway.ProfileSummary{}, errCrashed
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

// Books implements gateway.Reporter.
func (p *processorPort) Books(ctx context.Context, from, to time.Time) ([]gateway.Record, error) {
	if p.instance.crashed() {
		return nil, errCrashed
	}
	return p.next.Books(ctx, from, to)
}

// ClientKey implements gateway.CardForm.
func (p *processorPort) ClientKey(ctx context.Context) (gateway.ClientKey, error) {
	if p.instance.crashed() {
		return gateway.ClientKey{}, errCrashed
	}
	return p.next.ClientKey(ctx)
}
