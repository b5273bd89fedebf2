package gateway

import "time"

// Change is the one product of a verb: the payment at its next version, what
// is to be told of it, and the answer to the key that caused it. The ledger
// applies all of it or none.
type Change struct {
	Payment Payment
	// Base is the version the verb decided on, zero for a new payment.
	Base int64
	// Operation is the id of the operation the change is about, if any.
	Operation string
	// Charges is the customer whose stored card an intent charges, as it was read.
	// When it has changed since, or gone, the change is stale: what was removed
	// before the intent is written is not charged by it.
	Charges *VaultCustomer
	// Binds is set by the change that writes an operation's first intent.
	Binds *Binding
	// Reply is set once the operation is decided; it replaces an older one.
	Reply  *Reply
	Events []Event
	// HeardSince is set where this instance has nobody to tell of the events. They
	// are spread with the change, to nobody, unless a subscription of the merchant
	// has been seen since then: whoever has that one spreads them.
	HeardSince time.Time
	// Audit is the record of a person's decision, nil where nobody decided but the
	// client that asked, whom the operation names by its key and channel.
	Audit *AuditRecord
}

// operation is the one that the change is about, where it stands in the payment:
// an operation has half a kilobyte.
func (c *Change) operation() *Operation {
	for i := range c.Payment.Operations {
		if c.Payment.Operations[i].ID == c.Operation {
			return &c.Payment.Operations[i]
		}
	}
	return nil
}

// Binding ties a key to the change's operation, for good.
type Binding struct {
	Key         string
	Fingerprint []byte
}

// Reply is the decided answer of a key: the payment as it stood then.
type Reply struct {
	Payment     Payment `json:"payment"`
	OperationID string  `json:"operationId"`
}

func replyOf(p Payment, operationID string) *Reply {
	return &Reply{Payment: p.told(), OperationID: operationID}
}
