package gateway

import "time"

// Merchant is one account at PayTrace, and the rules that hold for it.
type Merchant struct {
	ID       string
	LiveMode bool
	Currency string
	// Zone is that of its settlement days; nil is UTC.
	Zone *time.Location

	// SendWindow is how long after its intent was written an operation may
	// still leave for PayTrace.
	SendWindow time.Duration
	// CallDeadline ends the gateway's own waiting for PayTrace, which outlasts
	// the caller's.
	CallDeadline time.Duration

	// ProcessorUser is our name on the processor's books; a refund that another
	// user made is never taken for ours.
	ProcessorUser string
	// ExportRowCap is the number of rows at which the processor's export may
	// have been cut, zero when no cap is known. An export that reaches it
	// proves no absence.
	ExportRowCap int

	// ReturnWindow is after how many business days of the Federal Reserve a bank
	// payment that no bank has returned counts as approved.
	ReturnWindow int

	// WatchEvery is how often the processor's export is read, and WatchDays the
	// days of it that are read each time: what is shown late is found so.
	WatchEvery time.Duration
	WatchDays  int
	// CheckVaultEvery is how often a stored payment method is compared with
	// PayTrace's profile.
	CheckVaultEvery time.Duration
	// ChargeBearsPurchaseOrder says that the order's purchase order goes with the
	// charge, since the field for it does not carry our reference.
	ChargeBearsPurchaseOrder bool
	// TellUnmatched makes an event of every transaction on the processor's
	// books that belongs to no payment.
	TellUnmatched bool
	// VerifyCards has every card verified before it is stored.
	VerifyCards bool
}

// The defaults of a merchant's times. PayTrace has been measured at 19 s.
const (
	DefaultSendWindow   = 5 * time.Second
	DefaultCallDeadline = 60 * time.Second
	DefaultWatchEvery   = 5 * time.Minute
	DefaultWatchDays    = 2
	// DefaultCheckVaultEvery makes one call a day of each stored card.
	DefaultCheckVaultEvery = 24 * time.Hour
	// DefaultReturnWindow is above the two banking days that banks have for most
	// returns, such as that of an account without funds.
	DefaultReturnWindow = 5
	// staleAfter is added to the call's deadline before a `sending` that
	// nobody answered for is taken for unknown.
	staleAfter = 30 * time.Second
)
