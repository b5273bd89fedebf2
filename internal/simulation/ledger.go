package simulation

import (
	"context"
	"errors"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

var _ gateway.Ledger = (*ledgerPort)(nil)

// ledgerPort is one instance's way to the ledger that all share. It refuses,
// is slow, loses answers, and is where the instance crashes. It writes down the
// intents that the instance was told are kept.
type ledgerPort struct {
	instance *instance
	next     gateway.Ledger
}

var errLedgerAway = errors.New("the ledger does not answer")

// How often each fault strikes one call.
const (
	readRefused  = 0.004
	writeRefused = 0.012
	answerLost   = 0.012
	ledgerSlow   = 0.01
	stepCrash    = 0.012
)

// How long the ledger takes where nothing is wrong, at most. Without that
// everything would happen in one instant of the virtual clock.
const (
	maxRead  = time.Millisecond
	maxWrite = 5 * time.Millisecond
)

func read[T any](l *ledgerPort, call, about string, do func() (T, error)) (T, error) {
	var none T
	s := l.instance.step("ledger."+call, about)
	s.takes(maxRead)
	s.slow(LedgerSlow, ledgerSlow/4, 50*time.Millisecond, 2*time.Second)
	switch {
	case l.instance.crashed():
		return none, errCrashed
	case s.suffers(LedgerRefusesRead, readRefused):
		return none, errLedgerAway
	}
	found, err := do()
	if l.instance.crashed() {
		return none, errCrashed
	}
	return found, err
}

// crashes are the crashes before and after a write.
type crashes struct{ before, after Fault }

func (l *ledgerPort) write(call, about string, c crashes, do func() error) error {
	s := l.instance.step("ledger."+call, about)
	s.takes(maxWrite)
	s.slow(LedgerSlow, ledgerSlow, 50*time.Millisecond, 8*time.Second)
	switch {
	case l.instance.crashed():
		return errCrashed
	case c.before != "" && s.crash(c.before, stepCrash):
		return errCrashed
	case s.suffers(LedgerRefusesWrite, writeRefused):
		return errLedgerAway
	}
	err := do()
	s.takes(maxWrite)
	switch {
	case c.after != "" && s.crash(c.after, stepCrash):
		return errCrashed
	case l.instance.crashed():
		return errCrashed
	case err == nil && s.suffers(LedgerLosesAnswer, answerLost):
		return errLedgerAway
	}
	return err
}

// Apply implements gateway.Ledger.
func (l *ledgerPort) Apply(ctx context.Context, c gateway.Change) error {
	op, _ := c.Payment.Operation(c.Operation)
	l.instance.world.record.name(nameOf(c.Payment), c.Payment.ID, c.Payment.Reference, c.Payment.OrderID)
	var at crashes
	switch {
	case op.Status == gateway.OpSending && op.Sender == l.instance.name:
		at = crashes{CrashBeforeIntent, CrashAfterIntent}
	case !op.Undecided():
		at = crashes{CrashBeforeRecord, CrashAfterRecord}
	}
	err := l.keep(ctx, "Apply", op.Key+" "+string(op.Status), rowsOf(c), at, func(ctx context.Context) error {
		err := l.next.Apply(ctx, c)
		if err == nil {
			l.instance.world.audience.kept(c.Events...)
		}
		return err
	})
	if err == nil {
		l.instance.world.figures.applied(op, stageOf(ctx))
	}
	if err == nil && op.Status == gateway.OpSending {
		l.instance.world.record.intent(l.intent(c.Payment, op))
	}
	return err
}

// nameOf is the same in each run of one seed. A verification's order is made of its
// request, in which an encrypted card is another text each time.
func nameOf(p gateway.Payment) string {
	if p.Intent == gateway.IntentVerify {
		return p.First().Key
	}
	return p.OrderID
}

func (l *ledgerPort) intent(p gateway.Payment, op gateway.Operation) history.Intent {
	i := history.Intent{
		At: time.Now(), Instance: l.instance.name, Kind: string(op.Kind), Subject: p.TransactionID, SendBefore: op.SendBefore,
	}
	switch {
	case op.Charges():
		i.Subject = p.Reference
	case op.ProcessedAs == gateway.AsVoid:
		i.Kind = history.Void
	}
	return i
}

// CloseKey implements gateway.Ledger.
func (l *ledgerPort) CloseKey(ctx context.Context, merchantID, key string, at time.Time) error {
	return l.keep(ctx, "CloseKey", key, []string{rowOfKey(key)}, crashes{}, func(ctx context.Context) error {
		return l.next.CloseKey(ctx, merchantID, key, at)
	})
}

// Key implements gateway.Ledger.
func (l *ledgerPort) Key(ctx context.Context, merchantID, key string) (gateway.KeyRecord, error) {
	return read(l, "Key", key, func() (gateway.KeyRecord, error) { return l.next.Key(ctx, merchantID, key) })
}

// Payment implements gateway.Ledger.
func (l *ledgerPort) Payment(ctx context.Context, merchantID, id string) (gateway.Payment, error) {
	return read(l, "Payment", l.instance.world.record.order(id), func() (gateway.Payment, error) { return l.next.Payment(ctx, merchantID, id) })
}

// PaymentByTransaction implements gateway.Ledger.
func (l *ledgerPort) PaymentByTransaction(ctx context.Context, merchantID string, live bool, id string) (gateway.Payment, error) {
	return read(l, "PaymentByTransaction", id, func() (gateway.Payment, error) {
		return l.next.PaymentByTransaction(ctx, merchantID, live, id)
	})
}

// PaymentByReference implements gateway.Ledger.
func (l *ledgerPort) PaymentByReference(ctx context.Context, merchantID, reference string) (gateway.Payment, error) {
	return read(l, "PaymentByReference", l.instance.world.record.order(reference), func() (gateway.Payment, error) {
		return l.next.PaymentByReference(ctx, merchantID, reference)
	})
}

// Payments implements gateway.Ledger.
func (l *ledgerPort) Payments(ctx context.Context, f gateway.PaymentFilter) ([]gateway.Payment, error) {
	return read(l, "Payments", l.instance.world.record.order(f.OrderID), func() ([]gateway.Payment, error) { return l.next.Payments(ctx, f) })
}

// Due implements gateway.Ledger.
func (l *ledgerPort) Due(ctx context.Context, now time.Time, limit int) ([]gateway.Payment, error) {
	return read(l, "Due", "", func() ([]gateway.Payment, error) { return l.next.Due(ctx, now, limit) })
}

// Watch implements gateway.Ledger.
func (l *ledgerPort) Watch(ctx context.Context, merchantID string, live bool) (gateway.Watch, error) {
	return read(l, "Watch", "", func() (gateway.Watch, error) { return l.next.Watch(ctx, merchantID, live) })
}

// SaveWatch implements gateway.Ledger.
func (l *ledgerPort) SaveWatch(ctx context.Context, w gateway.Watch) error {
	return l.write("SaveWatch", "", crashes{}, func() error { return l.next.SaveWatch(ctx, w) })
}

// SettlementFiling implements gateway.Ledger.
func (l *ledgerPort) SettlementFiling(ctx context.Context, merchantID string, live bool) (gateway.SettlementFiling, error) {
	return read(l, "SettlementFiling", "", func() (gateway.SettlementFiling, error) { return l.next.SettlementFiling(ctx, merchantID, live) })
}

// SaveSettlementFiling implements gateway.Ledger.
func (l *ledgerPort) SaveSettlementFiling(ctx context.Context, f gateway.SettlementFiling) error {
	return l.write("SaveSettlementFiling", "", crashes{}, func() error { return l.next.SaveSettlementFiling(ctx, f) })
}

// KeepUnmatched implements gateway.Ledger.
func (l *ledgerPort) KeepUnmatched(ctx context.Context, u gateway.UnmatchedTransaction, e *gateway.Event) error {
	return l.write("KeepUnmatched", u.Record.TransactionID, crashes{}, func() error { return l.next.KeepUnmatched(ctx, u, e) })
}

// DropUnmatched implements gateway.Ledger.
func (l *ledgerPort) DropUnmatched(ctx context.Context, merchantID string, live bool, id string) error {
	return l.write("DropUnmatched", id, crashes{}, func() error { return l.next.DropUnmatched(ctx, merchantID, live, id) })
}

// UnmatchedTransaction implements gateway.Ledger.
func (l *ledgerPort) UnmatchedTransaction(ctx context.Context, merchantID string, live bool, id string) (gateway.UnmatchedTransaction, error) {
	return read(l, "UnmatchedTransaction", id, func() (gateway.UnmatchedTransaction, error) {
		return l.next.UnmatchedTransaction(ctx, merchantID, live, id)
	})
}

// Unmatched implements gateway.Ledger.
func (l *ledgerPort) Unmatched(ctx context.Context, f gateway.UnmatchedFilter) ([]gateway.UnmatchedTransaction, error) {
	return read(l, "Unmatched", "", func() ([]gateway.UnmatchedTransaction, error) { return l.next.Unmatched(ctx, f) })
}

// Backlog implements gateway.Ledger.
func (l *ledgerPort) Backlog(ctx context.Context, now time.Time) ([]gateway.Backlog, error) {
	return read(l, "Backlog", "", func() ([]gateway.Backlog, error) { return l.next.Backlog(ctx, now) })
}

// UndecidedRefunds implements gateway.Ledger.
func (l *ledgerPort) UndecidedRefunds(ctx context.Context, merchantID string, live bool, amount gateway.Money, since time.Time) (int, error) {
	return read(l, "UndecidedRefunds", amount.String(), func() (int, error) {
		return l.next.UndecidedRefunds(ctx, merchantID, live, amount, since)
	})
}

// Ready implements gateway.Ledger.
func (l *ledgerPort) Ready(ctx context.Context) error {
	return l.write("Ready", "", crashes{}, func() error { return l.next.Ready(ctx) })
}
