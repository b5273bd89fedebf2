package paytrace

import (
	"strings"

	"paytrace-gateway/gateway"
)

// source tells what kind of code a row is about: PayTrace gives 171 one
// meaning as a response code and another as a numbered error.
type source string

const (
	responseCode  source = "response"
	numberedError source = "error"
	oauthError    source = "oauth"
)

// invalidToken is the OAuth word for a bearer token that PayTrace does not
// know, or no longer.
const invalidToken = "invalid_token"

// The categories of what went wrong, for machines.
const (
	insufficientFunds = "insufficient_funds"
	expiredCard       = "expired_card"
	doNotHonor        = "do_not_honor"
	avsCSC            = "avs_csc"
	generic           = "generic"
	invalidData       = "invalid_data"
	credentials       = "credentials"
	wrongState        = "transaction_state"
	unconfirmed       = "unconfirmed"
	notForUs          = "other_method"
)

type code struct {
	source source
	number string
}

// verdict is what one code means.
type verdict struct {
	meaning string
	outcome gateway.Outcome
	// of is the operation whose answer the response code is; another
	// operation's code decides nothing.
	of verb
	// success is what PayTrace's own flag must say beside the code.
	success flag
	// test marks the codes of transactions that moved no real money.
	test      bool
	category  string
	retryable bool // the shopper may try the same card again
	shopper   string
	field     string // the contract's name of the field complained of
	// credentials marks what only the operator can mend.
	credentials bool
	// again marks the refusals of the log-in itself, after which the operation's
	// own key may send it again.
	again bool
	// contested marks a refusal that leaves open what has been done.
	contested bool
}

// flag is what `success` has to be.
type flag int

const (
	either flag = iota
	yes
	no
)

func (f flag) allows(success bool) bool {
	return f == either || (f == yes) == success
}

// The words for a shopper.
const (
	sayDeclined    = "The card was declined. Please use another card or ask your bank."
	sayFunds       = "The card does not have enough funds. Please use another card or try again later."
	sayExpired     = "The card has expired. Please use another card."
	sayDoNotHonor  = "The bank did not approve the payment. Please use another card or ask your bank."
	sayMismatch    = "The billing address or the security code does not match the card. Please check them and try again."
	sayUndecided   = "We do not know yet whether the payment went through. Please do not pay again; we will tell you."
	sayUnavailable = "Payments are not available at the moment. Nothing was charged."
	sayDone        = "The payment was approved."
	sayAccepted    = "The bank payment was accepted."
	sayNotDrawn    = "The bank payment was not accepted. Please check the account, or pay in another way."
	sayStored      = "The card was stored."
	sayRemoved     = "The card was removed."
	sayRefund      = "The refund was not made."
	sayVoid        = "The payment was not cancelled."
	sayCapture     = "The payment was not captured."
	sayUsedToken   = "The hosted-fields token was used already or has expired. The card has to be entered again: get a new token from the shopper's browser and send it with a new key."
	sayCheckData   = "Some of the payment's details are not valid. Nothing was charged. Please check them."
)

