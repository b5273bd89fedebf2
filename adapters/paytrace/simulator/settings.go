package simulator

import (
	"fmt"
	"slices"
	"time"
)

// Settings are the answers that no recording confirms, and those in which the
// recordings disagree. The defaults are the likely and the newer ones.
type Settings struct {
	DeclineStatus        int    `json:"declineStatus"`
	ErrorStatus          int    `json:"errorStatus"`
	UnauthorizedStatus   int    `json:"unauthorizedStatus"`
	TokenLifetimeSeconds int    `json:"tokenLifetimeSeconds"`
	TokenType            string `json:"tokenType"`
	// ClientKeyLifetimeSeconds is how long a browser may use a client key.
	ClientKeyLifetimeSeconds int `json:"clientKeyLifetimeSeconds"`

	// IntegratorRequired is "charges" (sales, authorizations and the hosted-field
	// methods), "pt_protect" (the hosted-field methods alone) or "never".
	IntegratorRequired string `json:"integratorRequired"`
	// BlankTransactionID is the error of a blank id: "58" (2021) or "811" (2017).
	BlankTransactionID string `json:"blankTransactionId"`
	DoNotHonorText     string `json:"doNotHonorText"`
	// DeclineVerificationText, when not empty, declines authorizations of nothing:
	// no amount can be its trigger.
	DeclineVerificationText string `json:"declineVerificationText"`
	BalanceOnDecline        bool   `json:"balanceOnDecline"`
	PartialAVS              bool   `json:"partialAvs"`
	WrongCSC                string `json:"wrongCsc"`
	AmExCSC                 string `json:"amexCsc"`

	PartialApproval PartialApproval `json:"partialApproval"`

	AutoVoid     AutoVoid `json:"autoVoid"`
	AutoVoidText string   `json:"autoVoidText"`
	AutoSettle   bool     `json:"autoSettle"`
	SettleText   string   `json:"settleText"`

	// ClerkRefundKeepsInvoice gives a clerk's refund without an invoice of its own
	// that of its sale.
	ClerkRefundKeepsInvoice bool `json:"clerkRefundKeepsInvoice"`

	// EncryptionPadding is "pkcs1v15", "oaep-sha1" or "oaep-sha256".
	EncryptionPadding string `json:"encryptionPadding"`
	// ExportNotFound is by_id's answer to an unknown id: "empty" or "811".
	ExportNotFound string `json:"exportNotFound"`
	// CapturedType is the transaction_type of a captured authorization in exports.
	CapturedType  string `json:"capturedType"`
	VoidedText    string `json:"voidedText"`
	DeclinedText  string `json:"declinedText"`
	DuplicateText string `json:"duplicateText"`
	PhishingText  string `json:"phishingText"`
	BlockedText   string `json:"blockedText"`

	Errors UnconfirmedErrors `json:"errors"`
}

// AutoVoid lists the AVS and CSC answers on which an approved sale or
// authorization is voided at once (response 103). Empty lists switch it off.
type AutoVoid struct {
	AVS []string `json:"avs"`
	CSC []string `json:"csc"`
}

// UnconfirmedErrors are the numbered errors that PayTrace surely has, but whose
// number or text is not known.
type UnconfirmedErrors struct {
	Amount         NumberedError `json:"amount"`
	ExpirationYear NumberedError `json:"expirationYear"`
	BillingName    NumberedError `json:"billingName"`
	OverCapture    NumberedError `json:"overCapture"`
	OverRefund     NumberedError `json:"overRefund"`
	Duplicate      NumberedError `json:"duplicate"`
	Phishing       NumberedError `json:"phishing"`
	LevelThree     NumberedError `json:"levelThree"`
	// LevelThreeAmount is that of an amount that cannot be read.
	LevelThreeAmount NumberedError `json:"levelThreeAmount"`
	Dates            NumberedError `json:"dates"`
	BatchNumber      NumberedError `json:"batchNumber"`
}

