package telemetry

import (
	"net/http"
	"strconv"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// other is the label of whatever is not known.
const other = "other"

// names are the values that a label may have, besides other.
type names map[string]string

func namesOf[T ~string](values ...T) names {
	n := names{}
	for _, v := range values {
		n[string(v)] = string(v)
	}
	return n
}

// label gives our own copy of the name, since a caller's string may lie in a
// buffer that is used again.
func (n names) label(value string) string {
	if own, ok := n[value]; ok {
		return own
	}
	return other
}

// The labels that are the same in every installation.
var (
	kinds = namesOf(gateway.KindSale, gateway.KindAuthorize, gateway.KindCapture, gateway.KindVoid, gateway.KindRefund, gateway.KindVerify,
		gateway.KindAdjust)

	statuses = namesOf(gateway.OpSending, gateway.OpApproved, gateway.OpDeclined, gateway.OpRejected, gateway.OpNotSent,
		gateway.OpFailed, gateway.OpUnknown, gateway.OpWaiting, gateway.OpCancelled)

	// verbs are those of the vault.
	verbs = namesOf(gateway.VaultAdd, gateway.VaultReplace, gateway.VaultRemove)

	deciders = namesOf(gateway.ByAnswer, gateway.ByLook, gateway.ByWatch, gateway.ByOperator)

	stages = namesOf(gateway.Stages...)

	// tellings are the outcomes of attempts to tell a subscriber.
	tellings = namesOf(gateway.Told, gateway.Later, gateway.Dead)

	methods = namesOf(http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace)

	// outcomes are those of calls that move money, of looks, and of asking for the
	// key of a card form.
	outcomes = namesOf(gateway.Approved, gateway.Declined, gateway.Rejected, gateway.NotSent, gateway.Unknown,
		"found", "not_found", "failed", "given", "refused")

	reasons = namesOf("open", "limit", "late", "cancelled")

	breakerStates = namesOf("closed", "half-open", "open")

	redisFaults = namesOf("away", "cancelled", "timeout", "connection", "login", "server", "value")

	logLevels = namesOf("debug", "info", "warn", "error")
)

// classesOf are the parts of a guard's state by the names of its classes.
func classesOf(s guard.State) map[string]guard.ClassState {
	return map[string]guard.ClassState{guard.Money: s.Money, guard.Look: s.Look, guard.Form: s.Form, guard.Enhanced: s.Enhanced, guard.Vault: s.Vault, guard.Report: s.Report}
}

// statusLabel is the number of a status that HTTP knows.
func statusLabel(status int) string {
	if http.StatusText(status) == "" {
		return other
	}
	return strconv.Itoa(status)
}

// breakersOf are the states of a merchant's breakers by the names of their
// classes.
func breakersOf(s guard.State) map[string]string {
	states := map[string]string{guard.Money: s.Money.Breaker, guard.Look: s.Look.Breaker, guard.Form: s.Form.Breaker, guard.Enhanced: s.Enhanced.Breaker, guard.Vault: s.Vault.Breaker, guard.Report: s.Report.Breaker}
	if s.LogIn != "" {
		states[guard.Token] = s.LogIn
	}
	return states
}
