package gateway

import (
	"context"
	"time"
)

// Observer watches the road. Metrics and traces are made of what it sees. It
// must be fast and is called concurrently.
type Observer interface {
	// Stage is told when a request reaches a station of the road, and by the
	// func it returns how it left. The context goes on with the request.
	Stage(ctx context.Context, stage Stage, merchantID string) (context.Context, func(error))
	// Operation is told of every operation that was decided, or became unknown.
	Operation(Observation)
	// Vault is told of every change of a stored card that was decided, became
	// unknown, or is to be tried again.
	Vault(VaultObservation)
	// Delivery is told of every attempt to tell a subscriber.
	Delivery(DeliveryObservation)
}

// Stage is a station of the road.
type Stage string

// The stations, in their order.
const (
	// StageClaim takes the key before the ledger is asked, StageKey asks it.
	StageClaim     Stage = "claim"
	StageKey       Stage = "key"
	StageDecide    Stage = "decide"
	StageIntent    Stage = "intent"
	StageProcessor Stage = "processor"
	StageRecord    Stage = "record"
	// StageLook is a look at the processor's books by a job.
	StageLook Stage = "look"
	// StageWatch is one reading of the processor's export.
	StageWatch Stage = "watch"
)

// Stages are all of them.
var Stages = []Stage{StageClaim, StageKey, StageDecide, StageIntent, StageProcessor, StageRecord, StageLook, StageWatch}

// DecidedBy is who found out what became of an operation.
type DecidedBy string

// The ways in which an operation is decided.
const (
	// ByAnswer is the processor's answer to the call itself.
	ByAnswer DecidedBy = "answer"
	// ByLook is the reconciler, ByWatch the watcher, ByOperator a person.
	ByLook     DecidedBy = "look"
	ByWatch    DecidedBy = "watch"
	ByOperator DecidedBy = "operator"
)

// Observation is what became of one operation.
type Observation struct {
	MerchantID string
	Kind       OperationKind
	Status     OperationStatus
	By         DecidedBy
	// Took is the time since its intent was written.
	Took time.Duration
}

// VaultObservation is what became of one change of a stored card.
type VaultObservation struct {
	MerchantID string
	Verb       VaultVerb
	Status     OperationStatus
	By         DecidedBy
}

// DeliveryObservation is what came of one attempt to tell a subscriber.
type DeliveryObservation struct {
	MerchantID string
	Subscriber string
	Outcome    DeliveryOutcome
	// Dead says that the delivery is a dead letter now.
	Dead bool
	// Took is the time of the attempt, Age the time since the event.
	Took, Age time.Duration
}

// unobserved is the Observer of those who need none.
type unobserved struct{}

func (unobserved) Stage(ctx context.Context, _ Stage, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}
func (unobserved) Operation(Observation)        {}
func (unobserved) Vault(VaultObservation)       {}
func (unobserved) Delivery(DeliveryObservation) {}

// station carries out one station of the road under the observer's eyes.
func station[T any](ctx context.Context, g *Gateway, stage Stage, merchantID string, do func(context.Context) (T, error)) (T, error) {
	ctx, leave := g.observer.Stage(ctx, stage, merchantID)
	result, err := do(ctx)
	leave(err)
	return result, err
}

// observe tells the observer what became of an operation.
func (g *Gateway) observe(p Payment, operationID string, by DecidedBy) {
	op, ok := p.Operation(operationID)
	if !ok || op.Status == OpSending {
		return
	}
	since := op.SentAt
	if since.IsZero() {
		since = op.CreatedAt
	}
	g.observer.Operation(Observation{
		MerchantID: p.MerchantID, Kind: op.Kind, Status: op.Status, By: by, Took: g.clock().Sub(since),
	})
}

// observeVault tells the observer what became of a change of a stored card.
func (g *Gateway) observeVault(op VaultOperation, by DecidedBy) {
	if op.Status == OpSending {
		return
	}
	g.observer.Vault(VaultObservation{MerchantID: op.MerchantID, Verb: op.Verb, Status: op.Status, By: by})
}
