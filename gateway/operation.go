package gateway

import (
	"slices"
	"strings"
	"time"
)

// OperationKind is what an operation does.
type OperationKind string

// The kinds of operation.
const (
	KindSale      OperationKind = "sale"
	KindAuthorize OperationKind = "authorize"
	KindCapture   OperationKind = "capture"
	KindVoid      OperationKind = "void"
	KindRefund    OperationKind = "refund"
	KindVerify    OperationKind = "verify"
	// KindAdjust lowers what an unsettled charge takes. Only clerks do it, at
	// the processor's own screens.
	KindAdjust OperationKind = "adjust"
)

// OperationStatus is the state of one operation.
type OperationStatus string

// The states of an operation.
const (
	OpSending   OperationStatus = "sending"
	OpApproved  OperationStatus = "approved"
	OpDeclined  OperationStatus = "declined"
	OpRejected  OperationStatus = "rejected"
	OpNotSent   OperationStatus = "not_sent"
	OpFailed    OperationStatus = "failed"
	OpUnknown   OperationStatus = "unknown"
	OpWaiting   OperationStatus = "waiting_settlement"
	OpCancelled OperationStatus = "cancelled"
)

// ProcessedAs says how a refund reached the processor.
type ProcessedAs string

// The ways in which a refund is carried out.
const (
	AsRefund ProcessedAs = "refund"
	AsVoid   ProcessedAs = "void"
)

// Origin is who asked for an operation.
type Origin string

// The origins of an operation.
const (
	OriginAPI Origin = "api"
	// OriginGateway marks what the gateway undoes by itself.
	OriginGateway Origin = "gateway"
	// OriginExternal marks what was done at the processor's own screens.
	OriginExternal Origin = "external"
)

// Cancellation is the state of a caller's wish to give an operation up.
type Cancellation string

// The states of a cancellation; the zero value is none.
const (
	CancelRequested Cancellation = "requested"
	CancelDone      Cancellation = "done"
)

// Operation is one thing done, or tried, to a payment.
type Operation struct {
	ID            string          `json:"id"`
	Kind          OperationKind   `json:"kind"`
	Status        OperationStatus `json:"status"`
	ProcessedAs   ProcessedAs     `json:"processedAs,omitempty"`
	Origin        Origin          `json:"origin"`
	Channel       string          `json:"channel,omitempty"`
	Amount        Money           `json:"amount"`
	TransactionID string          `json:"transactionId,omitempty"`
	Key           string          `json:"key"`
	Decline       *Decline        `json:"decline,omitempty"`
	Rejection     *Rejection      `json:"rejection,omitempty"`
	Cancel        Cancellation    `json:"cancel,omitempty"`
	// IntentID names the last intent of the operation. An answer belongs to one
	// intent, and never decides another, not even one that took the place of an
	// intent that the ledger has lost.
	IntentID string `json:"intentId,omitempty"`
	// Sender is the instance that wrote the intent; nobody else sends it, and
	// not after SendBefore.
	Sender string `json:"sender,omitempty"`
	// SentAt is when the last intent was written. What is looked for on the
	// processor's books was made after it.
	SentAt     time.Time `json:"sentAt,omitzero"`
	SendBefore time.Time `json:"sendBefore,omitzero"`
	// AskedAt is when its key was sent again and the operation with it, zero where
	// what was asked at CreatedAt was sent. DecidedAt is when the processor's answer
	// to the last intent was taken down, which a look may have found. WasUnknown
	// says that nobody knew for a time, and that whoever asked was told so. By these
	// an adapter tells whether whoever asked has heard how it ended.
	AskedAt    time.Time `json:"askedAt,omitzero"`
	DecidedAt  time.Time `json:"decidedAt,omitzero"`
	WasUnknown bool      `json:"wasUnknown,omitempty"`
	// Waited marks a refund that was sent and has waited for settlement, be it before
	// or since.
	Waited bool `json:"waited,omitempty"`
	// Due is when a job has to take the operation up, zero when none has to.
	Due time.Time `json:"due,omitzero"`
	// Looks counts the looks for an unknown operation, Misses those that would
	// have shown it.
	Looks  int `json:"looks,omitempty"`
	Misses int `json:"misses,omitempty"`
	// Attention says why a person has to decide.
	Attention string `json:"attention,omitempty"`
	// Late marks a charge that was found after it was called failed.
	Late bool `json:"late,omitempty"`
	// Return is set once a bank has sent back what the operation moved.
	Return *BankReturn `json:"return,omitempty"`
	// Part says that the bank gave less of a charge than was asked for; Amount is
	// what it gave.
	Part bool `json:"part,omitempty"`
	// Contested says that the processor refused a bank payment's operation for the
	// payment's state.
	Contested bool `json:"contested,omitempty"`
	// Resolution is what a person has decided, if one had to.
	Resolution *Resolution `json:"resolution,omitempty"`
	CreatedAt  time.Time   `json:"createdAt"`
	UpdatedAt  time.Time   `json:"updatedAt"`
}

