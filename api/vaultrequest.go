package api

import (
	"regexp"

	"github.com/go-playground/validator/v10"

	"paytrace-gateway/gateway"
)

// createCustomerRequest is the body of POST /api/v1/customer_vault.
type createCustomerRequest struct {
	CustomerID      string          `json:"customerId" validate:"omitempty,max=64,pathid"`
	PaymentMethod   *cardToStore    `json:"paymentMethod" validate:"required"`
	BillingAddress  *address        `json:"billingAddress"`
	ShippingAddress *address        `json:"shippingAddress"`
	SourceRecords   customerRecords `json:"sourceRecords"`
}

// updateCustomerRequest is the body of PATCH /api/v1/customer_vault/{customerId}.
type updateCustomerRequest struct {
	DefaultPaymentMethodID string           `json:"defaultPaymentMethodId" validate:"max=64,printable"`
	SourceRecords          *customerRecords `json:"sourceRecords"`
}

// addMethodRequest is the body of POST
// /api/v1/customer_vault/{customerId}/payments.
type addMethodRequest struct {
	PaymentMethod   *cardToStore `json:"paymentMethod" validate:"required"`
	MakeDefault     bool         `json:"makeDefault"`
	BillingAddress  *address     `json:"billingAddress"`
	ShippingAddress *address     `json:"shippingAddress"`
}

// updateMethodRequest is the body of PATCH
// /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}.
type updateMethodRequest struct {
	PaymentMethod   *cardToReplace `json:"paymentMethod"`
	MakeDefault     bool           `json:"makeDefault"`
	BillingAddress  *address       `json:"billingAddress"`
	ShippingAddress *address       `json:"shippingAddress"`
}

// customerRecords are the Salesforce records that a customer belongs to.
type customerRecords struct {
	AccountID string `json:"accountId,omitempty" validate:"max=18,printable"`
	ContactID string `json:"contactId,omitempty" validate:"max=18,printable"`
}

// cardToStore says where the card, or the bank account, of a new payment method
// comes from.
type cardToStore struct {
	HostedFields     *hostedFields     `json:"hostedFields"`
	EncryptedCard    *encryptedCard    `json:"encryptedCard"`
	EarlierPayment   *earlierPayment   `json:"earlierPayment"`
	ProcessorProfile *processorProfile `json:"processorProfile"`
	BankAccount      *bankAccount      `json:"bankAccount"`
	Card             *rawCard          `json:"card" validate:"-"`
}

// rawCard is known so that it can be refused by name; its digits are read
// into nothing.
type rawCard struct {
	CardNumber      discarded `json:"cardNumber"`
	CSC             discarded `json:"csc"`
	ExpirationMonth discarded `json:"expirationMonth"`
	ExpirationYear  discarded `json:"expirationYear"`
}

type discarded struct{}

func (*discarded) UnmarshalJSON([]byte) error { return nil }

type earlierPayment struct {
	TransactionID string `json:"transactionId" validate:"required,max=64,printable"`
}

type processorProfile struct {
	ProfileID string `json:"profileId" validate:"required,max=64,printable"`
}

// cardToReplace is a card, or a bank account, that takes the place of one that is
// stored.
type cardToReplace struct {
	HostedFields  *hostedFields  `json:"hostedFields"`
	EncryptedCard *encryptedCard `json:"encryptedCard"`
	BankAccount   *bankAccount   `json:"bankAccount"`
	Card          *rawCard       `json:"card" validate:"-"`
}

func exactlyOneCard(level validator.StructLevel) {
	m := level.Current().Interface().(cardToStore)
	exactlyOne(level, "hostedFields, encryptedCard, bankAccount, earlierPayment, processorProfile, card",
		m.HostedFields != nil, m.EncryptedCard != nil, m.BankAccount != nil, m.EarlierPayment != nil, m.ProcessorProfile != nil, m.Card != nil)
}

