package simulator

import "strings"

// NumberedError is one entry of PayTrace's errors object.
type NumberedError struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// problems are the numbered errors of one answer.
type problems []NumberedError

// Error is how the control port shows them.
func (p problems) Error() string {
	lines := make([]string, len(p))
	for i, e := range p {
		lines[i] = e.Code + ": " + e.Text
	}
	return strings.Join(lines, " ")
}

// The numbered errors whose texts are known.
var (
	errCardNumber      = NumberedError{"35", "Please provide a valid Credit Card Number."}
	errExpirationMonth = NumberedError{"43", "Please provide a valid Expiration Month."}
	errAccountNumber   = NumberedError{"45", "Please provide a valid Checking Account Number."}
	errRoutingNumber   = NumberedError{"46", "Please provide a valid Transit Routing Number."}
	errTransactionID   = NumberedError{"58", "Please provide a valid Transaction ID."}
	errCheckNotFound   = NumberedError{"80", "The Check ID that you provided was not found in the PayTrace record."}
	errCheckNotOpen    = NumberedError{"80", "The Check ID that you provided was not found in the PayTrace record. It may already be voided or settled."}
	errCustomerExists  = NumberedError{"171", "Please provide a unique customer ID."}
	errNotFound        = NumberedError{"811", "The Transaction ID that you provided was not found."}
	errNotCapturable   = NumberedError{"816", "The Transaction ID that you provided could not be captured. Only uncaptured, approved authorizations can be captured."}
	errNotRefundable   = NumberedError{"817", "The Transaction ID that you provided could not be refunded. Only settled transactions can be refunded.  Please try to void the transaction instead."}
	errNotVoidable     = NumberedError{"818", "The Transaction ID that you provided could not be voided. Only transactions that are pending settlement can be voided."}
	errPaymentFields   = NumberedError{"961", "No payment fields found with the provided token."}
	errIntegrator      = NumberedError{"971", "Please provide a valid integrator_id."}
)

// denials are the refusals of a login that the fault "denied" can answer.
var denials = map[string]NumberedError{
	"981": {"981", "Log in failed for insufficient permissions."},
	"998": {"998", "Log in failed."},
	"999": {"999", "Log in failed for insufficient permissions."},
}

func errMissing(parameter string) NumberedError {
	return NumberedError{"970", "Param is missing or the value is empty: " + parameter}
}

func errCustomerNotFound(id string) NumberedError {
	return NumberedError{"30", "Customer ID, " + id + ", was not found or is incomplete."}
}

type errorAnswer struct {
	header
	Errors                map[string][]string `json:"errors"`
	ExternalTransactionID *string             `json:"external_transaction_id,omitempty"`
	MaskedCardNumber      string              `json:"masked_card_number,omitempty"`
}

// refuse answers numbered errors: nothing was done. Whether the answer has an
// external_transaction_id depends on the method.
func (s *Simulator) refuse(c *call, found ...NumberedError) answer {
	return s.refuseMasked(c, "", found...)
}

func (s *Simulator) refuseMasked(c *call, mask string, found ...NumberedError) answer {
	body := errorAnswer{
		header:           header{false, 1, "One or more errors has occurred."},
		Errors:           make(map[string][]string, len(found)),
		MaskedCardNumber: mask,
	}
	for _, e := range found {
		body.Errors[e.Code] = append(body.Errors[e.Code], e.Text)
	}
	if c.route.external {
		body.ExternalTransactionID = withExternal()
	}
	return answer{status: s.settings.ErrorStatus, code: 1, body: body}
}

// refuseToken is the OAuth refusal: of credentials or of a bearer token.
func (s *Simulator) refuseToken(code, description string) answer {
	return answer{status: s.settings.UnauthorizedStatus, body: tokenError{code, description}}
}
