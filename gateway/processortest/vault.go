package processortest

import (
	"context"
	"errors"
	"maps"

	"paytrace-gateway/gateway"
)

// vault is the part of the books that holds stored cards.
type vault struct {
	profiles map[string]gateway.CardSummary
	// deleted are the profiles that once were: only they are known not to be
	// there. Tests charge profiles that they never stored.
	deleted map[string]bool
	// spent are the tokens of hosted fields that have stored a card.
	spent map[string]bool
	// spoilt are the profiles that cannot be shown.
	spoilt map[string]bool
}

func newVault() vault {
	return vault{profiles: map[string]gateway.CardSummary{}, deleted: map[string]bool{}, spent: map[string]bool{}, spoilt: map[string]bool{}}
}

// stored is the card of hosted fields and of earlier transactions, which bring
// none that could be read here.
var stored = gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"}

// Fields makes hosted fields with a new token.
func Fields() gateway.PaymentMethod {
	return gateway.PaymentMethod{HostedFields: &gateway.HostedFields{Token: gateway.NewReference(), EncryptionKey: "key"}}
}

// Profiles are the stored cards by the id of their profile.
func (p *Processor) Profiles() map[string]gateway.CardSummary {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.vault.profiles)
}

// ClerkStores makes or changes a profile at the processor's own screens.
func (p *Processor) ClerkStores(profileID string, card gateway.CardSummary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vault.put(profileID, card)
}

// ClerkDeletes deletes a profile at the processor's own screens.
func (p *Processor) ClerkDeletes(profileID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vault.remove(profileID)
}

// Spoil keeps a profile from being shown, as a mistake of the processor's might.
func (p *Processor) Spoil(profileID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vault.spoilt[profileID] = true
}

func (v *vault) put(profileID string, card gateway.CardSummary) {
	v.profiles[profileID] = card
	delete(v.deleted, profileID)
}

func (v *vault) remove(profileID string) {
	delete(v.profiles, profileID)
	v.deleted[profileID] = true
}

// CreateProfile stores a card under an id that has none.
func (p *Processor) CreateProfile(ctx context.Context, s gateway.SaveProfile) gateway.Result {
	return p.call(ctx, "create_profile", s.SendBefore, func() gateway.Result {
		if _, taken := p.vault.profiles[s.ProfileID]; taken {
			return refused(gateway.RejectedProfileTaken, "")
		}
		if _, there := p.books[s.SourceTransactionID]; s.SourceTransactionID != "" && !there {
			return refused("811", "transactionId")
		}
		return p.store(s, stored)
	})
}

// UpdateProfile changes what the request names.
func (p *Processor) UpdateProfile(ctx context.Context, s gateway.SaveProfile) gateway.Result {
	return p.call(ctx, "update_profile", s.SendBefore, func() gateway.Result {
		card, there := p.vault.profiles[s.ProfileID]
		if !there {
			return refused(gateway.RejectedNoProfile, "")
		}
		return p.store(s, card)
	})
}

// store puts the request's card into the profile, or else the one given.
func (p *Processor) store(s gateway.SaveProfile, card gateway.CardSummary) gateway.Result {
	switch m := s.Method; {
	case m.HostedFields != nil:
		if p.vault.spent[m.HostedFields.Token] {
			return refused("961", "paymentMethod.hostedFields.hpfToken")
		}
		p.vault.spent[m.HostedFields.Token] = true
		card = stored
	case m.EncryptedCard != nil:
		card = stored
		card.ExpirationMonth, card.ExpirationYear = m.EncryptedCard.ExpirationMonth, m.EncryptedCard.ExpirationYear
	case m.Card != nil:
		card = m.Card.Summary()
	}
	p.vault.put(s.ProfileID, card)
	return gateway.Result{Outcome: gateway.Approved, Detail: "the profile was stored"}
}

// DeleteProfile deletes a profile that is there.
func (p *Processor) DeleteProfile(ctx context.Context, r gateway.RemoveProfile) gateway.Result {
	return p.call(ctx, "delete_profile", r.SendBefore, func() gateway.Result {
		if _, there := p.vault.profiles[r.ProfileID]; !there {
			return refused(gateway.RejectedNoProfile, "")
		}
		p.vault.remove(r.ProfileID)
		return gateway.Result{Outcome: gateway.Approved, Detail: "the profile was deleted"}
	})
}

// Profile shows a stored card. HideCards hides it, the profile shows all the
// same.
func (p *Processor) Profile(ctx context.Context, profileID string) (gateway.CardSummary, error) {
	p.mu.Lock()
	p.calls["profile"]++
	card, there := p.vault.profiles[profileID]
	if p.blind {
		card = gateway.CardSummary{}
	}
	before, spoilt := p.before, p.vault.spoilt[profileID]
	p.mu.Unlock()
	if before != nil && before(ctx, "profile") != nil {
		return gateway.CardSummary{}, context.DeadlineExceeded
	}
	if spoilt {
		return gateway.CardSummary{}, errors.New("this profile cannot be shown")
	}
	if !there {
		return gateway.CardSummary{}, gateway.ErrNotFound
	}
	return card, nil
}

func refused(code, field string) gateway.Result {
	return gateway.Result{
		Outcome: gateway.Rejected, Detail: "error " + code,
		Rejection: &gateway.Rejection{Code: code, Message: "The card was not stored.", Field: field},
	}
}
