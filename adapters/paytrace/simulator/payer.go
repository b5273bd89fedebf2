package simulator

// keyedCard is the card in the request, in the clear or encrypted.
func keyedCard(s *Simulator, q *request) (payer, problems) {
	number, csc := string(q.CreditCard.Number), string(q.CSC)
	if q.CreditCard.EncryptedNumber != "" {
		// What cannot be decrypted stays empty, and so is no valid number.
		number = s.decrypt(string(q.CreditCard.EncryptedNumber))
	}
	if q.EncryptedCSC != "" {
		csc = s.decrypt(string(q.EncryptedCSC))
	}
	c, wrong := newCard(number, string(q.CreditCard.ExpirationMonth), string(q.CreditCard.ExpirationYear), s.books.FingerprintKey, &s.settings)
	if len(wrong) > 0 {
		return payer{}, wrong
	}
	return payer{
		card: c, csc: cscVerdict(c.Brand, csc, &s.settings),
		billing: q.BillingAddress, shipping: q.ShippingAddress, keyed: true,
	}, nil
}

// customersCard is the card of a vault customer.
func customersCard(s *Simulator, q *request) (payer, problems) {
	customer, known := s.books.Customers[string(q.CustomerID)]
	if !known || !customer.HasCard {
		return payer{}, problems{errCustomerNotFound(string(q.CustomerID))}
	}
	return payer{
		card: customer.Card, csc: cscVerdict(customer.Card.Brand, string(q.CSC), &s.settings),
		billing: q.BillingAddress.or(customer.Billing), shipping: q.ShippingAddress.or(customer.Shipping),
		customerID: customer.ID,
	}, nil
}

// transactionsCard is the card of an earlier transaction.
func transactionsCard(s *Simulator, q *request) (payer, problems) {
	t, wrong := s.find(q)
	if len(wrong) > 0 {
		return payer{}, wrong
	}
	return payer{
		card: t.Card, csc: cscVerdict(t.Card.Brand, string(q.CSC), &s.settings),
		billing: q.BillingAddress.or(t.Billing), shipping: q.ShippingAddress.or(t.Shipping),
		customerID: t.CustomerID,
	}, nil
}

// hostedCard is the card that the hosted fields have taken.
func hostedCard(s *Simulator, q *request) (payer, problems) {
	h, known := s.books.HostedFields[string(q.HPFToken)]
	if !known || h.EncKey != string(q.EncKey) {
		return payer{}, problems{errPaymentFields}
	}
	return payer{
		card: h.Card, csc: h.CSC, billing: q.BillingAddress, shipping: q.ShippingAddress,
		hostedToken: string(q.HPFToken),
	}, nil
}

// find is the transaction that a request names.
func (s *Simulator) find(q *request) (*transaction, problems) {
	id, ok := parseID(q.TransactionID)
	if !ok {
		return nil, problems{s.settings.blankID()}
	}
	t, known := s.indexes.byID[id]
	if !known {
		return nil, problems{errNotFound}
	}
	return t, nil
}

// or is the address, or the other one when this one is empty.
func (a address) or(other address) address {
	if a == (address{}) {
		return other
	}
	return a
}
