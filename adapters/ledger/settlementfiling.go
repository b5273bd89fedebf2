package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"paytrace-gateway/gateway"
)

const (
	settlementFilingSQL       = `SELECT through, due, version FROM settlement_filings WHERE merchant_id = ? AND live_mode = ?`
	insertSettlementFilingSQL = `INSERT INTO settlement_filings (merchant_id, live_mode, through, due, version)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode) DO NOTHING`
	updateSettlementFilingSQL = `UPDATE settlement_filings SET through = ?, due = ?, version = ?
		WHERE merchant_id = ? AND live_mode = ? AND version = ?`
)

// SettlementFiling implements gateway.SettlementFilings.
func (l *Ledger) SettlementFiling(ctx context.Context, merchantID string, liveMode bool) (gateway.SettlementFiling, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	f := gateway.SettlementFiling{MerchantID: merchantID, LiveMode: liveMode}
	var through, due int64
	err := l.reads.db.QueryRowContext(ctx, l.reads.dialect.query(settlementFilingSQL), merchantID, liveMode).Scan(&through, &due, &f.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	if err != nil {
		return gateway.SettlementFiling{}, l.explain(err)
	}
	f.Through, f.Due = timeOf(through), timeOf(due)
	return f, nil
}

// SaveSettlementFiling implements gateway.SettlementFilings. Of two that save one
// version, the second finds its row taken.
func (l *Ledger) SaveSettlementFiling(ctx context.Context, f gateway.SettlementFiling) error {
	if f.MerchantID == "" || f.Version < 1 {
		return errors.New("how far settlements were filed cannot be taken by the ledger: it needs a merchant, and a version above zero")
	}
	return l.write(ctx, fmt.Sprintf("settlement filing %s %t", f.MerchantID, f.LiveMode), func(s *session) error {
		if f.Version == 1 {
			return s.one(gateway.ErrStale, insertSettlementFilingSQL, f.MerchantID, f.LiveMode, orZero(f.Through), orZero(f.Due), f.Version)
		}
		return s.one(gateway.ErrStale, updateSettlementFilingSQL, orZero(f.Through), orZero(f.Due), f.Version, f.MerchantID, f.LiveMode, f.Version-1)
	})
}
