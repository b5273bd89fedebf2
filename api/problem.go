package api

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// Problem is the body of every refusal, with the members of RFC 9457 that
// Salesforce can name. It never quotes the request.
type Problem struct {
	Title             string       `json:"title"`
	Status            int          `json:"status"`
	Detail            string       `json:"detail"`
	Code              gateway.Code `json:"code"`
	Outcome           string       `json:"outcome,omitempty"`
	Retryable         bool         `json:"retryable"`
	RequestID         string       `json:"requestId"`
	RetryAfterSeconds int          `json:"retryAfterSeconds,omitempty"`
	Errors            []FieldError `json:"errors,omitempty"`
	// challenge is what WWW-Authenticate says beside the realm.
	challenge string
}

// FieldError says which member of the request is wrong, and what was expected.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (p *Problem) Error() string { return p.Detail }

// The codes that only the HTTP side gives.
const (
	codeInvalidRequest   gateway.Code = "invalid_request"
	codeKeyMissing       gateway.Code = "idempotency_key_missing"
	codeKeyInvalid       gateway.Code = "idempotency_key_invalid"
	codeUnauthorized     gateway.Code = "unauthorized"
	codeForbidden        gateway.Code = "insufficient_scope"
	codeForbiddenRole    gateway.Code = "insufficient_role"
	codeCrossSite        gateway.Code = "cross_site_request"
	codeMethodNotAllowed gateway.Code = "method_not_allowed"
	codeTooLarge         gateway.Code = "body_too_large"
	codeHeadersTooLarge  gateway.Code = "headers_too_large"
	codeEncoding         gateway.Code = "content_encoding_not_supported"
	codeMediaType        gateway.Code = "media_type_not_supported"
	codeRawCard          gateway.Code = "raw_card_not_allowed"
	codeRawAccount       gateway.Code = "raw_bank_account_not_allowed"
	codeCardNumber       gateway.Code = "card_number_refused"
	codeOrderNumber      gateway.Code = "card_number_in_order_id"
	codeTimeout          gateway.Code = "request_timeout"
	codeInternal         gateway.Code = "internal_error"
)

// statusOf is the one table from codes to HTTP statuses. What is not in it is
// a broken rule, 422.
var statusOf = map[gateway.Code]int{
	codeInvalidRequest:   http.StatusBadRequest,
	codeKeyMissing:       http.StatusBadRequest,
	codeKeyInvalid:       http.StatusBadRequest,
	codeUnauthorized:     http.StatusUnauthorized,
	codeForbidden:        http.StatusForbidden,
	codeForbiddenRole:    http.StatusForbidden,
	codeCrossSite:        http.StatusForbidden,
	codeMethodNotAllowed: http.StatusMethodNotAllowed,
	codeTooLarge:         http.StatusRequestEntityTooLarge,
	codeHeadersTooLarge:  http.StatusRequestHeaderFieldsTooLarge,
	codeEncoding:         http.StatusUnsupportedMediaType,
	codeMediaType:        http.StatusUnsupportedMediaType,
	codeTimeout:          http.StatusRequestTimeout,
	codeInternal:         http.StatusInternalServerError,

	gateway.CodeNotFound:              http.StatusNotFound,
	gateway.CodeLogInRefused:          http.StatusUnauthorized,
	gateway.CodeSlowDown:              http.StatusTooManyRequests,
	gateway.CodeProviderAway:          http.StatusServiceUnavailable,
	gateway.CodeInProgress:            http.StatusConflict,
	gateway.CodeUndecided:             http.StatusConflict,
	gateway.CodeVerificationUndecided: http.StatusConflict,
	gateway.CodeKeyInProgress:         http.StatusConflict,
	gateway.CodeTooManyRequests:       http.StatusTooManyRequests,
	gateway.CodeProcessorCredentials:  http.StatusServiceUnavailable,
	gateway.CodeProcessorUnavailable:  http.StatusServiceUnavailable,
	gateway.CodeLedgerUnavailable:     http.StatusServiceUnavailable,
	gateway.CodeArchiveUnavailable:    http.StatusServiceUnavailable,
	gateway.CodeOutcomeUnknown:        http.StatusServiceUnavailable,
	gateway.CodeOverloaded:            http.StatusServiceUnavailable,
	gateway.CodeStopping:              http.StatusServiceUnavailable,
}

