package gateway

import (
	"context"
	"errors"
)

// With the account or the address of another merchant, PayTrace shows none of
// our profiles, and the comparison would empty the vault within two hours. So
// each card that it takes out needs a witness: another profile of the merchant
// that PayTrace shows in the same round.

const (
	// witnessPage is among how many customers a witness is sought, witnessesAtMost
	// how many of their profiles are looked at.
	witnessPage     = 32
	witnessesAtMost = 3
)

// believed says whether the profile of a method is gone, as PayTrace says. It is
// where another one is shown, or where there is no other.
func (r *comparison) believed(ctx context.Context, c VaultCustomer, gone VaultMethod) (bool, error) {
	if r.shown > 0 {
		r.shown--
		return true, nil
	}
	if r.doubted {
		return false, nil
	}
	witnesses, alone, err := r.witnesses(ctx, c, gone)
	if err != nil || alone {
		return alone, err
	}
	for _, m := range witnesses {
		_, err := r.profile(ctx, r.merchant, m.ProfileID)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return false, err
		}
	}
	r.doubted = true
	r.log.Error("vault.not_believed", "merchant", r.merchant.ID, "customer", c.ID, "method", gone.ID, "asked", len(witnesses),
		"consequence", "PayTrace shows none of the stored cards; none is taken out of the vault before it shows another one")
	return false, nil
}

// witnesses are methods whose profiles should be there, alone that the merchant
// has no other method. They are sought with the customer and with those behind
// it, and from the first one on where there are none.
func (r *comparison) witnesses(ctx context.Context, c VaultCustomer, gone VaultMethod) (found []VaultMethod, alone bool, err error) {
	alone = true
	for _, after := range []string{c.ID, ""} {
		page, err := r.ledger.Customers(ctx, CustomerFilter{
			MerchantID: c.MerchantID, LiveMode: c.LiveMode, After: after, Limit: witnessPage,
		})
		if err != nil {
			return nil, false, unavailable(err)
		}
		for _, customer := range append([]VaultCustomer{c}, page...) {
			for _, m := range customer.Methods {
				alone = alone && m.ID == gone.ID
				if m.ID != gone.ID && m.Misses == 0 && customer.Pending[m.ID] == "" && len(found) < witnessesAtMost {
					found = append(found, m)
				}
			}
		}
		if len(found) > 0 {
			break
		}
	}
	return found, alone, nil
}
