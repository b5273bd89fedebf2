package gateway

import (
	"errors"
	"fmt"
	"time"
)

// Code is a machine-readable reason. The HTTP status of each stands in one
// table in package api.
type Code string

// The codes of this package's refusals.
const (
	CodeNotFound      Code = "not_found"
	CodeKeyReused     Code = "idempotency_key_reused"
	CodeKeyCancelled  Code = "key_cancelled"
	CodeCurrency      Code = "currency_not_supported"
	CodeAmount        Code = "amount_invalid"
	CodeNotVerifiable Code = "not_verifiable"
	// CodeEnhancedData says that the lines of an order do not add up.
	CodeEnhancedData     Code = "enhanced_data_invalid"
	CodeCustomerNotFound Code = "customer_not_found"
	CodeMethodNotFound   Code = "payment_method_not_found"
	CodeCustomerExists   Code = "customer_exists"
	CodeTooManyMethods   Code = "too_many_payment_methods"
	// CodeNotStorable says that a transaction is not an approved one of ours, or
	// has no card to store.
	CodeNotStorable     Code = "not_storable"
	CodeProfileNotFound Code = "profile_not_found"
	CodeProfileTaken    Code = "profile_taken"
	// CodeOtherKind says that a card was to take the place of a bank account, or the
	// other way round.
	CodeOtherKind Code = "payment_method_of_other_kind"
	// CodeNotStored says of a change of the vault that was sent and never answered
	// that nothing of it is to be seen at PayTrace.
	CodeNotStored       Code = "vault_not_stored"
	CodeCaptureExceeds  Code = "capture_exceeds_authorization"
	CodeAlreadyCaptured Code = "already_captured"
	CodeNotCapturable   Code = "not_capturable"
	CodeNotVoidable     Code = "not_voidable"
	CodeAlreadySettled  Code = "already_settled"
	CodeNotRefundable   Code = "not_refundable"
	CodeRefundExceeds   Code = "refund_exceeds_captured"
	CodeUndecided       Code = "payment_undecided"
	CodeInProgress      Code = "operation_in_progress"
	CodeNotCancellable  Code = "not_cancellable"
	// CodeVerificationDeclined and CodeVerificationUndecided say of a card that was to
	// be stored that it is not good, or not yet known to be.
	CodeVerificationDeclined  Code = "verification_declined"
	CodeVerificationUndecided Code = "verification_undecided"
	// CodeKeyInProgress says that another instance has the key in hand and has
	// written nothing yet.
	CodeKeyInProgress Code = "idempotency_in_progress"
	// CodeNotResolvable says that nothing waits for a person's decision, or not
	// for that one.
	CodeNotResolvable Code = "not_resolvable"
	// CodeNotReturnable says that a bank cannot have returned this, or that the
	// return is not told as one.
	CodeNotReturnable Code = "not_returnable"
	// CodeNotReplayable says that a delivery cannot be sent again, or skipped.
	CodeNotReplayable Code = "not_replayable"
	// What cannot be done to a client by command.
	CodeClientExists     Code = "client_exists"
	CodeClientConfigured Code = "client_configured"
	CodeClientRevoked    Code = "client_revoked"
	CodeNotRotatable     Code = "secret_not_rotatable"
	CodeTooManyClients   Code = "too_many_clients"
	// What cannot be done to a sealed secret by command.
	CodeSecretExists   Code = "secret_exists"
	CodeSecretInUse    Code = "secret_in_use"
	CodeTooManySecrets Code = "too_many_secrets"
	CodeNoSealingKey   Code = "sealing_key_missing"
	// What keeps a person from logging in, or an operator from being changed.
	CodeLogInRefused     Code = "log_in_refused"
	CodePasswordNeeded   Code = "new_password_needed"
	CodePasswordRefused  Code = "new_password_refused"
	CodeSlowDown         Code = "slow_down"
	CodeProviderAway     Code = "identity_provider_unavailable"
	CodeOperatorExists   Code = "operator_exists"
	CodeOperatorDisabled Code = "operator_disabled"
	CodeOperatorsRole    Code = "role_not_assignable"
	CodeTooManyOperators Code = "too_many_operators"
	// CodeReportTooLarge says that more is asked for than one report may hold.
	CodeReportTooLarge Code = "report_too_large"
	// CodeTooManyRequests is a client's own limit.
	CodeTooManyRequests      Code = "too_many_requests"
	CodeProcessorRejected    Code = "processor_rejected"
	CodeProcessorDeclined    Code = "processor_declined"
	CodeProcessorCredentials Code = "processor_credentials"
	CodeProcessorUnavailable Code = "processor_unavailable"
	CodeLedgerUnavailable    Code = "ledger_unavailable"
	// CodeArchiveUnavailable says that a payment is in the archive, which does not
	// have what it should.
	CodeArchiveUnavailable Code = "archive_unavailable"
	// CodeOutcomeUnknown says that not even the ledger has answered in time.
	CodeOutcomeUnknown Code = "outcome_unknown"
	CodeOverloaded     Code = "overloaded"
	CodeStopping       Code = "stopping"
)

// Error is a refusal: a code for machines, a sentence for people, and whether
// the same request may succeed later.
type Error struct {
	Code       Code
	Field      string
	Message    string
	Retryable  bool
	RetryAfter time.Duration
	// Outcome says what became of a money request that got no answer; it is
	// empty where none was begun.
	Outcome Outcome
	cause   error
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause, which is for the log and never for a caller.
func (e *Error) Unwrap() error { return e.cause }

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) on(field string) *Error { e.Field = field; return e }

func (e *Error) retry(after time.Duration) *Error {
	e.Retryable, e.RetryAfter = true, after
	return e
}

func (e *Error) because(cause error) *Error { e.cause = cause; return e }

// notSent marks the failure of a request that certainly did not leave.
func notSent(err error) error { return withOutcome(err, NotSent) }

// uncertain marks the failure of a request of which nothing is known yet: its
// key may have been used before.
func uncertain(err error) error { return withOutcome(err, Unknown) }

// withOutcome leaves refusals alone: only what may succeed later has an
// outcome that a caller has to know.
func withOutcome(err error, outcome Outcome) error {
	var e *Error
	if errors.As(err, &e) && e.Outcome == "" && (e.cause != nil || e.Code == CodeOverloaded || e.Code == CodeStopping) {
		marked := *e
		marked.Outcome = outcome
		return &marked
	}
	return err
}

// Errors of the ports.
var (
	// ErrNotFound says that a port has no such thing.
	ErrNotFound = errors.New("not found")
	// ErrCredentials says that the processor refuses our log-in or our set-up,
	// which only the operator can mend.
	ErrCredentials = errors.New("the processor refuses our log-in or set-up")
	// ErrStale says that the payment has moved on since it was read.
	ErrStale = errors.New("the payment has changed since it was read")
	// ErrTransactionTaken says that the processor's transaction belongs to
	// another payment, or to another refund.
	ErrTransactionTaken = errors.New("the transaction belongs to another payment or refund already")
	// ErrProfileTaken says that the processor's profile belongs to another payment
	// method of the vault.
	ErrProfileTaken = errors.New("the profile belongs to another payment method already")
	// ErrArchive says that a payment cannot be read because a file of the archive
	// is missing or damaged.
	ErrArchive = errors.New("the archive does not have what it should")
	// ErrKeyTaken says that the idempotency key is bound already.
	ErrKeyTaken = errors.New("the idempotency key is bound already")
)
