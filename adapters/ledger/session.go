package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"paytrace-gateway/gateway"
)

// The statements of the writer. Each is prepared once for a session.
const (
	commitSQL   = `COMMIT`
	rollbackSQL = `ROLLBACK`

	// The savepoints keep one change's failure from the others of its group.
	savepointSQL  = `SAVEPOINT change`
	releaseSQL    = `RELEASE SAVEPOINT change`
	rollbackToSQL = `ROLLBACK TO SAVEPOINT change`

	insertPaymentSQL = `INSERT INTO payments
		(id, merchant_id, live_mode, status, order_id, transaction_id, reference, amount, needs_attention, version, created_at, updated_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`
	// What a payment has from its making (mode, order, reference, amount) is not
	// written again: SQLite would take it out of its indexes and put it back.
	updatePaymentSQL = `UPDATE payments
		SET status = ?, transaction_id = ?, needs_attention = ?, version = ?, updated_at = ?, body = ?/*sqlite, answers = ''sqlite*/
		WHERE id = ?` + ofMerchantSQL + ` AND version = ?`
	saveOperationSQL = `INSERT INTO operations
		(id, payment_id, merchant_id, live_mode, position, kind, status, processed_as, amount, transaction_id, idempotency_key, cancel,
			sent_at, send_before, due, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE
		SET live_mode = excluded.live_mode, status = excluded.status, processed_as = excluded.processed_as, amount = excluded.amount,
			transaction_id = excluded.transaction_id, cancel = excluded.cancel, sent_at = excluded.sent_at, send_before = excluded.send_before,
			due = excluded.due, updated_at = excluded.updated_at
		WHERE operations.payment_id = excluded.payment_id`
	insertKeySQL = `INSERT INTO idempotency_keys
		(merchant_id, key, fingerprint, payment_id, operation_id, bound_at)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, key) DO NOTHING`

	insertWatchSQL = `INSERT INTO watches (merchant_id, live_mode, through, due, version)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode) DO NOTHING`
	updateWatchSQL = `UPDATE watches SET through = ?, due = ?, version = ?
		WHERE merchant_id = ? AND live_mode = ? AND version = ?`

	insertUnmatchedSQL = `INSERT INTO unmatched_transactions (merchant_id, live_mode, transaction_id, order_id, record, first_seen, last_seen)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, transaction_id) DO NOTHING`
	updateUnmatchedSQL = `UPDATE unmatched_transactions SET order_id = ?, record = ?, last_seen = ?
		WHERE merchant_id = ? AND live_mode = ? AND transaction_id = ?`
	deleteUnmatchedSQL = `DELETE FROM unmatched_transactions
		WHERE merchant_id = ? AND live_mode = ? AND transaction_id = ?`

	insertReadinessSQL = `INSERT INTO readiness (at, filler) VALUES (?, ?)`
	clearReadinessSQL  = `DELETE FROM readiness`
)

// session is the one connection that writes. Only the writer's goroutine
// touches it.
type session struct {
	conn    *sql.Conn
	dialect dialect
	// ctx is that of the group under way.
	ctx        context.Context
	statements map[string]*sql.Stmt
	texts      map[string]string
	// pipeline is what is gathered, nil while each statement goes by itself.
	pipeline *pipeline
	// records wait, while changes are gathered, for the end of their transaction.
	gathering bool
	records   []gateway.AuditRecord
	auditKey  gateway.AuditKey
}

func openSession(ctx context.Context, db *sql.DB, d dialect, auditKey gateway.AuditKey) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, dialect: d, auditKey: auditKey, statements: map[string]*sql.Stmt{}, texts: map[string]string{}}, nil
}

// discard gives the connection up instead of returning it to its pool, which
// rolls back whatever is open in it.
func (s *session) discard() {
	s.closeStatements()
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
}

// release returns the connection to its pool, so that it is the last to be
// closed: the last one moves the log into the file and removes it, which a
// connection that only reads could not do.
func (s *session) release() {
	s.closeStatements()
	_ = s.conn.Close()
}

// closeStatements comes before the end of a connection: SQLite keeps one alive,
// with its locks, for as long as a statement of it is open.
func (s *session) closeStatements() {
	for _, statement := range s.statements {
		_ = statement.Close()
	}
}

