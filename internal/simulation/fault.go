package simulation

import (
	"maps"
	"slices"
	"sync"
)

// Fault names one way in which a run was disturbed.
type Fault string

// The faults of the gateway's own process and of what it stands on.
const (
	CrashBeforeClaim  Fault = "crash before the claim"
	CrashAfterClaim   Fault = "crash after the claim"
	CrashBeforeIntent Fault = "crash before the intent is written"
	CrashAfterIntent  Fault = "crash after the intent is written"
	CrashBeforeSend   Fault = "crash before the sending"
	CrashDuringSend   Fault = "crash during the sending"
	CrashAfterSend    Fault = "crash after the sending"
	CrashBeforeRecord Fault = "crash before the answer is recorded"
	CrashAfterRecord  Fault = "crash after the answer is recorded"
	CrashAfterAnswer  Fault = "crash after the caller was answered"

	LedgerRefusesWrite Fault = "ledger refuses a write"
	LedgerLosesAnswer  Fault = "ledger keeps a write and loses its answer"
	LedgerCommitsLate  Fault = "ledger calls a write lost and keeps it later"
	LedgerRefusesRead  Fault = "ledger refuses a read"
	LedgerSlow         Fault = "ledger slow"

	ClaimsAway       Fault = "claims away"
	ClaimsSlow       Fault = "claims slow"
	ClaimLost        Fault = "claim lost"
	ClaimsWiped      Fault = "claims wiped"
	ClaimsLieWon     Fault = "claims say won of a busy key"
	ClaimsLieBusy    Fault = "claims say busy of a free key"
	ClaimsLieAnother Fault = "claims give another key's answer"
	ClaimsLieOld     Fault = "claims give an old answer"
	ClaimReplyLost   Fault = "claims keep a claim and lose their reply"

	CrashBeforeSpread Fault = "crash before events are spread"
	CrashAfterSpread  Fault = "crash after events are spread"
	CrashBeforeTake   Fault = "crash before a delivery is taken"
	CrashAfterTake    Fault = "crash after a delivery is taken"
	CrashDuringTell   Fault = "crash while a subscriber is told"
	CrashBeforeTold   Fault = "crash before a delivery is recorded"
	CrashAfterTold    Fault = "crash after a delivery is recorded"

	ClockSkewed   Fault = "clock skewed"
	BreakerOpened Fault = "breaker opened"
)

// The faults at PayTrace that the simulator has no name for; its own stand
// behind "PayTrace: ".
const (
	ExportLags      Fault = "PayTrace: export lags"
	ExportCapped    Fault = "PayTrace: export capped"
	DuplicateFilter Fault = "PayTrace: duplicate filter"
	ConnectionsCut  Fault = "PayTrace: connections cut"
	EarlySettlement Fault = "PayTrace: settlement in between"
	ClerkSells      Fault = "clerk sells"
	ClerkSellsAgain Fault = "clerk sells an order once more"
	ClerkRefunds    Fault = "clerk refunds"
	ClerkVoids      Fault = "clerk voids"
	ClerkCaptures   Fault = "clerk captures"
	ClerkAdjusts    Fault = "clerk adjusts"
	ClerkCredits    Fault = "clerk credits what is pending"

	ClerkKeepsCard   Fault = "clerk makes a profile"
	ClerkChangesCard Fault = "clerk changes a profile"
	ClerkDeletesCard Fault = "clerk deletes a profile"
)

// The faults of subscribers.
const (
	SinkRefuses   Fault = "subscriber refuses"
	SinkLosesIt   Fault = "subscriber acts and its answer is lost"
	SinkHangs     Fault = "subscriber hangs"
	SinkIsLate    Fault = "subscriber acts after the gateway has given up"
	SinkIsDown    Fault = "subscriber is down"
	SinkIsGone    Fault = "subscriber says that it is gone"
	SinkWontHear  Fault = "subscriber will not hear of an event"
	SinkWantsTime Fault = "subscriber asks for time"
)

// The faults of callers.
const (
	RepeatsKey        Fault = "caller repeats a key"
	RepeatsDecided    Fault = "caller repeats a decided key"
	RepeatsAfterDays  Fault = "caller repeats a key a day later"
	SubmitsTwice      Fault = "caller submits on two instances at once"
	HangsUp           Fault = "caller hangs up"
	ShortBudget       Fault = "caller has a short budget"
	CancelsBefore     Fault = "caller cancels before"
	CancelsDuring     Fault = "caller cancels during"
	CancelsAfter      Fault = "caller cancels after"
	CapturesTwice     Fault = "caller captures twice"
	RefundsAtOnce     Fault = "caller refunds twice at once"
	RefundsTooMuch    Fault = "caller refunds too much"
	VoidsAndRefunds   Fault = "caller voids and refunds at once"
	ReusesKey         Fault = "caller reuses a key for another request"
	FindsInstanceDown Fault = "caller finds an instance down"
	AsksNoMore        Fault = "caller is told that nothing was sent and asks no more"

	StoresTwice        Fault = "caller stores a card on two instances at once"
	ReplacesAndRemoves Fault = "caller replaces and removes a card at once"
	PrefersAndRemoves  Fault = "caller removes a card and makes one the default at once"
	RemovesAndPays     Fault = "caller removes a card and pays with it at once"
	PaysWithRemoved    Fault = "caller pays with a removed card"
	ForgetsCustomer    Fault = "caller removes a customer"

	PaysByAccount Fault = "caller pays by bank account"
	BankReturns   Fault = "bank returns a payment"

	PartGiven      Fault = "bank gives a part"
	PartUnasked    Fault = "bank gives a part that nobody asked for"
	VerifiesCard   Fault = "caller verifies a card"
	MoneyOfNothing Fault = "caller wants money of a verification"
	CardNotGood    Fault = "bank says that a card to be kept is not good"
)

// tally counts the faults that fired.
type tally struct {
	mu    sync.Mutex
	fired map[Fault]int
}

func (t *tally) count(f Fault, times int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fired == nil {
		t.fired = map[Fault]int{}
	}
	if times > 0 {
		t.fired[f] += times
	}
}

func (t *tally) all() map[Fault]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.fired)
}

func sortedFaults(fired map[Fault]int) []Fault { return slices.Sorted(maps.Keys(fired)) }