// table has a row for every code that PayTrace's material names. A code that
// is not here, or whose meaning is not confirmed, decides nothing.
var table = map[code]verdict{
	{responseCode, "1"}:   {meaning: "errors, or an export completed", outcome: gateway.Unknown, category: notForUs, shopper: sayUndecided},
	{responseCode, "100"}: foreign("password updated"),
	{responseCode, "101"}: {meaning: "approved", outcome: gateway.Approved, of: charging, success: yes, shopper: sayDone},
	{responseCode, "102"}: {meaning: "not approved", outcome: gateway.Declined, of: charging, success: no, category: generic, shopper: sayDeclined},
	// PayTrace's samples show 103 with success true; it is voided all the same.
	{responseCode, "103"}: {meaning: "approved, then voided for AVS or CSC", outcome: gateway.Declined, of: charging, success: either, category: avsCSC, retryable: true, shopper: sayMismatch},
	{responseCode, "104"}: {meaning: "TEST approved", outcome: gateway.Approved, of: charging, success: yes, test: true, shopper: sayDone},
	{responseCode, "105"}: {meaning: "TEST not approved", outcome: gateway.Declined, of: charging, success: no, test: true, category: generic, shopper: sayDeclined},
	{responseCode, "106"}: {meaning: "refunded", outcome: gateway.Approved, of: refunding, success: yes, shopper: sayDone},
	{responseCode, "107"}: {meaning: "not refunded", outcome: gateway.Declined, of: refunding, success: no, category: generic, shopper: sayRefund},
	{responseCode, "108"}: {meaning: "TEST refunded", outcome: gateway.Approved, of: refunding, success: yes, test: true, shopper: sayDone},
	{responseCode, "109"}: {meaning: "voided", outcome: gateway.Approved, of: voiding, success: yes, shopper: sayDone},
	{responseCode, "110"}: {meaning: "not voided", outcome: gateway.Declined, of: voiding, success: no, category: generic, shopper: sayVoid},
	{responseCode, "111"}: {meaning: "TEST voided", outcome: gateway.Approved, of: voiding, success: yes, test: true, shopper: sayDone},
	{responseCode, "112"}: {meaning: "captured", outcome: gateway.Approved, of: capturing, success: yes, shopper: sayDone},
	{responseCode, "113"}: {meaning: "not captured", outcome: gateway.Declined, of: capturing, success: no, category: generic, shopper: sayCapture},
	{responseCode, "114"}: {meaning: "TEST captured", outcome: gateway.Approved, of: capturing, success: yes, test: true, shopper: sayDone},
	{responseCode, "115"}: foreign("forced sale approved"),
	{responseCode, "116"}: foreign("forced sale not approved"),
	{responseCode, "117"}: foreign("TEST forced sale"),
	{responseCode, "118"}: foreign("stored, to be forwarded later"),
	{responseCode, "120"}: {meaning: "check processed", outcome: gateway.Approved, of: drawing, success: yes, shopper: sayAccepted},
	{responseCode, "121"}: {meaning: "TEST check processed", outcome: gateway.Approved, of: drawing, success: yes, test: true, shopper: sayAccepted},
	{responseCode, "122"}: {meaning: "check refunded", outcome: gateway.Approved, of: crediting, success: yes, shopper: sayDone},
	{responseCode, "123"}: {meaning: "TEST check refunded", outcome: gateway.Approved, of: crediting, success: yes, test: true, shopper: sayDone},
	{responseCode, "124"}: {meaning: "check managed", outcome: gateway.Approved, of: managing, success: yes, shopper: sayDone},
	{responseCode, "125"}: {meaning: "check not processed", outcome: gateway.Declined, of: drawing, success: no, category: generic, shopper: sayNotDrawn},
	{responseCode, "149"}: foreign("receipt e-mailed"),
	{responseCode, "150"}: foreign("recurrence created"),
	{responseCode, "151"}: foreign("recurrence updated"),
	{responseCode, "152"}: foreign("recurrence deleted"),
	{responseCode, "155"}: foreign("recurrence exported"),
	{responseCode, "160"}: {meaning: "customer created", outcome: gateway.Approved, of: creating, success: yes, shopper: sayStored},
	{responseCode, "161"}: {meaning: "customer updated", outcome: gateway.Approved, of: updating, success: yes, shopper: sayStored},
	{responseCode, "162"}: {meaning: "customer deleted", outcome: gateway.Approved, of: deleting, success: yes, shopper: sayRemoved},
	{responseCode, "167"}: open("meaning not documented"),
	{responseCode, "170"}: {meaning: "level 3 data added", outcome: gateway.Approved, of: enhancing, success: yes, shopper: sayDone},
	{responseCode, "171"}: {meaning: "level 3 data added", outcome: gateway.Approved, of: enhancing, success: yes, shopper: sayDone},
	{responseCode, "172"}: foreign("signature attached"),
	{responseCode, "175"}: foreign("batch settled"),
	{responseCode, "180"}: foreign("amount adjusted"),
	{responseCode, "191"}: open("meaning not documented"),

	{numberedError, "30"}:  invalid("customer not found or incomplete", storedCardField, "The stored card was not found. Please use another card."),
	{numberedError, "35"}:  invalid("card number", cardNumberField, "The card number is not valid. Please check it."),
	{numberedError, "43"}:  invalid("expiration month", expirationMonthField, "The card's expiration month is not valid. Please check it."),
	{numberedError, "44"}:  invalid("expiration year", expirationYearField, "The card's expiration year is not valid. Please check it."),
	{numberedError, "45"}:  invalid("checking account number", accountNumberField, "The account number is not valid. Please check it."),
	{numberedError, "46"}:  invalid("transit routing number", "paymentMethod.bankAccount.routingNumber", "The routing number is not valid. Please check it."),
	{numberedError, "58"}:  invalid("transaction id", "transactionId", "PayTrace does not accept the transaction's id. Nothing was done."),
	{numberedError, "59"}:  open("meaning not documented"),
	{numberedError, "80"}:  contested("check id not found, voided or settled", sayUndecided),
	{numberedError, "148"}: open("meaning not documented"),
	{numberedError, "171"}: invalid("customer id exists already", customerIDField, "The customer exists already."),
	{numberedError, "811"}: invalid("transaction not found", "transactionId", "PayTrace does not know the transaction. Nothing was done."),
	{numberedError, "816"}: contested("could not be captured", sayCapture),
	{numberedError, "817"}: contested("could not be refunded", sayRefund),
	{numberedError, "818"}: contested("could not be voided", sayVoid),
	{numberedError, "961"}: invalid("hosted-fields token used or unknown", "paymentMethod.hostedFields.hpfToken", sayUsedToken).mayRetry(),
	// 970 names the parameter; missing tells of the ones a caller can mend.
	{numberedError, "970"}: operators("a required parameter is missing"),
	{numberedError, "971"}: operators("integrator_id is not valid"),
	{numberedError, "981"}: operators("log-in failed for insufficient permissions"),
	{numberedError, "998"}: logIn("log-in failed"),
	{numberedError, "999"}: logIn("log-in failed for insufficient permissions"),

	{oauthError, "invalid_grant"}: logIn("user name or password refused"),
	{oauthError, invalidToken}:    logIn("access token refused"),
}

