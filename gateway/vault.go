package gateway

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"
)

// VaultCustomer is a shopper with stored payment methods. The cards lie at
// PayTrace; the gateway keeps what may be shown.
type VaultCustomer struct {
	MerchantID string `json:"merchantId"`
	LiveMode   bool   `json:"liveMode"`
	ID         string `json:"id"`
	// Source names the Salesforce records that are told of the customer.
	Source  SourceRecords `json:"source,omitzero"`
	Methods []VaultMethod `json:"methods,omitempty"`
	// Pending are the adding and replacing operations that are not decided, by the
	// id of the method that each is about. A customer does not go before they are.
	Pending map[string]string `json:"pending,omitempty"`
	// Version counts the changes of the customer and of its methods, and goes on
	// from one customer to the next of its id.
	Version int64 `json:"version"`
	// Last is what the last customer of the id left.
	Last      PastCustomer `json:"last,omitzero"`
	CreatedAt time.Time    `json:"createdAt"`
	UpdatedAt time.Time    `json:"updatedAt"`
}

// VaultMethod is one stored card, or one stored bank account. PayTrace holds one
// card for each of its own customers, there called profiles, so every method has a
// profile of its own.
type VaultMethod struct {
	ID string `json:"id"`
	// ProfileID is PayTrace's customer_id. Nobody outside is told of it: whoever
	// knows it and has an account's password could charge it past the gateway.
	ProfileID string      `json:"profileId"`
	Card      CardSummary `json:"card"`
	// Bank is set when the method is a bank account, and Card is not.
	Bank      BankSummary `json:"bankAccount,omitzero"`
	Default   bool        `json:"default,omitempty"`
	CreatedAt time.Time   `json:"createdAt"`
	UpdatedAt time.Time   `json:"updatedAt"`
	// CheckDue is when the profile is compared with the method next, and Misses
	// how often in a row PayTrace has shown none.
	CheckDue time.Time `json:"checkDue,omitzero"`
	Misses   int       `json:"misses,omitempty"`
}

// Choose returns the method named, or the default one when none is named.
func (c VaultCustomer) Choose(methodID string) (VaultMethod, bool) {
	for _, m := range c.Methods {
		if m.ID == methodID || (methodID == "" && m.Default) {
			return m, true
		}
	}
	return VaultMethod{}, false
}

// Counted is since when the versions of its id are counted: when the first
// customer of that id was made.
func (c VaultCustomer) Counted() time.Time {
	if c.Last.Since.IsZero() {
		return c.CreatedAt
	}
	return c.Last.Since
}

// New says that this is the first version of the customer.
func (c VaultCustomer) New() bool { return c.Version == c.Last.Version+1 }

// PastCustomer is what a removed customer leaves for the next one of its id.
type PastCustomer struct {
	// Version is that of the removal.
	Version int64 `json:"version"`
	// Since is what the customer's Counted was, and zero where that is not known.
	Since time.Time `json:"since,omitzero"`
}

// next is the customer one version on, with methods of its own to change.
func (c VaultCustomer) next(now time.Time) VaultCustomer {
	c.Version++
	c.UpdatedAt = now
	c.Methods = slices.Clone(c.Methods)
	c.Pending = maps.Clone(c.Pending)
	return c
}

// VaultVerb is what an operation does to a profile.
type VaultVerb string

// The verbs of the vault.
const (
	// VaultAdd makes a profile of a new card.
	VaultAdd VaultVerb = "add"
	// VaultReplace puts another card, or another address, into a profile.
	VaultReplace VaultVerb = "replace"
	// VaultRemove deletes a profile. The method is gone from its customer as soon
	// as the intent is written; PayTrace is asked until it says so too.
	VaultRemove VaultVerb = "remove"
)

