package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// maxBody is far above any request that a gateway sends.
const maxBody = 1 << 20

// text is a request's scalar: PayTrace takes numbers where it documents strings
// and the other way round.
type text string

var errNotScalar = errors.New("a string or a number is wanted here")

// UnmarshalJSON keeps a number's literal, so that no amount becomes a float.
func (t *text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case 'n':
		*t = ""
	case '{', '[':
		return errNotScalar
	default:
		*t = text(b)
	}
	return nil
}

// request holds every member of every v1 request that the simulator knows.
// Unknown members are ignored, as PayTrace does.
type request struct {
	EnablePartialAuthorization text         `json:"enable_partial_authorization"`
	IntegratorID               text         `json:"integrator_id"`
	Amount                     text         `json:"amount"`
	TransactionID              text         `json:"transaction_id"`
	CustomerID                 text         `json:"customer_id"`
	CreditCard                 cardFields   `json:"credit_card"`
	CSC                        text         `json:"csc"`
	EncryptedCSC               text         `json:"encrypted_csc"`
	HPFToken                   text         `json:"hpf_token"`
	EncKey                     text         `json:"enc_key"`
	BillingAddress             address      `json:"billing_address"`
	ShippingAddress            address      `json:"shipping_address"`
	Email                      text         `json:"email"`
	Phone                      text         `json:"phone"`
	Fax                        text         `json:"fax"`
	Description                text         `json:"description"`
	InvoiceID                  text         `json:"invoice_id"`
	CustomerReferenceID        text         `json:"customer_reference_id"`
	TaxAmount                  text         `json:"tax_amount"`
	NationalTaxAmount          text         `json:"national_tax_amount"`
	AdditionalTaxAmount        text         `json:"additional_tax_amount"`
	DiscountAmount             text         `json:"discount_amount"`
	FreightAmount              text         `json:"freight_amount"`
	DutyAmount                 text         `json:"duty_amount"`
	SourceAddress              address      `json:"source_address"`
	LineItems                  []lineFields `json:"line_items"`
	Check                      checkFields  `json:"check"`
	CheckTransactionID         text         `json:"check_transaction_id"`
	StartDate                  text         `json:"start_date"`
	EndDate                    text         `json:"end_date"`
	TransactionType            text         `json:"transaction_type"`
	IncludingText              text         `json:"including_text"`
	IncludeBIN                 text         `json:"include_bin"`
	BatchNumber                text         `json:"batch_number"`
}

type cardFields struct {
	Number          text `json:"number"`
	EncryptedNumber text `json:"encrypted_number"`
	ExpirationMonth text `json:"expiration_month"`
	ExpirationYear  text `json:"expiration_year"`
}

type checkFields struct {
	AccountNumber          text `json:"account_number"`
	EncryptedAccountNumber text `json:"encrypted_account_number"`
	RoutingNumber          text `json:"routing_number"`
}

// answer is what a handler decided: the body for the wire, and what the history
// and the log say about it.
type answer struct {
	status        int
	code          int
	acted         bool
	transactionID int64
	body          any
}

// header is the front of every v1 answer.
type header struct {
	Success       bool   `json:"success"`
	ResponseCode  int    `json:"response_code"`
	StatusMessage string `json:"status_message"`
}

// doneAnswer is the answer of captures, voids, refunds and all else that names
// no more than the transaction. ExternalTransactionID is nil where PayTrace
// leaves the member out.
type doneAnswer struct {
	header
	TransactionID         int64   `json:"transaction_id,omitempty"`
	ExternalTransactionID *string `json:"external_transaction_id,omitempty"`
	MaskedCardNumber      string  `json:"masked_card_number,omitempty"`
}

func done(code int, message string, transactionID int64, body any) answer {
	if body == nil {
		body = doneAnswer{header: header{true, code, message}, TransactionID: transactionID}
	}
	return answer{status: http.StatusOK, code: code, acted: true, transactionID: transactionID, body: body}
}

// withExternal is the always empty external_transaction_id of sales, captures,
// refunds and exports.
func withExternal() *string { return new(string) }

// decodeRequest reads a JSON body; an empty one is an empty request.
func decodeRequest(body []byte) (request, error) {
	var q request
	if len(bytes.TrimSpace(body)) == 0 {
		return q, nil
	}
	err := json.Unmarshal(body, &q)
	return q, err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
}

// parseID reads a transaction id sent as a string or a number.
func parseID(t text) (int64, bool) {
	if !isDigits(string(t)) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(t), 10, 64)
	return n, err == nil && n > 0
}
