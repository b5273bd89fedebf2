package paytrace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// chargeRequest is the body of a sale or an authorization, but for a card in the
// clear: its digits never stand in a string.
type chargeRequest struct {
	IntegratorID  string        `json:"integrator_id"`
	Amount        gateway.Money `json:"amount"`
	CustomerID    string        `json:"customer_id,omitempty"`
	TransactionID string        `json:"transaction_id,omitempty"`
	cardTold
	Check               *check            `json:"check,omitempty"`
	InvoiceID           string            `json:"invoice_id,omitempty"`
	CustomerReferenceID string            `json:"customer_reference_id,omitempty"`
	TaxAmount           *gateway.Money    `json:"tax_amount,omitempty"`
	Description         string            `json:"description,omitempty"`
	Billing             *address          `json:"billing_address,omitempty"`
	Shipping            *address          `json:"shipping_address,omitempty"`
	DiscretionaryData   map[string]string `json:"discretionary_data,omitempty"`
	PartialApproval     bool              `json:"enable_partial_authorization,omitempty"`
}

// cardTold is a card as a request tells of it, in one of the ways there are but
// that in the clear.
type cardTold struct {
	HPFToken     string      `json:"hpf_token,omitempty"`
	EncKey       string      `json:"enc_key,omitempty"`
	CreditCard   *creditCard `json:"credit_card,omitempty"`
	EncryptedCSC string      `json:"encrypted_csc,omitempty"`
}

type creditCard struct {
	EncryptedNumber string `json:"encrypted_number,omitempty"`
	ExpirationMonth string `json:"expiration_month"`
	ExpirationYear  string `json:"expiration_year"`
}

type address struct {
	Name    string `json:"name,omitempty"`
	Street  string `json:"street_address,omitempty"`
	Street2 string `json:"street_address2,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	Zip     string `json:"zip,omitempty"`
	Country string `json:"country,omitempty"`
}

// followUpRequest is the body of a capture, a void or a refund.
type followUpRequest struct {
	IntegratorID  string         `json:"integrator_id"`
	TransactionID string         `json:"transaction_id"`
	Amount        *gateway.Money `json:"amount,omitempty"`
}

type exportRequest struct {
	IntegratorID  string `json:"integrator_id"`
	TransactionID string `json:"transaction_id,omitempty"`
	CustomerID    string `json:"customer_id,omitempty"`
	StartDate     string `json:"start_date,omitempty"`
	EndDate       string `json:"end_date,omitempty"`
	IncludingText string `json:"including_text,omitempty"`
	IncludeBIN    bool   `json:"include_bin,omitempty"`
}

// answer is what PayTrace answers to any call. Its members are taken by their
// exact names: encoding/json alone would take SUCCESS for success.
type answer struct {
	Success       bool
	ResponseCode  int
	StatusMessage string
	TransactionID int64
	// CheckID is the number of a bank payment, ACHCode and ACHMessage what its
	// network said.
	CheckID          int64
	ACHCode          word
	ACHMessage       string
	ApprovalCode     string
	ApprovalMessage  string
	AVS              string
	CSC              string
	MaskedCardNumber string
	CustomerID       word
	Errors           map[string][]string
	// OAuthError is the one member that refusals of a token have.
	OAuthError   string
	Transactions []exportRow
	Profiles     []profileRow
	ClientKey    string
	// hasSuccess and hasCode say that success and response_code were there.
	hasSuccess, hasCode bool
	// secrets are those of the request.
	secrets []string
	// bank says that its words may quote a bank account.
	bank bool
}

// complete says that success and response_code were both there.
func (a answer) complete() bool { return a.hasSuccess && a.hasCode }

// read reads the reply's body.
func (r reply) read() (answer, error) {
	a, err := readAnswer(r.body)
	a.secrets = r.secrets
	return a, err
}

// readAnswer reads an answer; whatever is cut, doubled, mistyped or trailing
// makes it unreadable as a whole.
func readAnswer(body []byte) (answer, error) {
	var a answer
	if err := readObject(body, a.member); err != nil {
		return answer{}, err
	}
	return a, nil
}

// member is where the member of that name belongs, nil when it is none of ours.
func (a *answer) member(name []byte) any {
	switch string(name) {
	case "success":
		a.hasSuccess = true
		return &a.Success
	case "response_code":
		a.hasCode = true
		return &a.ResponseCode
	case "status_message":
		return &a.StatusMessage
	case "transaction_id":
		return &a.TransactionID
	case "check_transaction_id":
		return &a.CheckID
	case "ach_code":
		return &a.ACHCode
	case "ach_message":
		return &a.ACHMessage
	case "approval_code":
		return &a.ApprovalCode
	case "approval_message":
		return &a.ApprovalMessage
	case "avs_response":
		return &a.AVS
	case "csc_response":
		return &a.CSC
	case "masked_card_number":
		return &a.MaskedCardNumber
	case "customer_id":
		return &a.CustomerID
	case "errors":
		return &a.Errors
	case "error":
		return &a.OAuthError
	case "transactions":
		return &a.Transactions
	case "customers":
		return &a.Profiles
	case "clientKey":
		return &a.ClientKey
	}
	return nil
}

// readGrant reads the answer to a request for a token. Neither the token nor
// any other word of the body gets into an error.
func readGrant(r reply) (grant, error) {
	if r.err != nil {
		return grant{}, r.err
	}
	var token, kind, refusal string
	var seconds int64
	targets := map[string]any{"access_token": &token, "token_type": &kind, "expires_in": &seconds, "error": &refusal}
	err := readObject(r.body, func(name []byte) any { return targets[string(name)] })
	switch {
	case err == nil && rowOf(oauthError, refusal).credentials && !serverFault(r.status):
		return grant{}, errCredentials
	case err != nil || r.status != 200 || !bearerToken(token) || !strings.EqualFold(kind, "bearer") || seconds <= 0:
		return grant{}, fmt.Errorf("PayTrace answered the request for a token with HTTP %d and no usable token", r.status)
	}
	life := min(time.Duration(min(seconds, int64(maxTokenLife/time.Second)))*time.Second, maxTokenLife)
	return grant{token: token, life: life}, nil
}

// bearerToken keeps what would not fit a header from getting near one.
func bearerToken(token string) bool {
	return token != "" && len(token) <= 4096 && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// tokenErrorMembers are all that OAuth, and Doorkeeper with it, puts into the
// refusal of a token.
var tokenErrorMembers = []string{"error", "error_description", "error_uri", "state"}

// refusesToken says that PayTrace did not take the bearer token and so did
// nothing. The body has to be that refusal and nothing else: with one word of a
// transaction beside it, nobody knows what was done.
func (r reply) refusesToken() bool {
	if r.err != nil || r.status < 400 || serverFault(r.status) {
		return false
	}
	var members map[string]string
	if !unambiguous(r.body) || json.Unmarshal(r.body, &members) != nil {
		return false
	}
	for name := range members {
		if !slices.Contains(tokenErrorMembers, name) {
			return false
		}
	}
	return members["error"] == invalidToken
}

// serverFault says that PayTrace, or something before it, has failed. What such
// an answer says of money is not believed.
func serverFault(status int) bool { return status >= 500 }

// word is a string, or a number as it was written: exports are not documented
// well enough to insist on either.
type word string

func (w *word) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(w))
	}
	if string(b) == "null" {
		return nil
	}
	if _, err := strconv.ParseFloat(string(b), 64); err != nil {
		return errNotJSON
	}
	*w = word(b)
	return nil
}