// VaultOperation is one change of a profile at PayTrace, from its intent to its
// end. Status is one of OpSending, OpUnknown, OpApproved, OpRejected, OpNotSent
// and OpFailed.
type VaultOperation struct {
	ID         string          `json:"id"`
	MerchantID string          `json:"merchantId"`
	LiveMode   bool            `json:"liveMode"`
	Verb       VaultVerb       `json:"verb"`
	Status     OperationStatus `json:"status"`
	CustomerID string          `json:"customerId"`
	MethodID   string          `json:"methodId"`
	ProfileID  string          `json:"profileId"`
	// Key is empty for what the gateway does by itself.
	Key string `json:"key,omitempty"`
	// Card is what was known of the card before PayTrace was asked. It never
	// holds more than a summary.
	Card CardSummary `json:"card,omitzero"`
	// Before is the card of a method that is replaced, as it was.
	Before CardSummary `json:"before,omitzero"`
	// Bank and BankBefore are the same of a bank account.
	Bank       BankSummary `json:"bankAccount,omitzero"`
	BankBefore BankSummary `json:"bankBefore,omitzero"`
	// MakesCustomer says that the customer came with this operation, and goes
	// with it if nothing becomes of it.
	MakesCustomer bool `json:"makesCustomer,omitempty"`
	// MakeDefault says that the method is to be the customer's default.
	MakeDefault bool `json:"makeDefault,omitempty"`
	// AddressOnly says that the card stays as it is. PayTrace shows no addresses,
	// so no look can tell what became of it.
	AddressOnly bool       `json:"addressOnly,omitempty"`
	Rejection   *Rejection `json:"rejection,omitempty"`
	Sender      string     `json:"sender,omitempty"`
	IntentID    string     `json:"intentId,omitempty"`
	SentAt      time.Time  `json:"sentAt,omitzero"`
	SendBefore  time.Time  `json:"sendBefore,omitzero"`
	// Due is when a job takes the operation up, zero when none has to.
	Due time.Time `json:"due,omitzero"`
	// Looks counts the looks for an unknown operation, or the tries to remove a
	// profile, Misses the looks that have not shown it.
	Looks     int       `json:"looks,omitempty"`
	Misses    int       `json:"misses,omitempty"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// VaultChange is what the ledger applies whole or not at all.
type VaultChange struct {
	// Customer is the customer at its next version; the stored one has to be at
	// the version before and made at the same time. Of a new one there must be
	// none, and what it says of the last one has to be so. With no customer only
	// operations change.
	Customer *VaultCustomer
	// Removes deletes the customer, which is given at its next version as for any
	// other change. Its id is free again then, and a new one goes on from there.
	Removes bool
	// Operations are each at their next version, as the customer is.
	Operations []VaultOperation
	// Binds ties a key to the first operation.
	Binds  *Binding
	Events []Event
}

// VaultNews is what an event of the vault tells.
type VaultNews struct {
	LiveMode   bool          `json:"liveMode"`
	CustomerID string        `json:"customerId"`
	Source     SourceRecords `json:"source,omitzero"`
	// Previous names the records that the customer belonged to before this change,
	// where it belongs to others now: those have to be told that it is theirs no
	// more. Events from before there was this member lack it.
	Previous SourceRecords `json:"previous,omitzero"`
	// Since is the customer's Counted.
	Since  time.Time   `json:"since,omitzero"`
	Method VaultMethod `json:"method"`
	// Stored is how many methods the customer has now.
	Stored int `json:"stored"`
	// Origin says who has changed it: OriginAPI, OriginExternal for PayTrace's
	// own screens, OriginGateway for what was learned later.
	Origin Origin `json:"origin"`
}

// Queue is one for each customer: what happens to one is told in order.
func (n VaultNews) Queue(merchantID string) string {
	return "vault:" + merchantID + ":" + strconv.FormatBool(n.LiveMode) + ":" + n.CustomerID
}

// CustomerFilter selects customers of one merchant and mode, in the order of
// their ids. Empty members do not filter.
type CustomerFilter struct {
	MerchantID string
	LiveMode   bool
	// ExpiresBy, such as 202701, selects those with a card that expires in that
	// month or has expired before.
	ExpiresBy int
	// After is the id of the last customer of the page before.
	After string
	Limit int
}

// VaultLedger is the part of a ledger that holds the vault.
type VaultLedger interface {
	// ApplyVault makes the whole change durable, or none of it: ErrKeyTaken when
	// the key is bound already, which is told before anything else, ErrStale when
	// the customer or an operation is no longer at the version before,
	// ErrProfileTaken when another method, of whichever customer, has the profile.
	ApplyVault(context.Context, VaultChange) error
	// Customer and VaultOperation return ErrNotFound when the merchant has no
	// such one in that mode.
	Customer(ctx context.Context, merchantID string, liveMode bool, customerID string) (VaultCustomer, error)
	VaultOperation(ctx context.Context, merchantID, operationID string) (VaultOperation, error)
	// LastCustomer returns what the last customer of that id left when it was
	// removed, and nothing if none was.
	LastCustomer(ctx context.Context, merchantID string, liveMode bool, customerID string) (PastCustomer, error)
	// ProfileUsed says that a method of the merchant's, in that mode, has the
	// profile.
	ProfileUsed(ctx context.Context, merchantID string, liveMode bool, profileID string) (bool, error)
	// Customers returns at most Limit customers.
	Customers(context.Context, CustomerFilter) ([]VaultCustomer, error)
	// DueVaultOperations returns operations of all merchants whose Due is set and not
	// after now, what has been due longest first: of each merchant at most limit that
	// remove a profile, and at most limit others. What cannot be read is told here,
	// and by DueChecks, as by Due.
	DueVaultOperations(ctx context.Context, now time.Time, limit int) ([]VaultOperation, error)
	// DueChecks returns at most limit customers of one merchant and mode with a
	// method whose CheckDue is set and not after now, what has been due longest
	// first.
	DueChecks(ctx context.Context, merchantID string, liveMode bool, now time.Time, limit int) ([]VaultCustomer, error)
}

// SaveProfile asks for a profile to be made, or changed.
type SaveProfile struct {
	ProfileID string
	// Method is empty when only addresses change, or with a transaction.
	Method PaymentMethod
	// SourceTransactionID stores the card of an earlier transaction.
	SourceTransactionID string
	Billing, Shipping   *Address
	SendBefore          time.Time
}

// RemoveProfile asks for a profile to be deleted.
type RemoveProfile struct {
	ProfileID  string
	SendBefore time.Time
}

// Profiles is a processor's vault, with one card to a profile. The rules of
// Processor hold: each call leaves at most once, and every failure is one of the
// five outcomes. Approved means that it was done.
type Profiles interface {
	// CreateProfile is Rejected with RejectedProfileTaken when there is a profile
	// with that id.
	CreateProfile(context.Context, SaveProfile) Result
	// UpdateProfile and DeleteProfile are Rejected with RejectedNoProfile when
	// there is none.
	UpdateProfile(context.Context, SaveProfile) Result
	DeleteProfile(context.Context, RemoveProfile) Result
	// Profile shows what may be shown of a profile; ErrNotFound when there is no such
	// one.
	Profile(ctx context.Context, profileID string) (ProfileSummary, error)
}

// What the vault does with a rejection depends on these two of PayTrace's
// numbers.
const (
	RejectedNoProfile    = "30"
	RejectedProfileTaken = "171"
)

// NewMethodID makes the id of a stored payment method, NewCustomerID that of a
// customer to whom the caller gives none.
func NewMethodID(now time.Time) string { return newID("pm_", now) }

// NewCustomerID makes the id of a customer.
func NewCustomerID(now time.Time) string { return newID("cus_", now) }

// NewVaultOperationID makes the id of a change of the vault.
func NewVaultOperationID(now time.Time) string { return newID("vop_", now) }
