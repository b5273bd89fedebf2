package api

import (
	"errors"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

var moneyType, decimalType = reflect.TypeFor[gateway.Money](), reflect.TypeFor[gateway.Decimal]()

// createPaymentRequest is the body of POST /api/v1/payments.
type createPaymentRequest struct {
	Intent          string             `json:"intent" validate:"omitempty,oneof=sale authorize verify"`
	Amount          *gateway.Money     `json:"amount" validate:"required"`
	CurrencyCode    string             `json:"currencyCode" validate:"omitempty,len=3,alpha,uppercase"`
	OrderID         string             `json:"orderId" validate:"required,max=50,printable"`
	StoreCode       string             `json:"storeCode" validate:"max=32,printable"`
	SourceRecords   sourceRecords      `json:"sourceRecords"`
	PaymentMethod   *paymentMethod     `json:"paymentMethod" validate:"required"`
	CustomerID      string             `json:"customerId" validate:"max=64,printable"`
	BillingAddress  *address           `json:"billingAddress"`
	ShippingAddress *address           `json:"shippingAddress"`
	Channel         string             `json:"channel" validate:"omitempty,max=32,channel"`
	AcceptPartial   bool               `json:"acceptPartial"`
	Metadata        map[string]*string `json:"metadata" validate:"max=20,dive,keys,min=1,max=64,printable,endkeys,omitempty,max=500,printable"`

	// What the bank of a purchasing card is told besides.
	TaxAmount          *gateway.Money `json:"taxAmount"`
	PurchaseOrder      string         `json:"purchaseOrder" validate:"max=17,printable"`
	FreightAmount      *gateway.Money `json:"freightAmount"`
	DutyAmount         *gateway.Money `json:"dutyAmount"`
	ShipFromPostalCode string         `json:"shipFromPostalCode" validate:"max=20,printable"`
	ShipToPostalCode   string         `json:"shipToPostalCode" validate:"max=20,printable"`
	ShipToCountryCode  string         `json:"shipToCountryCode" validate:"omitempty,min=2,max=3,alpha"`
	LineItems          []lineItem     `json:"lineItems" validate:"max=99,dive"`
}

type sourceRecords struct {
	OpportunityID     string `json:"opportunityId,omitempty" validate:"max=18,printable"`
	SalesforceOrderID string `json:"salesforceOrderId,omitempty" validate:"max=18,printable"`
	AccountID         string `json:"accountId,omitempty" validate:"max=18,printable"`
	ContactID         string `json:"contactId,omitempty" validate:"max=18,printable"`
}

type paymentMethod struct {
	HostedFields  *hostedFields  `json:"hostedFields"`
	EncryptedCard *encryptedCard `json:"encryptedCard"`
	Vault         *vaultChoice   `json:"vault"`
	// Card is checked by itself, once it is known that one may be told here.
	Card        *tokenization.Entry `json:"card" validate:"-"`
	BankAccount *bankAccount        `json:"bankAccount"`
}

type hostedFields struct {
	HPFToken string `json:"hpfToken" validate:"required,max=100,printable"`
	EncKey   string `json:"encKey" validate:"required,max=200,printable"`
}

type encryptedCard struct {
	CardNumber      string `json:"cardNumber" validate:"required,min=300,max=400,base64"`
	CSC             string `json:"csc" validate:"omitempty,min=300,max=400,base64"`
	ExpirationMonth string `json:"expirationMonth" validate:"required,month"`
	ExpirationYear  string `json:"expirationYear" validate:"required,len=4,number"`
}

type vaultChoice struct {
	CustomerID      string `json:"customerId" validate:"required,max=64,printable"`
	PaymentMethodID string `json:"paymentMethodId" validate:"max=64,printable"`
}

type address struct {
	Name        string `json:"name" validate:"max=255,printable"`
	Street      string `json:"street" validate:"max=255,printable"`
	Street2     string `json:"street2" validate:"max=255,printable"`
	City        string `json:"city" validate:"max=255,printable"`
	State       string `json:"state" validate:"max=255,printable"`
	PostalCode  string `json:"postalCode" validate:"max=20,printable"`
	CountryCode string `json:"countryCode" validate:"omitempty,min=2,max=3,alpha"`
}

// amountRequest is the body of a capture or a refund; without an amount all
// of it is meant.
type amountRequest struct {
	Amount *gateway.Money `json:"amount"`
}

// noMembers is the body of a void.
type noMembers struct{}

var validate = newValidator()

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(v.RegisterValidation("printable", func(f validator.FieldLevel) bool { return printable(f.Field().String()) }))
	must(v.RegisterValidation("month", func(f validator.FieldLevel) bool { return month(f.Field().String()) }))
	must(v.RegisterValidation("channel", func(f validator.FieldLevel) bool { return channel(f.Field().String()) }))
	must(v.RegisterValidation("secretname", func(f validator.FieldLevel) bool { return isSecretName(f.Field().String()) }))
	must(v.RegisterValidation("pathid", func(f validator.FieldLevel) bool { return pathID(f.Field().String()) }))
	must(v.RegisterValidation("routing", func(f validator.FieldLevel) bool { return tokenization.RoutingNumber(f.Field().String()) }))
	v.RegisterStructValidation(exactlyOneMethod, paymentMethod{})
	v.RegisterStructValidation(exactlyOneNumber, bankAccount{})
	v.RegisterStructValidation(exactlyOneCard, cardToStore{})
	v.RegisterStructValidation(exactlyOneReplacement, cardToReplace{})
	return v
}