func exactlyOneReplacement(level validator.StructLevel) {
	m := level.Current().Interface().(cardToReplace)
	exactlyOne(level, "hostedFields, encryptedCard, bankAccount, card",
		m.HostedFields != nil, m.EncryptedCard != nil, m.BankAccount != nil, m.Card != nil)
}

var pathForm = regexp.MustCompile(`^[A-Za-z0-9._~:@-]+$`)

// pathID says that an id can stand in a path as it is. Clients and proxies take
// the two dots for steps.
func pathID(s string) bool { return pathForm.MatchString(s) && s != "." && s != ".." }

// rawCard says that the body holds a plain card.
func (r createCustomerRequest) rawCard() bool { return r.PaymentMethod.rawCard() }
func (r addMethodRequest) rawCard() bool      { return r.PaymentMethod.rawCard() }
func (r updateMethodRequest) rawCard() bool {
	return r.PaymentMethod != nil && r.PaymentMethod.Card != nil
}
func (m *cardToStore) rawCard() bool { return m != nil && m.Card != nil }

// account is the bank account in the body, nil without one.
func (r createCustomerRequest) account() *bankAccount { return r.PaymentMethod.account() }
func (r addMethodRequest) account() *bankAccount      { return r.PaymentMethod.account() }
func (r updateMethodRequest) account() *bankAccount {
	if r.PaymentMethod == nil {
		return nil
	}
	return r.PaymentMethod.BankAccount
}
func (m *cardToStore) account() *bankAccount {
	if m == nil {
		return nil
	}
	return m.BankAccount
}

// empty says that the body asks for nothing.
func (r updateMethodRequest) empty() bool {
	return r.PaymentMethod == nil && r.BillingAddress == nil && r.ShippingAddress == nil && !r.MakeDefault
}

func (r updateCustomerRequest) empty() bool {
	return r.DefaultPaymentMethodID == "" && r.SourceRecords == nil
}

func (r createCustomerRequest) command() gateway.CreateCustomer {
	return gateway.CreateCustomer{
		CustomerID: r.CustomerID, Source: r.SourceRecords.source(), Card: r.PaymentMethod.stored(),
		Billing: (*gateway.Address)(r.BillingAddress), Shipping: (*gateway.Address)(r.ShippingAddress),
	}
}

func (r addMethodRequest) command(customerID string) gateway.AddMethod {
	return gateway.AddMethod{
		CustomerID: customerID, Card: r.PaymentMethod.stored(), Default: r.MakeDefault,
		Billing: (*gateway.Address)(r.BillingAddress), Shipping: (*gateway.Address)(r.ShippingAddress),
	}
}

func (r updateMethodRequest) command(customerID, methodID string) gateway.UpdateMethod {
	cmd := gateway.UpdateMethod{
		CustomerID: customerID, MethodID: methodID, Default: r.MakeDefault,
		Billing: (*gateway.Address)(r.BillingAddress), Shipping: (*gateway.Address)(r.ShippingAddress),
	}
	if m := r.PaymentMethod; m != nil {
		cmd.Card = newMethod(m.HostedFields, m.EncryptedCard, m.BankAccount)
	}
	return cmd
}

func (r updateCustomerRequest) command(customerID string) gateway.UpdateCustomer {
	cmd := gateway.UpdateCustomer{CustomerID: customerID, DefaultMethodID: r.DefaultPaymentMethodID}
	if r.SourceRecords != nil {
		source := r.SourceRecords.source()
		cmd.Source = &source
	}
	return cmd
}

func (r customerRecords) source() gateway.SourceRecords {
	return gateway.SourceRecords{AccountID: r.AccountID, ContactID: r.ContactID}
}

func (m *cardToStore) stored() gateway.StoredCard {
	stored := gateway.StoredCard{Method: newMethod(m.HostedFields, m.EncryptedCard, m.BankAccount)}
	if m.EarlierPayment != nil {
		stored.TransactionID = m.EarlierPayment.TransactionID
	}
	if m.ProcessorProfile != nil {
		stored.ProcessorProfile = m.ProcessorProfile.ProfileID
	}
	return stored
}
