package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"paytrace-gateway/gateway"
)

const watchSQL = `SELECT through, due, version FROM watches WHERE merchant_id = ? AND live_mode = ?`

// watchRow is a watch as its row.
type watchRow gateway.Watch

func (w watchRow) place() string { return fmt.Sprintf("watch %s %t", w.MerchantID, w.LiveMode) }

// write relies on the database for the race: of two that insert the first
// version, or update the same one, the second finds its row taken.
func (w watchRow) write(s *session) error {
	if w.Version == 1 {
		return s.one(gateway.ErrStale, insertWatchSQL,
			w.MerchantID, w.LiveMode, orZero(w.Through), orZero(w.Due), w.Version)
	}
	return s.one(gateway.ErrStale, updateWatchSQL,
		orZero(w.Through), orZero(w.Due), w.Version,
		w.MerchantID, w.LiveMode, w.Version-1)
}

// Watch implements gateway.Ledger.
func (l *Ledger) Watch(ctx context.Context, merchantID string, liveMode bool) (gateway.Watch, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	w := gateway.Watch{MerchantID: merchantID, LiveMode: liveMode}
	var through, due int64
	err := l.reads.watch.QueryRowContext(ctx, merchantID, liveMode).Scan(&through, &due, &w.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return w, nil
	}
	if err != nil {
		return gateway.Watch{}, l.explain(err)
	}
	w.Through, w.Due = timeOf(through), timeOf(due)
	return w, nil
}

// SaveWatch implements gateway.Ledger.
func (l *Ledger) SaveWatch(ctx context.Context, w gateway.Watch) error {
	if w.MerchantID == "" || w.Version < 1 {
		return errors.New("a watch that the ledger cannot take: it needs a merchant, and a version above zero")
	}
	row := watchRow(w)
	return l.write(ctx, row.place(), row.write)
}