func problem(code gateway.Code, detail string) *Problem {
	status, ok := statusOf[code]
	if !ok {
		status = http.StatusUnprocessableEntity
	}
	return &Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

func fieldProblem(code gateway.Code, field, message string) *Problem {
	p := problem(code, field+": "+message)
	p.Errors = []FieldError{{Field: field, Message: message}}
	return p
}

// problemOf turns any error into what a caller may read. An error that is not
// ours says nothing: its text may hold the request's bytes.
func problemOf(err error) *Problem {
	var ours *Problem
	if errors.As(err, &ours) {
		return ours
	}
	var refused *gateway.Error
	if errors.As(err, &refused) {
		p := problem(refused.Code, refused.Message)
		if lacksTarget(refused) {
			p = missingTarget(refused.Code, refused.Message)
		}
		p.Retryable = refused.Retryable
		p.RetryAfterSeconds = seconds(refused.RetryAfter)
		if refused.Field != "" {
			p.Errors = []FieldError{{Field: refused.Field, Message: refused.Message}}
		}
		p.Outcome = string(refused.Outcome)
		return p
	}
	var framework *fiber.Error
	if errors.As(err, &framework) {
		return frameworkProblem(framework.Code)
	}
	return internalProblem()
}

// lacksTarget says that what the path names is not in the vault. Where a member of
// the body names it, the refusal names that member, and it is a broken rule.
func lacksTarget(e *gateway.Error) bool {
	return e.Field == "" && (e.Code == gateway.CodeCustomerNotFound || e.Code == gateway.CodeMethodNotFound)
}

func missingTarget(code gateway.Code, detail string) *Problem {
	p := problem(code, detail)
	p.Status, p.Title = http.StatusNotFound, http.StatusText(http.StatusNotFound)
	return p
}

// internalProblem is a mistake of ours. What became of a money request is not
// known then, and its key tells: repeating it is always safe.
func internalProblem() *Problem {
	p := problem(codeInternal, "the gateway failed on this request; the log tells why under this requestId. Repeat with the same key")
	p.Retryable, p.Outcome = true, string(gateway.Unknown)
	return p
}

func frameworkProblem(status int) *Problem {
	switch status {
	case http.StatusNotFound:
		return problem(gateway.CodeNotFound, "there is nothing at this path; see /openapi.yaml")
	case http.StatusMethodNotAllowed:
		return problem(codeMethodNotAllowed, "this path does not take this method; see the Allow header and /openapi.yaml")
	case http.StatusRequestEntityTooLarge:
		return problem(codeTooLarge, "the body may have at most 64 KiB")
	case http.StatusRequestHeaderFieldsTooLarge:
		return problem(codeHeadersTooLarge, "the headers may have at most 16 KiB together")
	case http.StatusRequestTimeout:
		return problem(codeTimeout, "the request did not arrive in time")
	default:
		return problem(codeInvalidRequest, "this is not an HTTP request that the gateway can read")
	}
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// write sends the problem. It is also the last word of the error handler, so
// it must work for a request that could not even be parsed.
func (p Problem) write(c *fiber.Ctx) error {
	p.RequestID = requestID(c)
	if p.RetryAfterSeconds > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(p.RetryAfterSeconds))
	}
	if p.Status == http.StatusUnauthorized || p.challenge != "" {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="paytrace-gateway"`+p.challenge)
	}
	c.Locals(localCode, p.Code)
	return writeJSON(c, p.Status, p)
}
