package ledger

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

// What backlogSQL counts.
const (
	countUnknown   = "unknown"
	countWaiting   = "waiting"
	countAttention = "attention"
	countOverdue   = "overdue"
	countUnmatched = "unmatched"
	countStoring   = "storing"
	countRemoving  = "removing"
)

// backlogSQL has a row for each count of a merchant and mode, and the time of
// the oldest where that is told. Each part has an index that holds what is
// unfinished and nothing else: however long the history, it is not read.
const backlogSQL = `SELECT '` + countUnknown + `' AS what, merchant_id, live_mode, COUNT(*), MIN(sent_at)
		FROM operations WHERE status IN ('sending', 'unknown') GROUP BY merchant_id, live_mode
	UNION ALL SELECT '` + countWaiting + `', merchant_id, live_mode, COUNT(*), 0
		FROM operations WHERE status = 'waiting_settlement' GROUP BY merchant_id, live_mode
	UNION ALL SELECT '` + countAttention + `', merchant_id, live_mode, COUNT(*), 0
		FROM payments WHERE needs_attention GROUP BY merchant_id, live_mode
	UNION ALL SELECT '` + countOverdue + `', merchant_id, live_mode, COUNT(*), MIN(due)
		FROM operations WHERE due > 0 AND due <= ? GROUP BY merchant_id, live_mode
	UNION ALL SELECT '` + countUnmatched + `', merchant_id, live_mode, COUNT(*), 0
		FROM unmatched_transactions GROUP BY merchant_id, live_mode
	UNION ALL SELECT '` + countStoring + `', merchant_id, live_mode, COUNT(*), MIN(created_at)
		FROM vault_operations WHERE due > 0 AND verb <> 'remove' GROUP BY merchant_id, live_mode
	UNION ALL SELECT '` + countRemoving + `', merchant_id, live_mode, COUNT(*), MIN(created_at)
		FROM vault_operations WHERE due > 0 AND verb = 'remove' GROUP BY merchant_id, live_mode
	ORDER BY merchant_id, live_mode`

// Backlog implements gateway.Ledger. Who has nothing unfinished is absent.
func (l *Ledger) Backlog(ctx context.Context, now time.Time) ([]gateway.Backlog, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.backlog.QueryContext(ctx, now.UnixMicro())
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var backlogs []gateway.Backlog
	for rows.Next() {
		var next gateway.Backlog
		var what string
		var n int
		var oldest int64
		if err := rows.Scan(&what, &next.MerchantID, &next.LiveMode, &n, &oldest); err != nil {
			return nil, l.explain(err)
		}
		if i := len(backlogs) - 1; i < 0 || backlogs[i].MerchantID != next.MerchantID || backlogs[i].LiveMode != next.LiveMode {
			backlogs = append(backlogs, next)
		}
		count(&backlogs[len(backlogs)-1], what, n, timeOf(oldest))
	}
	return backlogs, l.explain(rows.Err())
}

func count(b *gateway.Backlog, what string, n int, oldest time.Time) {
	switch what {
	case countUnknown:
		b.Unknown, b.OldestUnknown = n, oldest
	case countWaiting:
		b.Waiting = n
	case countAttention:
		b.Attention = n
	case countOverdue:
		b.Overdue, b.OldestDue = n, oldest
	case countUnmatched:
		b.Unmatched = n
	case countStoring:
		b.Storing, b.OldestStoring = n, oldest
	case countRemoving:
		b.Removing, b.OldestRemoving = n, oldest
	}
}
