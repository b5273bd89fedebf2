package auth

import (
	"net/http"
	"time"
)

// OAuthError is a refusal of the token endpoint, as RFC 6749 §5.2 has it. It
// marshals to the body of the answer.
type OAuthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	// Status is the HTTP status of the answer.
	Status int `json:"-"`
	// Challenge is the answer's WWW-Authenticate header, if it has one.
	Challenge string `json:"-"`
	// RetryAfter is how long to wait, where that helps.
	RetryAfter time.Duration `json:"-"`
	// Reason is for the log alone: why a client or its assertion was refused.
	Reason string `json:"-"`
	// Client is for the log alone: which one was tried, if there is such a one.
	// What a stranger calls itself may be a secret in the wrong place.
	Client string `json:"-"`
}

// Error is for the log; a caller gets the marshalled body.
func (e *OAuthError) Error() string {
	if e.Reason == "" {
		return e.Code + ": " + e.Description
	}
	return e.Code + ": " + e.Reason
}

func (e *OAuthError) because(cause error) *OAuthError {
	e.Reason = cause.Error()
	return e
}

// The errors of RFC 6749 that occur here.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	invalidScope         = "invalid_scope"
	unsupportedGrantType = "unsupported_grant_type"
	slowDown             = "slow_down"
	serverError          = "server_error"
)

// tooManyGuesses is the same for clients that exist and for those that do not.
func tooManyGuesses(wait time.Duration) *OAuthError {
	wait = wait.Truncate(time.Second) + time.Second
	return &OAuthError{
		Code:        slowDown,
		Description: "Too many requests with a wrong secret came from here, or for this client. Nothing was checked. Wait " + wait.String() + ".",
		Status:      http.StatusTooManyRequests,
		RetryAfter:  wait,
	}
}

func badRequest(code, description string) *OAuthError {
	return &OAuthError{Code: code, Description: description, Status: http.StatusBadRequest}
}

// wrongClient does not say what is wrong, so that nobody learns which clients
// exist. A client that tried HTTP Basic is answered in kind.
func wrongClient(basic bool) *OAuthError {
	e := &OAuthError{
		Code:        invalidClient,
		Description: "The client is unknown, disabled, or did not prove who it is.",
		Status:      http.StatusUnauthorized,
	}
	if basic {
		e.Challenge = `Basic realm="paytrace-gateway", charset="UTF-8"`
	}
	return e
}
