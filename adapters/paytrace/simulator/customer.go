package simulator

import (
	"fmt"
	"strconv"
)

type customerAnswer struct {
	header
	CustomerID       string `json:"customer_id"`
	MaskedCardNumber string `json:"masked_card_number,omitempty"`
}

// createCustomer adds a profile to the vault; without an id PayTrace gives one.
func createCustomer(from payerFrom) func(*Simulator, *call) answer {
	return func(s *Simulator, c *call) answer {
		added := s.newCustomer(c)
		p, wrong := added.readMethod(s, &c.request, from)
		if added.Billing.Name == "" {
			wrong = append(wrong, s.settings.Errors.BillingName)
		}
		if len(wrong) > 0 {
			return s.refuse(c, wrong...)
		}
		return s.create(c, added, p)
	}
}

// createFromTransaction makes a profile of the card of an earlier transaction,
// and of its addresses where the request has none. The documentation asks for no
// name there.
func createFromTransaction(s *Simulator, c *call) answer {
	p, wrong := transactionsCard(s, &c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	added := s.newCustomer(c)
	added.Card, added.HasCard, added.Billing, added.Shipping = p.card, true, p.billing, p.shipping
	return s.create(c, added, p)
}

func (s *Simulator) create(c *call, added *customer, p payer) answer {
	if _, taken := s.books.Customers[added.ID]; taken {
		return s.refuseMasked(c, p.answerMask(), errCustomerExists)
	}
	s.addCustomer(added, p)
	return customerDone(160, "created", added, p)
}

func (s *Simulator) newCustomer(c *call) *customer {
	return &customer{
		ID: string(c.CustomerID), Billing: c.BillingAddress, Shipping: c.ShippingAddress,
		Email: string(c.Email), Phone: string(c.Phone), Fax: string(c.Fax),
		CreatedAt: s.now(), By: s.options.Username, FromIP: c.ip,
	}
}

// readMethod reads the profile's card, or its bank account where a keyed request
// has one instead.
func (u *customer) readMethod(s *Simulator, q *request, from payerFrom) (payer, problems) {
	if q.Check != (checkFields{}) && q.CreditCard == (cardFields{}) && q.HPFToken == "" {
		last4, wrong := s.readCheck(q.Check)
		if len(wrong) == 0 {
			u.AccountLast4, u.RoutingNumber = last4, string(q.Check.RoutingNumber)
		}
		return payer{}, wrong
	}
	p, wrong := from(s, q)
	if len(wrong) == 0 {
		u.Card, u.HasCard = p.card, true
	}
	return p, wrong
}

func (s *Simulator) addCustomer(u *customer, p payer) {
	for u.ID == "" {
		id := strconv.FormatInt(s.books.NextCustomerID, 10)
		s.books.NextCustomerID++
		if _, taken := s.books.Customers[id]; !taken {
			u.ID = id
		}
	}
	delete(s.books.HostedFields, p.hostedToken)
	s.books.Customers[u.ID] = u
	s.changed()
}

func (s *Simulator) forgetCustomer(u *customer) {
	delete(s.books.Customers, u.ID)
	s.changed()
}

// answerMask is the masked card of answers to keyed requests; others have none.
func (p payer) answerMask() string {
	if !p.keyed {
		return ""
	}
	return p.card.mask()
}

func customerDone(code int, verb string, u *customer, p payer) answer {
	message := fmt.Sprintf("The customer profile for %s/%s was successfully %s.", u.ID, u.Billing.Name, verb)
	return done(code, message, 0, customerAnswer{header{true, code, message}, u.ID, p.answerMask()})
}

// updateCustomer changes what the request names and leaves the rest.
func updateCustomer(from payerFrom) func(*Simulator, *call) answer {
	return func(s *Simulator, c *call) answer {
		old, known := s.books.Customers[string(c.CustomerID)]
		if !known {
			return s.refuse(c, errCustomerNotFound(string(c.CustomerID)))
		}
		changed := *old
		var p payer
		if c.HPFToken != "" || c.CreditCard != (cardFields{}) || c.Check != (checkFields{}) {
			var wrong problems
			if p, wrong = changed.readMethod(s, &c.request, from); len(wrong) > 0 {
				return s.refuse(c, wrong...)
			}
		}
		changed.Billing = c.BillingAddress.or(changed.Billing)
		changed.Shipping = c.ShippingAddress.or(changed.Shipping)
		for target, given := range map[*string]text{&changed.Email: c.Email, &changed.Phone: c.Phone, &changed.Fax: c.Fax} {
			if given != "" {
				*target = string(given)
			}
		}
		s.addCustomer(&changed, p)
		return customerDone(161, "updated", &changed, p)
	}
}

func deleteCustomer(s *Simulator, c *call) answer {
	u, known := s.books.Customers[string(c.CustomerID)]
	if !known {
		return s.refuse(c, errCustomerNotFound(string(c.CustomerID)))
	}
	s.forgetCustomer(u)
	return customerDone(162, "deleted", u, payer{})
}

// customerRow is a profile in an export, by analogy with the export of
// transactions: the real members are not known.
type customerRow struct {
	CustomerID      string      `json:"customer_id"`
	CreditCard      exportCard  `json:"credit_card"`
	Check           exportCheck `json:"check"`
	BillingAddress  address     `json:"billing_address"`
	ShippingAddress shippingRow `json:"shipping_address"`
	Email           string      `json:"email"`
	Phone           string      `json:"phone"`
	Fax             string      `json:"fax"`
	Created         created     `json:"created"`
}

// exportCheck is the bank account of a profile, empty without one.
type exportCheck struct {
	MaskedNumber  string `json:"masked_number"`
	RoutingNumber string `json:"routing_number"`
}

func exportCustomer(s *Simulator, c *call) answer {
	u, known := s.books.Customers[string(c.CustomerID)]
	if !known {
		return s.refuse(c, errCustomerNotFound(string(c.CustomerID)))
	}
	row := customerRow{
		CustomerID: u.ID, BillingAddress: u.Billing, ShippingAddress: shippingRow(u.Shipping),
		Email: u.Email, Phone: u.Phone, Fax: u.Fax,
		Created: created{"API", s.exportTime(u.CreatedAt), u.By, u.FromIP},
	}
	if u.HasCard {
		row.CreditCard = exportCardOf(u.Card, c.IncludeBIN.isTrue())
	}
	if u.AccountLast4 != "" {
		row.Check = exportCheck{"*****" + u.AccountLast4, u.RoutingNumber}
	}
	return done(1, exported, 0, struct {
		header
		Customers []customerRow `json:"customers"`
	}{header{true, 1, exported}, []customerRow{row}})
}

// saleWithCustomer is a hosted-fields sale that also makes a profile of the
// card. A declined one makes none.
func saleWithCustomer(s *Simulator, c *call) answer {
	if _, taken := s.books.Customers[string(c.CustomerID)]; taken {
		return s.refuse(c, errCustomerExists)
	}
	p, wrong := hostedCard(s, &c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	a := charging(kindSale, hostedCard)(s, c)
	if a.code != 101 {
		return a
	}
	added := s.newCustomer(c)
	added.Card, added.HasCard = p.card, true
	s.addCustomer(added, p)
	s.indexes.byID[a.transactionID].CustomerID = added.ID
	return a
}

// addDemoCustomers adds the vault customers with which sales work at once.
func (s *Simulator) addDemoCustomers() {
	for brand, number := range sandboxCards {
		id := "demo-" + brand
		if _, taken := s.books.Customers[id]; taken {
			continue
		}
		c, _ := newCard(number, "12", "2030", s.books.FingerprintKey, &s.settings)
		home := address{Name: "Demo Customer", StreetAddress: "8320 E. West St.", City: "Spokane", State: "WA", Zip: "85284", Country: "US"}
		s.books.Customers[id] = &customer{ID: id, Card: c, HasCard: true, Billing: home, CreatedAt: s.now(), By: s.options.Username}
	}
}
