package ledger

import (
	"context"
	"strings"

	"paytrace-gateway/gateway"
)

// Payments implements gateway.Ledger. Ids sort by the time of their making, so
// the newest are the greatest, and a page begins below the id it is given.
func (l *Ledger) Payments(ctx context.Context, f gateway.PaymentFilter) ([]gateway.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	query, args := listSQL(f)
	return l.many(l.reads.db.QueryContext(ctx, l.reads.dialect.query(query), args...))
}

func listSQL(f gateway.PaymentFilter) (string, []any) {
	where := []string{"merchant_id = ?"}
	args := []any{f.MerchantID}
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.LiveMode != nil {
		add("live_mode = ?", *f.LiveMode)
	}
	if f.OrderID != "" {
		add("order_id = ? AND order_id <> ''", f.OrderID)
	}
	if len(f.Statuses) > 0 {
		var values []any
		for _, status := range f.Statuses {
			values = append(values, string(status))
		}
		add("status IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	}
	if f.NeedsAttention != nil {
		// Spelled out, so that the index on those that do can be used.
		if *f.NeedsAttention {
			add("needs_attention")
		} else {
			add("NOT needs_attention")
		}
	}
	if !f.CreatedFrom.IsZero() {
		add("created_at >= ?", f.CreatedFrom.UnixMicro())
	}
	if !f.CreatedTo.IsZero() {
		add("created_at < ?", f.CreatedTo.UnixMicro())
	}
	if f.Before != "" {
		add("id < ?", f.Before)
	}
	return "SELECT body FROM payments WHERE " + strings.Join(where, " AND ") + " ORDER BY id DESC LIMIT ?",
		append(args, max(f.Limit, 0))
}
