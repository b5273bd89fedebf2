package gateway

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Unreadable is a row of the ledger that this program cannot read: a newer
// program wrote it, or it is damaged. What its payment has for the same
// subscriber waits behind it, and nothing else does.
type Unreadable struct {
	// ID is that of the event, or of the delivery; it is the name of a secret, or
	// of an operator.
	ID         string
	MerchantID string
	// LiveMode is that of a secret.
	LiveMode  bool
	PaymentID string
	// Subscriber is empty for an event.
	Subscriber string
	Err        error
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