// Resolution is a person's decision about an operation.
type Resolution struct {
	Decision Decision `json:"decision"`
	By       string   `json:"by"`
	Note     string   `json:"note,omitempty"`
	// Before is the decision that this one follows.
	Before *Resolution `json:"before,omitempty"`
	// About is what the operation waited for.
	About string    `json:"about,omitempty"`
	At    time.Time `json:"at"`
}

// Decision is what a person can say of an operation.
type Decision string

// The decisions.
const (
	// Done: the processor did it, or it was done at its screens.
	Done Decision = "done"
	// NotDone: the processor did not do it, and never will.
	NotDone Decision = "not_done"
	// Seen: there is nothing to decide, or no more.
	Seen Decision = "seen"
)

// raise puts the operation on the attention list, beside what it is there for
// already, unless a person has seen it there for the same reason. It says
// whether that is news.
func (o *Operation) raise(why string) bool {
	seen := o.Resolution != nil && strings.Contains(o.Resolution.About, why)
	if seen || strings.Contains(o.Attention, why) || len(o.Attention)+len(why) > attentionAtMost {
		return false
	}
	o.Attention = joined(o.Attention, why)
	return true
}

// attentionAtMost bounds the reasons for one operation's attention.
const attentionAtMost = 2000

// calm takes reasons away that have ended.
func (o *Operation) calm(ended func(why string) bool) {
	o.Attention = strings.Join(slices.DeleteFunc(strings.Split(o.Attention, "; "), ended), "; ")
}

func joined(reasons, why string) string {
	if reasons == "" {
		return why
	}
	return reasons + "; " + why
}

// Undecided says that money may be moving, or have moved, without our knowing.
func (o Operation) Undecided() bool { return o.Status == OpSending || o.Status == OpUnknown }

// Final says that the operation's answer may be stored and repeated. One that
// was not sent, or that our own credentials spoiled, is decided for this
// moment only: its key may continue it.
func (o Operation) Final() bool { return !o.Undecided() && !o.Continuable() }

// Continuable says that the operation certainly did nothing and that its own
// key may send it.
func (o Operation) Continuable() bool {
	return o.Status == OpNotSent ||
		(o.Status == OpRejected && o.Rejection != nil && o.Rejection.Again)
}

// GivenUp says that the operation's key is given up and its outcome known: what
// it took is given back, or is being given back.
func (o Operation) GivenUp() bool {
	return o.Cancel != "" && !o.Undecided() && !o.Late && !o.refusedPart()
}

// Promised says of a refund that it waited for settlement. Whoever asked for it was
// answered that it is going to be made, and does not ask again: how it ended otherwise
// has to be told. What never left can have done nothing but wait.
func (o Operation) Promised() bool {
	return o.Kind == KindRefund && o.Origin == OriginAPI && (o.Waited || o.SentAt.IsZero())
}

// Charges says that the operation is the one that made its payment.
func (o Operation) Charges() bool {
	return o.Kind == KindSale || o.Kind == KindAuthorize || o.Kind == KindVerify
}
