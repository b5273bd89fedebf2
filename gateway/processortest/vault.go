package processortest

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"

	"paytrace-gateway/gateway"
)

// vault is the part of the books that holds stored cards.
type vault struct {
	profiles map[string]gateway.ProfileSummary
	// deleted are the profiles that once were: only they are known not to be
	// there. Tests charge profiles that they never stored.
	deleted map[string]bool
	// spent are the tokens of hosted fields that have stored a card.
	spent map[string]bool
	// spoilt are the profiles that cannot be shown.
	spoilt map[string]bool
}

func newVault() vault {
	return vault{profiles: map[string]gateway.ProfileSummary{}, deleted: map[string]bool{}, spent: map[string]bool{}, spoilt: map[string]bool{}}
}

// stored is the card of hosted fields and of earlier transactions, which bring
// none that could be read here.
var stored = gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"}

// Account is a way to pay with a bank account.
func Account() gateway.PaymentMethod {
	return gateway.PaymentMethod{EncryptedBankAccount: &gateway.EncryptedBankAccount{
		AccountNumber: "sealed", RoutingNumber: "325070760", AccountType: gateway.Checking, HolderType: gateway.Personal, HolderName: "Ann Doe",
	}}
}

// Fields makes hosted fields with a new token.
func Fields() gateway.PaymentMethod {
	return gateway.PaymentMethod{HostedFields: &gateway.HostedFields{Token: rand.Text(), EncryptionKey: "key"}}
}

// Profiles are the stored cards and accounts by the id of their profile.
func (p *Processor) Profiles() map[string]gateway.ProfileSummary {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.vault.profiles)
}

// ClerkStores makes or changes a profile at the processor's own screens.
func (p *Processor) ClerkStores(profileID string, card gateway.CardSummary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vault.put(profileID, gateway.ProfileSummary{Card: card})
}

// ClerkStoresAccount is ClerkStores of a bank account.
func (p *Processor) ClerkStoresAccount(profileID, lastFour string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vault.put(profileID, gateway.ProfileSummary{Bank: gateway.BankSummary{LastFour: lastFour}})
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

func (v *vault) put(profileID string, shown gateway.ProfileSummary) {
	v.profiles[profileID] = shown
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
		return p.store(s, gateway.ProfileSummary{Card: stored})
	})
}

// UpdateProfile changes what the request names.
func (p *Processor) UpdateProfile(ctx context.Context, s gateway.SaveProfile) gateway.Result {
	return p.call(ctx, "update_profile", s.SendBefore, func() gateway.Result {
		shown, there := p.vault.profiles[s.ProfileID]
		if !there {
			return refused(gateway.RejectedNoProfile, "")
		}
		return p.store(s, shown)
	})
}

// storedAccount ends the number of an account that was encrypted.
const storedAccount = "7766"

// store puts the request's card or account into the profile, or else what is
// given.
func (p *Processor) store(s gateway.SaveProfile, shown gateway.ProfileSummary) gateway.Result {
	switch m := s.Method; {
	case m.HostedFields != nil:
		if p.vault.spent[m.HostedFields.Token] {
			return refused("961", "paymentMethod.hostedFields.hpfToken")
		}
		p.vault.spent[m.HostedFields.Token] = true
		shown.Card = stored
	case m.EncryptedCard != nil:
		shown.Card = stored
		shown.Card.ExpirationMonth, shown.Card.ExpirationYear = m.EncryptedCard.ExpirationMonth, m.EncryptedCard.ExpirationYear
	case m.Card != nil:
		shown.Card = m.Card.Summary()
	case m.BankAccount != nil:
		shown = gateway.ProfileSummary{Bank: gateway.BankSummary{LastFour: m.BankAccount.Summary().LastFour}}
	case m.EncryptedBankAccount != nil:
		shown = gateway.ProfileSummary{Bank: gateway.BankSummary{LastFour: storedAccount}}
	}
	p.vault.put(s.ProfileID, shown)
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

// Profile shows a stored card or account. HideCards hides it, the profile shows
// all the same.
func (p *Processor) Profile(ctx context.Context, profileID string) (gateway.ProfileSummary, error) {
	p.mu.Lock()
	p.calls["profile"]++
	shown, there := p.vault.profiles[profileID]
	if p.blind {
		shown = gateway.ProfileSummary{}
	}
	before, spoilt := p.before, p.vault.spoilt[profileID]
	p.mu.Unlock()
	if before != nil && before(ctx, "profile") != nil {
		return gateway.ProfileSummary{}, context.DeadlineExceeded
	}
	if spoilt {
		return gateway.ProfileSummary{}, errors.New("this profile cannot be shown")
	}
	if !there {
		return gateway.ProfileSummary{}, gateway.ErrNotFound
	}
	return shown, nil
}

func refused(code, field string) gateway.Result {
	return gateway.Result{
		Outcome: gateway.Rejected, Detail: "error " + code,
		Rejection: &gateway.Rejection{Code: code, Message: "The card was not stored.", Field: field},
	}
}