// The fields of a card; which of the contract's methods they stand in depends
// on the charge.
const (
	cardNumberField      = "cardNumber"
	expirationMonthField = "expirationMonth"
	expirationYearField  = "expirationYear"
)

// accountNumberField is the number of a bank account that is told in the clear.
const accountNumberField = "paymentMethod.bankAccount.accountNumber"

// The fields that name a stored card.
const (
	storedCardField = "paymentMethod.vault.customerId"
	customerIDField = "customerId"
)

func rowOf(s source, number string) verdict { return table[code{s, number}] }

func foreign(meaning string) verdict {
	return verdict{meaning: meaning, outcome: gateway.Unknown, category: notForUs, shopper: sayUndecided}
}

func open(meaning string) verdict {
	return verdict{meaning: meaning, outcome: gateway.Unknown, category: unconfirmed, shopper: sayUndecided}
}

func invalid(meaning, field, shopper string) verdict {
	return verdict{meaning: meaning, outcome: gateway.Rejected, success: no, category: invalidData, field: field, shopper: shopper}
}

func contested(meaning, shopper string) verdict {
	return verdict{meaning: meaning, outcome: gateway.Unknown, success: no, category: wrongState, shopper: shopper, contested: true}
}

func operators(meaning string) verdict {
	return verdict{meaning: meaning, outcome: gateway.Rejected, success: no, category: credentials, shopper: sayUnavailable, credentials: true}
}

// logIn is the operator's matter too, and over for the operation once it is
// mended: PayTrace came no further than the log-in.
func logIn(meaning string) verdict {
	v := operators(meaning)
	v.again = true
	return v
}

func (v verdict) mayRetry() verdict { v.retryable = true; return v }

// missing are the parameters of error 970 that come from the caller. The error
// is the operator's matter when it names any other.
var missing = map[string]verdict{
	"hpf_token": invalid("hosted-fields token missing", "paymentMethod.hostedFields.hpfToken", sayCheckData),
	"enc_key":   invalid("hosted-fields key missing", "paymentMethod.hostedFields.encKey", sayCheckData),
	"amount":    invalid("amount missing", "amount", sayCheckData),
	// The vault wants an address where hosted fields bring the card.
	"billing_address": invalid("billing address missing", "billingAddress", sayCheckData),
}

// errorRow is the verdict on a numbered error with its texts.
func errorRow(number string, texts []string) verdict {
	if number == "970" && len(texts) == 1 {
		_, name, _ := strings.Cut(texts[0], ": ")
		if v, ok := missing[strings.TrimSpace(name)]; ok {
			return v
		}
	}
	return rowOf(numberedError, number)
}

// bankWords are the bank's words in an approval_message that tell more than
// code 102 does. Only words that were recorded are here.
var bankWords = []struct {
	contains  string
	category  string
	retryable bool
	shopper   string
}{
	{"insufficient funds", insufficientFunds, true, sayFunds},
	{"expired card", expiredCard, false, sayExpired},
	{"do not honor", doNotHonor, false, sayDoNotHonor},
}
