package ledger

import (
	"context"
	"errors"
	"math"

	"paytrace-gateway/gateway"
)

var _ gateway.AuditTrail = (*Ledger)(nil)

const (
	auditEntriesSQL       = `SELECT sequence, previous, body, hash FROM audit_entries WHERE sequence > ? ORDER BY sequence LIMIT ?`
	latestAuditEntriesSQL = `SELECT sequence, previous, body, hash FROM audit_entries WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`
	auditHeadSQL          = `SELECT sequence, hash, seal FROM audit_head WHERE id = 1`

	// Of several gateways one has the end of the trail, until its transaction ends.
	holdAuditHeadSQL    = auditHeadSQL + ` FOR UPDATE`
	insertAuditEntrySQL = `INSERT INTO audit_entries (sequence, previous, body, hash) VALUES (?, ?, ?, ?)`
	updateAuditHeadSQL  = `UPDATE audit_head SET sequence = ?, hash = ?, seal = ? WHERE id = 1`
)

// errNoAuditHead is of a ledger whose one row was taken away by hand.
var errNoAuditHead = errors.New("the row of table audit_head, where the audit trail ends, is missing: restore the ledger from its backup")

// audited is a change that is written with its record or not at all.
func audited(r gateway.AuditRecord, run func(*session) error) func(*session) error {
	return func(s *session) error {
		if err := run(s); err != nil {
			return err
		}
		return s.audit(r)
	}
}

// audit adds the record to the trail. Among changes that go together it waits
// until all others are written: the end of the trail is one row for all
// gateways, and one that had it and then waited for a payment's row could be
// waited for in a circle.
func (s *session) audit(r gateway.AuditRecord) error {
	if s.gathering {
		s.records = append(s.records, r)
		return nil
	}
	return s.chain(r)
}

// chain puts records at the end of the trail.
func (s *session) chain(records ...gateway.AuditRecord) error {
	if len(records) == 0 {
		return nil
	}
	var head gateway.AuditHead
	if err := s.row(errNoAuditHead, holdAuditHeadSQL, nil, &head.Sequence, &head.Hash, &head.Seal); err != nil {
		return err
	}
	for _, r := range records {
		entries, next, err := s.auditKey.Append(head, r)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := s.put(insertAuditEntrySQL, e.Sequence, e.Previous, e.Body, e.Hash); err != nil {
				return err
			}
		}
		head = next
	}
	return s.one(errNoAuditHead, updateAuditHeadSQL, head.Sequence, head.Hash, head.Seal)
}

// Audit implements gateway.AuditTrail.
func (l *Ledger) Audit(ctx context.Context, r gateway.AuditRecord) error {
	return l.write(ctx, "audit", func(s *session) error { return s.audit(r) })
}

// AuditEntries implements gateway.AuditTrail.
func (l *Ledger) AuditEntries(ctx context.Context, after int64, limit int) ([]gateway.AuditEntry, error) {
	return l.auditEntries(ctx, auditEntriesSQL, after, limit)
}

// LatestAuditEntries implements gateway.AuditTrail.
func (l *Ledger) LatestAuditEntries(ctx context.Context, before int64, limit int) ([]gateway.AuditEntry, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return l.auditEntries(ctx, latestAuditEntriesSQL, before, limit)
}

func (l *Ledger) auditEntries(ctx context.Context, query string, place int64, limit int) ([]gateway.AuditEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(query), place, max(limit, 0))
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var page []gateway.AuditEntry
	for rows.Next() {
		var e gateway.AuditEntry
		if err := rows.Scan(&e.Sequence, &e.Previous, &e.Body, &e.Hash); err != nil {
			return nil, l.explain(err)
		}
		page = append(page, e)
	}
	return page, l.explain(rows.Err())
}

// AuditHead implements gateway.AuditTrail.
func (l *Ledger) AuditHead(ctx context.Context) (head gateway.AuditHead, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	err = l.reads.db.QueryRowContext(ctx, auditHeadSQL).Scan(&head.Sequence, &head.Hash, &head.Seal)
	return head, l.explain(err)
}
