package simulator

import (
	"cmp"
	"fmt"
	"strconv"
)

// clerkCustomerKinds are the things that a clerk can do to the vault.
var clerkCustomerKinds = map[string]func(*Simulator, ClerkRequest) (*customer, error){
	"customer_create": (*Simulator).clerkStores,
	"customer_update": (*Simulator).clerkChanges,
	"customer_delete": (*Simulator).clerkDeletes,
}

func (s *Simulator) clerkStores(q ClerkRequest) (*customer, error) {
	if _, taken := s.books.Customers[q.CustomerID]; taken {
		return nil, problems{errCustomerExists}
	}
	q.Card = cmp.Or(q.Card, brandVisa)
	c, err := s.clerksCard(q, card{Month: 12, Year: 2030})
	if err != nil {
		return nil, err
	}
	added := &customer{ID: q.CustomerID, Card: c, HasCard: true, Billing: address{Name: "Phone Customer"}, CreatedAt: s.now(), By: clerk}
	s.addCustomer(added, payer{})
	return added, nil
}

// clerkChanges changes what the request names: the card, its expiry or both.
func (s *Simulator) clerkChanges(q ClerkRequest) (*customer, error) {
	old, err := s.clerksCustomer(q)
	if err != nil {
		return nil, err
	}
	changed := *old
	if changed.Card, err = s.clerksCard(q, old.Card); err != nil {
		return nil, err
	}
	s.addCustomer(&changed, payer{})
	return &changed, nil
}

func (s *Simulator) clerkDeletes(q ClerkRequest) (*customer, error) {
	gone, err := s.clerksCustomer(q)
	if err != nil {
		return nil, err
	}
	s.forgetCustomer(gone)
	return gone, nil
}

// clerksCustomer is the one that the clerk has open.
func (s *Simulator) clerksCustomer(q ClerkRequest) (*customer, error) {
	u, known := s.books.Customers[q.CustomerID]
	if !known {
		return nil, problems{errCustomerNotFound(q.CustomerID)}
	}
	return u, nil
}

// clerksCard is the sandbox card that the clerk names, or else the old one, with
// the expiry that the clerk names, or else the old one's.
func (s *Simulator) clerksCard(q ClerkRequest, old card) (card, error) {
	number, err := sandboxNumber(cmp.Or(q.Card, brandVisa))
	if err != nil {
		return card{}, err
	}
	month, year := cmp.Or(q.ExpirationMonth, strconv.Itoa(old.Month)), cmp.Or(q.ExpirationYear, strconv.Itoa(old.Year))
	c, wrong := newCard(number, month, year, s.books.FingerprintKey, &s.settings)
	if len(wrong) > 0 {
		return card{}, wrong
	}
	if q.Card == "" {
		old.Month, old.Year = c.Month, c.Year
		return old, nil
	}
	return c, nil
}

// sandboxNumber is the test card of a brand; "demo" means visa.
func sandboxNumber(brand string) (string, error) {
	if brand == "demo" {
		brand = brandVisa
	}
	number, known := sandboxCards[brand]
	if !known {
		return "", fmt.Errorf("card must be demo, %s, %s, %s or %s", brandVisa, brandMasterCard, brandAmEx, brandDiscover)
	}
	return number, nil
}