// printable refuses control characters, which no field needs and logs, CSV
// files and PayTrace's screens all trip over.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

func month(s string) bool { return len(s) == 2 && s >= "01" && s <= "12" && s[1] >= '0' && s[1] <= '9' }

func channel(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

func exactlyOneMethod(level validator.StructLevel) {
	m := level.Current().Interface().(paymentMethod)
	exactlyOne(level, "hostedFields, encryptedCard, vault, bankAccount, card",
		m.HostedFields != nil, m.EncryptedCard != nil, m.Vault != nil, m.BankAccount != nil, m.Card != nil)
}

// exactlyOne reports a method of which none or several of its members are set.
func exactlyOne(level validator.StructLevel, members string, set ...bool) {
	count := 0
	for _, is := range set {
		if is {
			count++
		}
	}
	if count != 1 {
		level.ReportError(level.Current().Interface(), "", "", "exactly_one", members)
	}
}

// expected says for every rule what would have been right. %s is the rule's
// parameter.
var expected = map[string]string{
	"required":    "this member is required",
	"max":         "at most %s characters (or entries) are allowed",
	"min":         "at least %s characters are expected",
	"len":         "exactly %s characters are expected",
	"oneof":       "expected one of: %s",
	"alpha":       "letters only",
	"uppercase":   "capital letters only",
	"number":      "digits only",
	"base64":      "expected base64 as the browser's encryption gives it",
	"month":       `expected a month from "01" to "12"`,
	"routing":     "expected the nine digits of an ABA routing number, the last of which is its check digit",
	"printable":   "control characters are not allowed",
	"channel":     "lower-case letters, digits, _ and - only",
	"secretname":  "lower-case letters, digits and - only, no - first",
	"pathid":      "only A-Z a-z 0-9 . _ ~ : @ - may be used, and neither . nor .. alone, since the id stands in paths",
	"exactly_one": "expected exactly one of %s",
}

// check holds a decoded body against its rules and names every broken one.
func check(request any) error {
	err := validate.Struct(request)
	var broken validator.ValidationErrors
	if !errors.As(err, &broken) {
		return err
	}
	p := problem(codeInvalidRequest, "the request breaks the contract; see errors")
	for _, b := range broken {
		p.Errors = append(p.Errors, FieldError{
			Field:   brokenField(b.Namespace()),
			Message: strings.ReplaceAll(expected[b.Tag()], "%s", b.Param()),
		})
	}
	return p
}

// brokenField cuts the Go type off a validator's namespace, and what a caller
// chose (a metadata key) out of it.
func brokenField(namespace string) string {
	_, field, _ := strings.Cut(namespace, ".")
	if strings.HasPrefix(field, "metadata[") {
		return "metadata"
	}
	return strings.TrimSuffix(field, ".")
}

// card is the plain card of the request, nil when it is paid in another way.
func (r createPaymentRequest) card() *tokenization.Entry {
	if r.PaymentMethod == nil {
		return nil
	}
	return r.PaymentMethod.Card
}

// notes are the metadata without what is null, which counts as absent.
func (r createPaymentRequest) notes() map[string]string {
	var notes map[string]string
	for name, text := range r.Metadata {
		if text == nil {
			continue
		}
		if notes == nil {
			notes = map[string]string{}
		}
		notes[name] = *text
	}
	return notes
}

func (r createPaymentRequest) command() gateway.CreatePayment {
	intent := gateway.Intent(r.Intent)
	if intent == "" {
		intent = gateway.IntentSale
	}
	cmd := gateway.CreatePayment{
		Intent: intent, Amount: *r.Amount, Currency: r.CurrencyCode, OrderID: r.OrderID,
		StoreCode: r.StoreCode, Source: gateway.SourceRecords(r.SourceRecords), CustomerID: r.CustomerID,
		Billing: (*gateway.Address)(r.BillingAddress), Shipping: (*gateway.Address)(r.ShippingAddress),
		Metadata: r.notes(), AcceptPartial: r.AcceptPartial, Enhanced: r.enhancement(),
	}
	cmd.Method = newMethod(r.PaymentMethod.HostedFields, r.PaymentMethod.EncryptedCard, r.PaymentMethod.BankAccount)
	if v := r.PaymentMethod.Vault; v != nil {
		cmd.Method.Vault = &gateway.VaultChoice{CustomerID: v.CustomerID, PaymentMethodID: v.PaymentMethodID}
	}
	return cmd
}

// newMethod is a card, or an account, that the shopper has just entered, but for
// one in the clear.
func newMethod(h *hostedFields, e *encryptedCard, b *bankAccount) gateway.PaymentMethod {
	var m gateway.PaymentMethod
	if h != nil {
		m.HostedFields = &gateway.HostedFields{Token: h.HPFToken, EncryptionKey: h.EncKey}
	}
	if e != nil {
		m.EncryptedCard = &gateway.EncryptedCard{
			Number: e.CardNumber, CSC: e.CSC, ExpirationMonth: e.ExpirationMonth, ExpirationYear: e.ExpirationYear,
		}
	}
	if b != nil && !b.raw() {
		m.EncryptedBankAccount = b.encrypted()
	}
	return m
}
