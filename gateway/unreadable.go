package gateway

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Unreadable is a row of the ledger that this program cannot read: a newer
// program wrote it, or it is damaged. What its payment has for the same
// subscriber waits behind it, and nothing else does; the work that is due on it
// waits by itself.
type Unreadable struct {
	// ID is that of the event, of the delivery, or of what work is due on; it is
	// the name of a secret, or of an operator.
	ID         string
	MerchantID string
	// LiveMode is that of a secret.
	LiveMode  bool
	PaymentID string
	// Subscriber is empty for an event.
	Subscriber string
	// At is the time that it was looked for by: since when work on it is due, or when
	// it was last changed.
	At  time.Time
	Err error
}

// UnreadableError comes beside what could be read.
type UnreadableError []Unreadable

func (e UnreadableError) Error() string {
	var rows []string
	for _, r := range e {
		rows = append(rows, fmt.Sprintf("%s: %v", r.ID, r.Err))
	}
	return strings.Join(rows, "; ")
}

// toldAtMost bounds the rows whose ids are remembered.
const toldAtMost = 1000

// unreadables are those rows that the log has told of.
type unreadables struct {
	mu   sync.Mutex
	told map[string]bool
}

// isNews says whether the log has not told of the row. Beyond what can be
// remembered it is silent: the rows that it told of are reason enough to act.
func (u *unreadables) isNews(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.told[id] || len(u.told) >= toldAtMost {
		return false
	}
	if u.told == nil {
		u.told = map[string]bool{}
	}
	u.told[id] = true
	return true
}

// readable tells once of each row that could not be read, and returns what else
// has failed.
func (g *Gateway) readable(err error) error {
	var rows UnreadableError
	if !errors.As(err, &rows) {
		return err
	}
	for _, r := range rows {
		if g.telling.unreadables.isNews(r.ID) {
			g.log.Error("telling.unreadable", "id", r.ID, "merchant", r.MerchantID, "subscriber", r.Subscriber, "payment", r.PaymentID,
				"error", r.Err, "consequence", "nobody is told of this, nor of what this payment has behind it; all else goes on")
		}
	}
	return nil
}

// workable takes rows that could not be read out of what came of a look for due
// work. The log tells of each once, and the metrics count those of the last look.
func (g *Gateway) workable(p part, err error) error {
	var rows UnreadableError
	if err != nil && !errors.As(err, &rows) {
		return err // the look says nothing of them
	}
	g.duty.unreadable.saw(p, rows)
	for _, r := range rows {
		if g.duty.unreadable.told.isNews(r.ID) {
			g.log.Error("due.unreadable", "id", r.ID, "merchant", r.MerchantID, "since", r.At, "error", r.Err,
				"consequence", "what is due on this is not done: nothing of it is looked for, undone, sent or compared; all else goes on")
		}
	}
	return nil
}

// unworkables are the rows that have work due on them and could not be read.
type unworkables struct {
	told unreadables

	mu sync.Mutex
	// last has how many there were of each merchant when a part last looked.
	last map[part]map[string]int
}

func (u *unworkables) saw(p part, rows UnreadableError) {
	of := map[string]int{}
	for _, r := range rows {
		of[r.MerchantID]++
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[part]map[string]int{}
	}
	u.last[p] = of
}

// Unreadable counts by merchant what has work due on it and could not be read when
// this process last looked.
func (g *Gateway) Unreadable() map[string]int {
	sums := map[string]int{}
	for id := range g.merchants {
		sums[id] = 0
	}
	u := &g.duty.unreadable
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, of := range u.last {
		for id, n := range of {
			sums[id] += n
		}
	}
	return sums
}
