package gateway

import (
	"context"
	"time"
)

// Actor is who decides something: a person, and the client through which it was
// said.
type Actor struct {
	// Client is the id in the token: a client's, or operator:NAME for a person at
	// the gateway's own machine. It is empty for the gateway itself.
	Client string `json:"client,omitempty"`
	// Person is the name that the decision was made under, which a client vouches
	// for.
	Person string `json:"person,omitempty"`
	// From is where the person was: the address of the connection, or the one that
	// a proxy on this machine has told.
	From string `json:"from,omitempty"`
}

// String is how the payment, the delivery or the client itself names the actor.
func (a Actor) String() string {
	switch {
	case a.Client == "" && a.Person == "":
		return "gateway"
	case a.Client == "":
		return a.Person
	case a.Person == "":
		return a.Client
	}
	return a.Person + " (" + a.Client + ")"
}

// AuditAction is what was decided, as noun.verb. Each is documented in
// docs/audit.md.
type AuditAction string

// The actions of this package.
const (
	AuditPaymentResolved        AuditAction = "payment.resolved"
	AuditPaymentReturned        AuditAction = "payment.returned"
	AuditDeliveryReplayed       AuditAction = "delivery.replayed"
	AuditDeliverySkipped        AuditAction = "delivery.skipped"
	AuditSubscriberEnabled      AuditAction = "subscriber.enabled"
	AuditClientAdded            AuditAction = "client.added"
	AuditClientRotated          AuditAction = "client.rotated"
	AuditClientRotationFinished AuditAction = "client.rotation_finished"
	AuditClientRevoked          AuditAction = "client.revoked"
	AuditCustomerErased         AuditAction = "customer.erased"
	AuditSecretSet              AuditAction = "secret.set"
	AuditSecretRotated          AuditAction = "secret.rotated"
	AuditSecretRotationFinished AuditAction = "secret.rotation_finished"
	AuditSecretRemoved          AuditAction = "secret.removed"
	AuditSecretResealed         AuditAction = "secret.resealed"
	AuditOperatorAdded          AuditAction = "operator.added"
	AuditOperatorAssigned       AuditAction = "operator.assigned"
	AuditOperatorReset          AuditAction = "operator.reset"
	AuditOperatorDisabled       AuditAction = "operator.disabled"
	AuditPasswordChosen         AuditAction = "operator.password_chosen"
	AuditSessionBegan           AuditAction = "session.began"
	AuditRetentionRun           AuditAction = "retention.run"
	AuditConfigurationStarted   AuditAction = "configuration.started"
	// AuditTrailResumed is written by the trail itself, see AuditKey.Append.
	AuditTrailResumed AuditAction = "trail.resumed"
)

// AuditSubject is what a decision was about.
type AuditSubject struct {
	// Kind is a noun: payment, delivery, subscriber, client, configuration, trail …
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
}

// AuditRecord is one decision: who, from where, what, about what, when. It is
// written in the transaction of the decision that it names, so that neither is
// ever there without the other. What was refused makes none: strangers cannot
// fill the trail. It holds nothing of a shopper, no secret and no free text.
type AuditRecord struct {
	At         time.Time    `json:"at"`
	Actor      Actor        `json:"actor,omitzero"`
	Action     AuditAction  `json:"action"`
	MerchantID string       `json:"merchantId,omitempty"`
	LiveMode   bool         `json:"liveMode,omitempty"`
	Subject    AuditSubject `json:"subject"`
	// Details are what else was decided, under names that the action has in
	// docs/audit.md.
	Details map[string]string `json:"details,omitempty"`
}

// AuditTrail keeps the records, each chained to the one before it. It is only
// ever added to.
type AuditTrail interface {
	// Audit writes a record of what has no change in the ledger. All others go
	// with the change that they name.
	Audit(context.Context, AuditRecord) error
	// AuditEntries returns at most limit entries behind the sequence, in order.
	AuditEntries(ctx context.Context, after int64, limit int) ([]AuditEntry, error)
	// LatestAuditEntries returns at most limit entries before the sequence, or the
	// last where it is zero, the newest first.
	LatestAuditEntries(ctx context.Context, before int64, limit int) ([]AuditEntry, error)
	// AuditHead is where the trail ends. It is kept apart from the entries, so that
	// some that were taken away at the end are missed.
	AuditHead(context.Context) (AuditHead, error)
}
