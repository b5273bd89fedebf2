package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// What an admin does to operators. One who works for a merchant that the admin
// does not work for is not found.

const (
	// maxOperators bounds those who may log in.
	maxOperators = 200
	// oneTimeLife is how long a password that was drawn can be used.
	oneTimeLife = 72 * time.Hour
)

// Assignment says who does what, for whom.
type Assignment struct {
	Name string
	Role Role
	// MerchantIDs are, when there are none, the merchant that the caller works for.
	MerchantIDs []string
	By          gateway.Actor
}

// List is all operators whom the caller may manage, by name. Of one who cannot be
// read nobody knows who may.
func (p *People) List(ctx context.Context, who Principal) ([]gateway.Operator, error) {
	all, _, err := p.stored(ctx)
	if err != nil {
		return nil, gateway.LedgerFailed(err)
	}
	return slices.DeleteFunc(all, func(o gateway.Operator) bool { return !p.manages(who, o.MerchantIDs) }), nil
}

// Add lets somebody log in, with the one-time password that it gives.
func (p *People) Add(ctx context.Context, who Principal, a Assignment) (o gateway.Operator, oneTime string, err error) {
	if !operatorName.MatchString(a.Name) {
		return o, "", &gateway.Error{Code: codeInvalidRequest, Field: "operatorName", Message: "expected 1 to 64 of A-Z a-z 0-9 . _ @ -"}
	}
	merchants, err := p.assigned(who, a)
	if err != nil {
		return o, "", err
	}
	if err := p.refresh(ctx); err != nil {
		return o, "", gateway.LedgerFailed(err)
	}
	if p.taken(a.Name) {
		return o, "", nameTaken()
	}
	if err := p.room(); err != nil {
		return o, "", err
	}
	now := p.Now().UTC()
	o = gateway.Operator{
		Name: a.Name, Role: string(a.Role), MerchantIDs: merchants, AddedAt: now, AddedBy: a.By.String(),
		OneTimeUntil: now.Add(oneTimeLife), Generation: 1, Version: 1,
	}
	oneTime = newOneTimePassword()
	o.PasswordHash = hashDrawn(oneTime)
	return o, oneTime, p.save(ctx, o, p.decided(gateway.AuditOperatorAdded, a.By, o))
}

// Assign gives an operator another role, or other merchants.
func (p *People) Assign(ctx context.Context, who Principal, a Assignment) (gateway.Operator, error) {
	merchants, err := p.assigned(who, a)
	if err != nil {
		return gateway.Operator{}, err
	}
	return p.change(ctx, who, a.Name, gateway.AuditOperatorAssigned, a.By, func(o gateway.Operator) (gateway.Operator, error) {
		if o.Subject != "" {
			return o, &gateway.Error{Code: gateway.CodeOperatorsRole,
				Message: "the operator comes by OpenID Connect, and has the role that the identity provider tells; change it there"}
		}
		if len(a.MerchantIDs) == 0 {
			merchants = o.MerchantIDs
		}
		if err := p.answersFor(who, merchants, "role"); err != nil {
			return o, err
		}
		after, changes := o.Assign(string(a.Role), merchants)
		if !changes {
			return o, &gateway.Error{Code: gateway.CodeOperatorsRole, Message: "the operator has this role for these merchants already"}
		}
		return after, nil
	})
}

// Reset lets an operator in anew: with another one-time password, or, who comes
// by OpenID Connect, no longer disabled.
func (p *People) Reset(ctx context.Context, who Principal, name string, by gateway.Actor) (after gateway.Operator, oneTime string, err error) {
	after, err = p.change(ctx, who, name, gateway.AuditOperatorReset, by, func(o gateway.Operator) (gateway.Operator, error) {
		if err := p.answersFor(who, o.MerchantIDs, "reset"); err != nil {
			return o, err
		}
		if o.Subject != "" {
			return o.Reset("", time.Time{}), nil
		}
		oneTime = newOneTimePassword()
		return o.Reset(hashDrawn(oneTime), p.Now().UTC().Add(oneTimeLife)), nil
	})
	return after, oneTime, err
}

// Disable keeps an operator out, and ends all sessions.
func (p *People) Disable(ctx context.Context, who Principal, name string, by gateway.Actor) (gateway.Operator, error) {
	return p.change(ctx, who, name, gateway.AuditOperatorDisabled, by, func(o gateway.Operator) (gateway.Operator, error) {
		return o.Disable(by.String(), p.Now().UTC())
	})
}