// DefaultSettings are the settings of a simulator that was given none.
func DefaultSettings() Settings {
	return Settings{
		DeclineStatus:            200,
		ErrorStatus:              400,
		UnauthorizedStatus:       401,
		TokenLifetimeSeconds:     7200,
		TokenType:                "Bearer",
		ClientKeyLifetimeSeconds: 1800,
		IntegratorRequired:       "charges",
		BlankTransactionID:       errTransactionID.Code,
		DoNotHonorText:           "    DECLINE - Do not honor",
		BalanceOnDecline:         true,
		PartialAVS:               true,
		AutoVoid:                 AutoVoid{AVS: []string{}, CSC: []string{}},
		AutoVoidText:             "Your transaction was approved, but was voided because the AVS or CSC response did not meet your settings.",
		AutoSettle:               true,
		SettleText:               "Your transactions were successfully settled.",
		ClerkRefundKeepsInvoice:  true,
		EncryptionPadding:        "pkcs1v15",
		ExportNotFound:           "empty",
		CapturedType:             "AUTHORIZATION",
		VoidedText:               "VOIDED",
		DeclinedText:             "DECLINED",
		DuplicateText:            "    DECLINE - Duplicate transaction",
		PhishingText:             "    DECLINE - One more failed attempt blocks this card",
		BlockedText:              "    DECLINE - Card blocked by the phishing filter",
		Errors: UnconfirmedErrors{
			Amount:           NumberedError{"51", "Please provide a valid Amount."},
			ExpirationYear:   NumberedError{"44", "Please provide a valid Expiration Year."},
			BillingName:      NumberedError{"31", "Please provide a valid Billing Name."},
			OverCapture:      NumberedError{"815", "The Transaction ID that you provided could not be captured. The amount may not exceed the authorized amount."},
			OverRefund:       NumberedError{"813", "The Transaction ID that you provided could not be refunded. The amount may not exceed the amount that remains."},
			Duplicate:        NumberedError{"148", "A duplicate of this transaction was approved within the time of your duplicate filter."},
			Phishing:         NumberedError{"149", "This card is blocked by the phishing filter."},
			LevelThree:       NumberedError{"814", "Enhanced data can be added to approved, unsettled Visa and MasterCard sales only."},
			LevelThreeAmount: NumberedError{"62", "Please provide valid amounts for the enhanced data."},
			Dates:            NumberedError{"60", "Please provide a valid Start Date and End Date."},
			BatchNumber:      NumberedError{"61", "Please provide a valid Batch Number."},
		},
	}
}

// SetSettings replaces the settings whole: begin with DefaultSettings.
func (s *Simulator) SetSettings(settings Settings) error {
	settings = settings.copied()
	return attended(s, func() error { return s.replaceSettings(settings) })
}

func (s *Simulator) replaceSettings(settings Settings) error {
	if err := settings.check(); err != nil {
		return err
	}
	s.settings = settings
	s.changed()
	return nil
}

// copied shares nothing with the original: decoding into a slice overwrites it.
func (t Settings) copied() Settings {
	t.AutoVoid.AVS, t.AutoVoid.CSC = slices.Clone(t.AutoVoid.AVS), slices.Clone(t.AutoVoid.CSC)
	return t
}

// check names the first setting that makes no sense.
func (t Settings) check() error {
	statuses := map[string]int{"declineStatus": t.DeclineStatus, "errorStatus": t.ErrorStatus, "unauthorizedStatus": t.UnauthorizedStatus}
	for name, status := range statuses {
		if status < 200 || status > 599 {
			return fmt.Errorf("%s must be an HTTP status from 200 to 599, not %d", name, status)
		}
	}
	for name, seconds := range map[string]int{"tokenLifetimeSeconds": t.TokenLifetimeSeconds, "clientKeyLifetimeSeconds": t.ClientKeyLifetimeSeconds} {
		if seconds < 1 || seconds > int((365*24*time.Hour).Seconds()) {
			return fmt.Errorf("%s must be at least 1 and at most a year, not %d", name, seconds)
		}
	}
	if err := t.PartialApproval.check(); err != nil {
		return err
	}
	choices := []struct {
		name, value string
		allowed     []string
	}{
		{"integratorRequired", t.IntegratorRequired, []string{"charges", "pt_protect", "never"}},
		{"blankTransactionId", t.BlankTransactionID, []string{errTransactionID.Code, errNotFound.Code}},
		{"encryptionPadding", t.EncryptionPadding, []string{"pkcs1v15", "oaep-sha1", "oaep-sha256"}},
		{"exportNotFound", t.ExportNotFound, []string{"empty", errNotFound.Code}},
	}
	for _, c := range choices {
		if !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("%s must be one of %q", c.name, c.allowed)
		}
	}
	return nil
}

// blankID is the error of a blank or malformed transaction id.
func (t *Settings) blankID() NumberedError {
	if t.BlankTransactionID == errNotFound.Code {
		return errNotFound
	}
	return errTransactionID
}