// begin opens the transaction of a group. Nothing in it ends by a caller's
// context: an interrupted statement takes the changes of others with it. It is
// no sql.Tx, since a connection that dies under one is waited for until the
// context ends.
func (s *session) begin(ctx context.Context) error {
	s.ctx = ctx
	_, err := s.exec(s.dialect.begin)
	return err
}

// commit relies on together and apart: a transaction in which no statement has
// failed, or the last savepoint could be released, is not one that PostgreSQL
// would silently roll back.
func (s *session) commit() error {
	_, err := s.exec(commitSQL)
	return err
}

func (s *session) rollback() error {
	_, err := s.exec(rollbackSQL)
	return err
}

// together runs changes of which none is expected to fail. It says whether that
// is so; if not, nothing of the transaction may be kept.
func (s *session) together(writes []write) bool {
	if s.dialect.pipelines {
		s.pipeline = &pipeline{}
		defer func() { s.pipeline = nil }()
	}
	s.gathering, s.records = true, nil
	defer func() { s.gathering = false }()
	for _, w := range writes {
		if w.run(s) != nil {
			return false
		}
	}
	return s.chain(s.records...) == nil && s.flush() == nil
}

// apart runs one change under a savepoint. Its first result is the change's own
// answer; the second says that the whole transaction is lost, as a full disk or
// a deadlock may leave it.
func (s *session) apart(run func(*session) error) (answer, lost error) {
	if _, err := s.exec(savepointSQL); err != nil {
		return nil, err
	}
	answer = run(s)
	if s.dialect.again(answer) {
		return nil, answer
	}
	if taken := s.dialect.taken(answer); taken != nil {
		answer = taken
	}
	if answer != nil {
		if _, err := s.exec(rollbackToSQL); err != nil {
			return nil, lostBy(answer, err)
		}
	}
	if _, err := s.exec(releaseSQL); err != nil {
		return nil, lostBy(answer, err)
	}
	return answer, nil
}

// lostBy tells the whole group why its transaction is lost. A stale version, or
// a key, a transaction or a profile that is taken, concerns one of them only and
// must not be told to the others.
func lostBy(answer, err error) error {
	for _, own := range []error{gateway.ErrStale, gateway.ErrKeyTaken, gateway.ErrTransactionTaken, gateway.ErrProfileTaken} {
		if errors.Is(answer, own) {
			return err
		}
	}
	return errors.Join(answer, err)
}

// exec runs a statement and returns how many rows it wrote, which ends a
// pipeline.
func (s *session) exec(query string, args ...any) (int64, error) {
	if err := s.flush(); err != nil {
		return 0, err
	}
	statement, err := s.prepared(query)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(s.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// put runs a statement that may write any number of rows.
func (s *session) put(query string, args ...any) error {
	if s.pipeline != nil {
		s.pipeline.add(s.text(query), args, false)
		return nil
	}
	_, err := s.exec(query, args...)
	return err
}

// one runs a statement that has to write exactly one row.
func (s *session) one(otherwise error, query string, args ...any) error {
	if s.pipeline != nil {
		s.pipeline.add(s.text(query), args, true)
		return nil
	}
	n, err := s.exec(query, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return otherwise
	}
	return nil
}

// there runs a query that has to find a row.
func (s *session) there(otherwise error, query string, args ...any) error {
	if s.pipeline != nil {
		s.pipeline.add(s.text(query), args, true)
		return nil
	}
	statement, err := s.prepared(query)
	if err != nil {
		return err
	}
	var found int
	err = statement.QueryRowContext(s.ctx, args...).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return otherwise
	}
	return err
}

// row reads one row, which ends a pipeline.
func (s *session) row(otherwise error, query string, args []any, into ...any) error {
	if err := s.flush(); err != nil {
		return err
	}
	statement, err := s.prepared(query)
	if err != nil {
		return err
	}
	err = statement.QueryRowContext(s.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return otherwise
	}
	return err
}

func (s *session) prepared(query string) (*sql.Stmt, error) {
	statement, ok := s.statements[query]
	if !ok {
		var err error
		if statement, err = s.conn.PrepareContext(s.ctx, s.text(query)); err != nil {
			return nil, err
		}
		s.statements[query] = statement
	}
	return statement, nil
}

// text is the query in the database's own words.
func (s *session) text(query string) string {
	text, ok := s.texts[query]
	if !ok {
		text = s.dialect.query(query)
		s.texts[query] = text
	}
	return text
}
