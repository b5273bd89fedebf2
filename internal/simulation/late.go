package simulation

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

// commitLate is how often a change is called lost and kept all the same.
const commitLate = 0.02

// maxLate is after how long such a change can be seen, at most.
const maxLate = 10 * time.Second

// lockTimeout is how long a writer waits for a row that another one holds: it is
// set for each session of the ledger in PostgreSQL.
const lockTimeout = 3 * time.Second

var errRowHeld = errors.New("another session has held a row of the ledger for too long; nothing was written")

// lateCommits are transactions whose end was called lost, as of a connection that
// breaks during COMMIT, or of a commit that waits for a standby. Until they have
// ended nobody sees what they have written, and they hold its rows.
type lateCommits struct {
	mu   sync.Mutex
	open []*lateCommit
}

type lateCommit struct {
	rows  []string
	ended chan struct{}
}

func (l *lateCommits) begin(rows []string) *lateCommit {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &lateCommit{rows: rows, ended: make(chan struct{})}
	l.open = append(l.open, c)
	return c
}

func (l *lateCommits) end(c *lateCommit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = slices.DeleteFunc(l.open, func(o *lateCommit) bool { return o == c })
	close(c.ended)
}

// holding is the end of a transaction that holds one of the rows, nil when none does.
func (l *lateCommits) holding(rows []string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.open {
		if slices.ContainsFunc(c.rows, func(row string) bool { return slices.Contains(rows, row) }) {
			return c.ended
		}
	}
	return nil
}

// wait waits for rows that others hold, as a statement does that needs them.
func (l *lateCommits) wait(s step, rows []string) error {
	patience := time.NewTimer(lockTimeout)
	defer patience.Stop()
	for held := l.holding(rows); held != nil; held = l.holding(rows) {
		select {
		case <-held:
			s.takes(maxWrite) // which of two that have waited comes first, the seed decides
		case <-patience.C:
			return errRowHeld
		}
	}
	return nil
}

// keep is a write of rows that others may want too. One that is called lost may be
// kept later, whatever becomes of the instance: the ledger has it by then. What was
// decided on another version than the ledger has is not kept even then.
func (l *ledgerPort) keep(ctx context.Context, call, about string, rows []string, c crashes, do func(context.Context) error) error {
	return l.write(call, about, c, func() error {
		w, s := l.instance.world, l.instance.step("rows of "+call, about)
		if err := w.late.wait(s, rows); err != nil {
			return err
		}
		if l.instance.crashed() {
			return errCrashed
		}
		if !s.suffers(LedgerCommitsLate, commitLate) {
			return do(ctx)
		}
		commit := w.late.begin(rows)
		w.work.Go(func() {
			time.Sleep(w.between(0, maxLate, "late", s.name))
			do(context.WithoutCancel(ctx))
			w.late.end(commit)
		})
		return errLedgerAway
	})
}

func rowOfKey(key string) string { return "key " + key }

func rowOfCustomer(id string) string { return "customer " + id }

// rowsOf are those that a change of a payment writes or holds: a card's customer is
// held until the charge's intent is kept.
func rowsOf(c gateway.Change) []string {
	rows := []string{"payment " + c.Payment.ID}
	if c.Binds != nil {
		rows = append(rows, rowOfKey(c.Binds.Key))
	}
	if c.Charges != nil {
		rows = append(rows, rowOfCustomer(c.Charges.ID))
	}
	for _, op := range c.Payment.Operations {
		if op.TransactionID != "" {
			rows = append(rows, "transaction "+op.TransactionID)
		}
	}
	return rows
}

// vaultRowsOf are those of a change of the vault.
func vaultRowsOf(c gateway.VaultChange) []string {
	var rows []string
	if c.Customer != nil {
		rows = append(rows, rowOfCustomer(c.Customer.ID))
		for _, m := range c.Customer.Methods {
			rows = append(rows, "profile "+m.ProfileID)
		}
	}
	for _, op := range c.Operations {
		rows = append(rows, "vault operation "+op.ID)
	}
	if c.Binds != nil {
		rows = append(rows, rowOfKey(c.Binds.Key))
	}
	return rows
}
