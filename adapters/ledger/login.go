package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"paytrace-gateway/gateway"
)

const (
	sessionSQL       = `SELECT operator, generation, began_at, ends_at, used_at FROM sessions WHERE hash = ?`
	insertSessionSQL = `INSERT INTO sessions (hash, operator, generation, began_at, ends_at, used_at) VALUES (?, ?, ?, ?, ?, ?)`
	useSessionSQL    = `UPDATE sessions SET used_at = ? WHERE hash = ? AND used_at < ?`
	endSessionSQL    = `DELETE FROM sessions WHERE hash = ?`
	endedSessionsSQL = `DELETE FROM sessions WHERE ends_at <= ?`
	// All but the newest, of which there may be so many.
	oldSessionsSQL = `DELETE FROM sessions WHERE operator = ? AND hash NOT IN (
		SELECT newest.hash FROM sessions newest WHERE newest.operator = ? ORDER BY newest.began_at DESC LIMIT ?)`
)

// Session implements gateway.OperatorStore.
func (l *Ledger) Session(ctx context.Context, hash string) (gateway.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	s := gateway.Session{Hash: hash}
	var began, ends, used int64
	err := l.reads.session.QueryRowContext(ctx, hash).Scan(&s.Operator, &s.Generation, &began, &ends, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.Session{}, gateway.ErrNotFound
	}
	s.BeganAt, s.EndsAt, s.UsedAt = timeOf(began), timeOf(ends), timeOf(used)
	return s, l.explain(err)
}

// BeginSession implements gateway.OperatorStore.
func (l *Ledger) BeginSession(ctx context.Context, begun gateway.Session, most int, r gateway.AuditRecord) error {
	if begun.Hash == "" || begun.Operator == "" || most < 1 {
		return errors.New("a session that the ledger cannot take: it needs a hash, an operator, and room for one")
	}
	began := begun.BeganAt.UnixMicro()
	return l.write(ctx, "session of "+begun.Operator, audited(r, func(s *session) error {
		if err := s.put(endedSessionsSQL, began); err != nil {
			return err
		}
		if err := s.put(oldSessionsSQL, begun.Operator, begun.Operator, most-1); err != nil {
			return err
		}
		return s.put(insertSessionSQL, begun.Hash, begun.Operator, begun.Generation, began, begun.EndsAt.UnixMicro(), begun.UsedAt.UnixMicro())
	}))
}

// UseSession implements gateway.OperatorStore.
func (l *Ledger) UseSession(ctx context.Context, hash string, at time.Time) error {
	return l.write(ctx, "a session", func(s *session) error {
		return s.put(useSessionSQL, at.UnixMicro(), hash, at.UnixMicro())
	})
}

// EndSession implements gateway.OperatorStore.
func (l *Ledger) EndSession(ctx context.Context, hash string) error {
	return l.write(ctx, "a session", func(s *session) error { return s.put(endSessionSQL, hash) })
}