// change saves what decide makes of the operator.
func (p *People) change(ctx context.Context, who Principal, name string, action gateway.AuditAction, by gateway.Actor,
	decide func(gateway.Operator) (gateway.Operator, error)) (gateway.Operator, error) {
	if err := p.refresh(ctx); err != nil {
		return gateway.Operator{}, gateway.LedgerFailed(err)
	}
	o, known := p.find(name)
	if !known || !p.manages(who, o.MerchantIDs) {
		return gateway.Operator{}, &gateway.Error{Code: gateway.CodeNotFound, Message: "there is no operator with this name for whom you decide"}
	}
	after, err := decide(o)
	if err != nil {
		return gateway.Operator{}, err
	}
	return after, p.save(ctx, after, p.decided(action, by, after))
}

// save writes the operator, and has it known here at once.
func (p *People) save(ctx context.Context, o gateway.Operator, record gateway.AuditRecord) error {
	err := p.Store.SaveOperator(ctx, o, record)
	switch {
	case errors.Is(err, gateway.ErrStale) && o.Version == 1:
		return nameTaken()
	case errors.Is(err, gateway.ErrStale):
		return &gateway.Error{Code: gateway.CodeInProgress, Message: "somebody else has just changed the operator; look, then try again", Retryable: true}
	case err != nil:
		return gateway.LedgerFailed(err)
	}
	// It is kept whatever comes of this; Run reads it again.
	_ = p.refresh(ctx)
	return nil
}

// decided is the record of what was decided about an operator, without the
// password.
func (p *People) decided(action gateway.AuditAction, by gateway.Actor, after gateway.Operator) gateway.AuditRecord {
	return gateway.AuditRecord{
		At: p.Now(), Actor: by, Action: action, Subject: gateway.AuditSubject{Kind: "operator", ID: after.Name},
		Details: map[string]string{"role": after.Role, "merchants": strings.Join(after.MerchantIDs, " ")},
	}
}

// assigned checks an assignment, and gives the merchants in their order.
func (p *People) assigned(who Principal, a Assignment) ([]string, error) {
	if !slices.Contains(AllRoles(), a.Role) {
		return nil, &gateway.Error{Code: codeInvalidRequest, Field: "role", Message: "expected one of: viewer, operator, admin"}
	}
	merchants := slices.Compact(slices.Sorted(slices.Values(a.MerchantIDs)))
	if len(merchants) == 0 {
		merchants = []string{who.MerchantID}
	}
	unserved := slices.ContainsFunc(merchants, func(id string) bool { _, served := p.Merchants[id]; return !served })
	if unserved || !p.manages(who, merchants) {
		return nil, &gateway.Error{Code: codeInvalidRequest, Field: "merchantIds", Message: "expected merchants of this gateway for which you decide, yours among them"}
	}
	return merchants, nil
}

// manages says whether the caller may decide about who works for these
// merchants: the command at the gateway's machine when its own is among them, an
// admin who works for all of them. Merchants that the gateway has no longer keep
// nobody from shutting somebody out; for more than that see answersFor.
func (p *People) manages(who Principal, merchantIDs []string) bool {
	if who.Role == "" {
		return who.IsOperator() && slices.Contains(merchantIDs, who.MerchantID)
	}
	self, known := p.find(who.ClientID[len(operatorPrefix):])
	served := p.served(merchantIDs)
	return known && len(served) > 0 && !slices.ContainsFunc(served, func(id string) bool { return !slices.Contains(p.worksFor(self), id) })
}

// answersFor is for what lets an operator do more. It refuses unless an admin works
// for all of these merchants, served here or not: another gateway on the ledger may
// have those that this one lacks, and who had the operator's password could decide
// for them there.
func (p *People) answersFor(who Principal, merchantIDs []string, command string) error {
	if who.Role == "" {
		return nil
	}
	self, _ := p.find(who.ClientID[len(operatorPrefix):])
	strange := slices.DeleteFunc(slices.Clone(merchantIDs), func(id string) bool { return slices.Contains(self.MerchantIDs, id) })
	if len(strange) == 0 {
		return nil
	}
	return &gateway.Error{Code: codeForbiddenRole, Message: "the operator also works for " + strings.Join(strange, ", ") + ", for which you do not decide, " +
		"and which another gateway may serve; ask an admin of all these merchants, or whoever looks after this gateway's machine, where the command is: gateway operators " + command}
}

// nameTaken is said of names that differ in capitals alone, too: whoever reads a
// decision would take one person for the other.
func nameTaken() error {
	return &gateway.Error{Code: gateway.CodeOperatorExists, Message: "an operator has or had this name, capitals aside; choose another one"}
}

func (p *People) room() error {
	able := 0
	for _, o := range *p.known.Load() {
		if o.DisabledAt.IsZero() {
			able++
		}
	}
	if able >= maxOperators {
		return &gateway.Error{Code: gateway.CodeTooManyOperators, Message: "there are as many operators as there may be; disable those who are not needed"}
	}
	return nil
}
