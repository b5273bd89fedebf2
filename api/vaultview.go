package api

import (
	"time"

	"paytrace-gateway/gateway"
)

// customerView is a customer of the vault as the contract shows it. Empty
// members are absent.
type customerView struct {
	CustomerID     string           `json:"customerId"`
	MerchantID     string           `json:"merchantId"`
	LiveMode       bool             `json:"liveMode"`
	PaymentMethods []methodView     `json:"paymentMethods,omitempty"`
	SourceRecords  *customerRecords `json:"sourceRecords,omitempty"`
	CreatedAt      time.Time        `json:"createdAt,omitzero"`
	UpdatedAt      time.Time        `json:"updatedAt,omitzero"`
	Version        int64            `json:"version,omitempty"`
	vaultCallView
}

// methodView is a stored payment method. What PayTrace calls its profile is
// nobody's business outside.
type methodView struct {
	PaymentMethodID string        `json:"paymentMethodId"`
	CardType        gateway.Brand `json:"cardType,omitempty"`
	Last4Digits     string        `json:"last4Digits,omitempty"`
	ExpirationMonth string        `json:"expirationMonth,omitempty"`
	ExpirationYear  string        `json:"expirationYear,omitempty"`
	BankAccount     *bankView     `json:"bankAccount,omitempty"`
	IsDefault       bool          `json:"isDefault"` // Apex has "default" for itself.
	CreatedAt       time.Time     `json:"createdAt,omitzero"`
	UpdatedAt       time.Time     `json:"updatedAt,omitzero"`
}

// methodAnswer is one method by itself, with whose it is.
type methodAnswer struct {
	CustomerID string `json:"customerId"`
	MerchantID string `json:"merchantId"`
	LiveMode   bool   `json:"liveMode"`
	methodView
	vaultCallView
}

// methodList is all of a customer's methods.
type methodList struct {
	Items     []methodView `json:"items"`
	RequestID string       `json:"requestId,omitempty"`
}

// vaultCallView is what an answer says of the request itself.
type vaultCallView struct {
	Operation         *vaultOperationView `json:"operation,omitempty"`
	RequestID         string              `json:"requestId,omitempty"`
	IdempotentReplay  bool                `json:"idempotentReplay,omitempty"`
	RetryAfterSeconds int                 `json:"retryAfterSeconds,omitempty"`
}

type vaultOperationView struct {
	OperationID     string                  `json:"operationId"`
	OperationKind   gateway.VaultVerb       `json:"operationKind"`
	OperationStatus gateway.OperationStatus `json:"operationStatus"`
	PaymentMethodID string                  `json:"paymentMethodId"`
	IdempotencyKey  string                  `json:"idempotencyKey,omitempty"`
	CreatedAt       time.Time               `json:"createdAt"`
	UpdatedAt       time.Time               `json:"updatedAt"`
}

// vaultEventView is what an event of a stored payment method tells.
type vaultEventView struct {
	CustomerID    string           `json:"customerId"`
	MerchantID    string           `json:"merchantId"`
	LiveMode      bool             `json:"liveMode"`
	SourceRecords *customerRecords `json:"sourceRecords,omitempty"`
	PaymentMethod methodView       `json:"paymentMethod"`
	Origin        gateway.Origin   `json:"origin"`
	Version       int64            `json:"version"`
}

func viewOfCustomer(customer gateway.VaultCustomer) customerView {
	return customerView{
		CustomerID: customer.ID, MerchantID: customer.MerchantID, LiveMode: customer.LiveMode,
		PaymentMethods: viewOfMethods(customer), SourceRecords: viewOfRecords(customer.Source),
		CreatedAt: customer.CreatedAt, UpdatedAt: customer.UpdatedAt, Version: customer.Version,
	}
}

func viewOfRecords(source gateway.SourceRecords) *customerRecords {
	if source.AccountID == "" && source.ContactID == "" {
		return nil
	}
	return &customerRecords{AccountID: source.AccountID, ContactID: source.ContactID}
}

func viewOfMethods(customer gateway.VaultCustomer) []methodView {
	methods := make([]methodView, 0, len(customer.Methods))
	for _, m := range customer.Methods {
		methods = append(methods, viewOfMethod(m))
	}
	return methods
}

func viewOfMethod(m gateway.VaultMethod) methodView {
	return methodView{
		PaymentMethodID: m.ID, CardType: m.Card.Brand, Last4Digits: m.Card.LastFour,
		ExpirationMonth: m.Card.ExpirationMonth, ExpirationYear: m.Card.ExpirationYear, BankAccount: viewOfBank(m.Bank),
		IsDefault: m.Default, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
}

func viewOfOneMethod(customer gateway.VaultCustomer, m gateway.VaultMethod) methodAnswer {
	return methodAnswer{CustomerID: customer.ID, MerchantID: customer.MerchantID, LiveMode: customer.LiveMode, methodView: viewOfMethod(m)}
}

// viewOfVaultOperation shows an operation; `sending` is `unknown`, as it is of
// a payment's.
func viewOfVaultOperation(op gateway.VaultOperation) vaultOperationView {
	status := op.Status
	if status == gateway.OpSending {
		status = gateway.OpUnknown
	}
	return vaultOperationView{
		OperationID: op.ID, OperationKind: op.Verb, OperationStatus: status, PaymentMethodID: op.MethodID,
		IdempotencyKey: op.Key, CreatedAt: op.CreatedAt, UpdatedAt: op.UpdatedAt,
	}
}

func viewOfVaultNews(e gateway.Event) vaultEventView {
	news := e.Vault
	return vaultEventView{
		CustomerID: news.CustomerID, MerchantID: e.MerchantID, LiveMode: news.LiveMode, SourceRecords: viewOfRecords(news.Source),
		PaymentMethod: viewOfMethod(news.Method), Origin: news.Origin, Version: e.Version,
	}
}
