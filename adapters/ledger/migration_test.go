package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
	"paytrace-gateway/internal/services"
)

// store is a database as another program sees it, and how it is opened as a
// ledger.
type store struct {
	db      *sql.DB
	dialect dialect
	open    func(*testing.T) *Ledger
}

// stores are empty; migratedStores have their tables, for a test that does not look
// at how they are made.
var stores, migratedStores = storesOn(services.Postgres), storesOn(withTables.Postgres)

func storesOn(postgres func(testing.TB) string) map[string]func(*testing.T) store {
	return map[string]func(*testing.T) store{
		"SQLite": func(t *testing.T) store {
			path := fresh(t)
			return store{
				db: database(t, "sqlite", writerDSN(path, "rwc", writerPragmas)), dialect: sqliteDialect(path),
				open: func(t *testing.T) *Ledger { return opened(t, path, Options{Archive: path + ".archive"}) },
			}
		},
		"PostgreSQL": func(t *testing.T) store {
			url := postgres(t)
			return store{
				db: database(t, "pgx", url), dialect: postgresDialect("test"),
				open: func(t *testing.T) *Ledger { return onPostgres(t, url) },
			}
		},
	}
}

func database(t *testing.T, driver, source string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (s store) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), s.dialect.query(statement), args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// makeFirst makes the schema of the first migration and nothing after it.
func (s store) makeFirst(t *testing.T) { s.make(t, "migrations/0001_ledger.sql") }

// make carries out the first migrations, and none after them.
func (s store) make(t *testing.T, files ...string) {
	t.Helper()
	tx, err := s.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), createVersionSQL); err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		if err := migrateOne(t.Context(), tx, s.dialect, file, i+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// insertFirst writes a payment as the program of the first schema did.
func (s store) insertFirst(t *testing.T, c gateway.Change) {
	t.Helper()
	p := c.Payment
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	s.exec(t, `INSERT INTO payments
		(id, merchant_id, live_mode, status, order_id, transaction_id, reference, amount, needs_attention, version, created_at, updated_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.MerchantID, p.LiveMode, string(p.Status), p.OrderID, p.TransactionID, p.Reference, int64(p.Amount),
		p.NeedsAttention, p.Version, p.CreatedAt.UnixMicro(), p.UpdatedAt.UnixMicro(), string(body))
	for i, o := range p.Operations {
		s.exec(t, `INSERT INTO operations
			(id, payment_id, merchant_id, position, kind, status, processed_as, amount, transaction_id, idempotency_key, cancel,
				send_before, due, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.ID, p.ID, p.MerchantID, i, string(o.Kind), string(o.Status), string(o.ProcessedAs), int64(o.Amount), o.TransactionID,
			o.Key, string(o.Cancel), o.SendBefore.UnixMicro(), orZero(o.Due), o.CreatedAt.UnixMicro(), o.UpdatedAt.UnixMicro())
	}
	s.exec(t, `INSERT INTO idempotency_keys (merchant_id, key, fingerprint, payment_id, operation_id, reply, bound_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		p.MerchantID, p.First().Key, []byte("fingerprint"), p.ID, p.First().ID, replyOf(c, body), p.CreatedAt.UnixMicro())
	for _, e := range c.Events {
		s.exec(t, `INSERT INTO events (id, merchant_id, payment_id, operation_id, type, version, at, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			e.ID, e.MerchantID, e.PaymentID, e.OperationID, e.Type, e.Version, e.At.UnixMicro(), string(body))
	}
}

func replyOf(c gateway.Change, body []byte) any {
	if c.Reply == nil {
		return nil
	}
	return string(body)
}

// history is a decided payment, one that is sending, and one in test mode that
// was never sent.
func history() (decided, sending, test gateway.Change) {
	decided = storetest.Approval(storetest.Sale("m1", noon).Payment, noon.Add(time.Second))
	decided.Payment.Operations[0].Due = time.Time{}
	decided.Reply.Payment = decided.Payment
	sending = storetest.Sale("m1", noon.Add(time.Minute))
	test = storetest.Sale("m1", noon.Add(2*time.Minute))
	test.Payment.LiveMode, test.Payment.NeedsAttention = false, true
	test.Payment.Operations[0].Status, test.Payment.Operations[0].SendBefore = gateway.OpUnknown, time.Time{}
	return decided, sending, test
}

func TestALedgerOfTheFirstSchemaIsMigratedWhole(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			s.makeFirst(t)
			decided, sending, test := history()
			for _, c := range []gateway.Change{decided, sending, test} {
				s.insertFirst(t, c)
			}
			before := eventsOf(t, s.db)
			l := s.open(t)
			for _, c := range []gateway.Change{decided, sending, test} {
				wantWhole(t, l, c)
			}
			if after := eventsOf(t, s.db); len(after) != 1 || !reflect.DeepEqual(after, before) {
				t.Errorf("the events are\n%+v\nwere\n%+v", after, before)
			}
			op, never := sending.Payment.First(), test.Payment.First()
			wantBacklogs(t, l, op.Due,
				gateway.Backlog{MerchantID: "m1", Unknown: 1, OldestUnknown: never.CreatedAt, Attention: 1},
				gateway.Backlog{MerchantID: "m1", LiveMode: true, Unknown: 1, OldestUnknown: op.SendBefore, Overdue: 1, OldestDue: op.Due})
			goesOn(t, l, sending.Payment)
			leavesAsOfOld(t, l, decided)
		})
	}
}

// goesOn writes what only the newer schema can take.
func goesOn(t *testing.T, l *Ledger, p gateway.Payment) {
	t.Helper()
	if err := l.Apply(t.Context(), storetest.Approval(p, noon.Add(time.Hour))); err != nil {
		t.Errorf("a payment goes on: %v", err)
	}
	record := gateway.Record{TransactionID: "1001", State: gateway.RecordSettled, Amount: 1, CreatedAt: noon}
	told := gateway.Event{ID: gateway.NewEventID(noon), MerchantID: "m1", Type: "transaction.unmatched", At: noon, Transaction: &record}
	u := gateway.UnmatchedTransaction{MerchantID: "m1", Record: record, FirstSeen: noon, LastSeen: noon}
	if err := l.KeepUnmatched(t.Context(), u, &told); err != nil {
		t.Errorf("a transaction is kept and told: %v", err)
	}
}

// leavesAsOfOld archives a payment of which the first schema told.
func leavesAsOfOld(t *testing.T, l *Ledger, c gateway.Change) {
	t.Helper()
	settled := c.Payment
	settled.Version++
	settled.Status = gateway.Settled
	if err := l.Apply(t.Context(), gateway.Change{Payment: settled, Base: c.Payment.Version}); err != nil {
		t.Fatal(err)
	}
	found, err := l.Archivable(t.Context(), noon.Add(24*time.Hour), gateway.ArchivePlace{}, 10)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d payments may leave, %v", len(found), err)
	}
	if moved, err := l.Archive(t.Context(), found, noon); err != nil || moved != 1 {
		t.Errorf("%d payments have left, %v", moved, err)
	}
	c.Payment = settled
	wantWhole(t, l, c)
}

func wantWhole(t *testing.T, l *Ledger, c gateway.Change) {
	t.Helper()
	p, err := l.Payment(t.Context(), "m1", c.Payment.ID)
	if err != nil || !reflect.DeepEqual(p, c.Payment) {
		t.Errorf("Payment = %+v, %v\nwant %+v", p, err, c.Payment)
	}
	k, err := l.Key(t.Context(), "m1", c.Payment.First().Key)
	want := gateway.KeyRecord{
		Key: c.Payment.First().Key, Fingerprint: []byte("fingerprint"),
		Payment: &c.Payment, OperationID: c.Payment.First().ID, Reply: c.Reply,
	}
	if err != nil || !reflect.DeepEqual(k, want) {
		t.Errorf("Key = %+v, %v\nwant %+v", k, err, want)
	}
}

func wantBacklogs(t *testing.T, l *Ledger, now time.Time, want ...gateway.Backlog) {
	t.Helper()
	got, err := l.Backlog(t.Context(), now)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Backlog = %+v, %v\nwant %+v", got, err, want)
	}
}

// eventRecord is an event as it lies in its table.
type eventRecord struct {
	ID, Merchant, Operation, Type, Body string
	Payment                             sql.NullString
	Version, At                         int64
}

func eventsOf(t *testing.T, db *sql.DB) []eventRecord {
	t.Helper()
	rows, err := db.QueryContext(t.Context(),
		`SELECT id, merchant_id, payment_id, operation_id, type, version, at, body FROM events ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var events []eventRecord
	for rows.Next() {
		var e eventRecord
		if err := rows.Scan(&e.ID, &e.Merchant, &e.Payment, &e.Operation, &e.Type, &e.Version, &e.At, &e.Body); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// TestAFailedMigrationLeavesTheLedgerAsItWas gives the new schema a table of
// its own name to stumble over.
func TestAFailedMigrationLeavesTheLedgerAsItWas(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			s.makeFirst(t)
			decided, _, _ := history()
			s.insertFirst(t, decided)
			before := eventsOf(t, s.db)
			s.exec(t, `CREATE TABLE events_anew (id BIGINT)`)
			_, err := migrate(context.Background(), s.db, s.dialect)
			wantWords(t, err, "migrations/0002", "events_anew")
			s.exec(t, `DROP TABLE events_anew`)
			if after := eventsOf(t, s.db); !reflect.DeepEqual(after, before) {
				t.Errorf("the events are\n%+v\nwere\n%+v", after, before)
			}
			wantWhole(t, s.open(t), decided)
		})
	}
}

// knownSchema is the number of migrations.
func knownSchema(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestTheNextSchemaIsRefused(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			if _, err := migrate(t.Context(), s.db, s.dialect); err != nil {
				t.Fatal(err)
			}
			next := knownSchema(t) + 1
			s.exec(t, setVersionSQL, next)
			_, err := migrate(t.Context(), s.db, s.dialect)
			wantWords(t, err, fmt.Sprintf("newer gateway (schema %d, this program knows %d)", next, next-1), "backup")
		})
	}
}

func TestAnUnmatchedTransactionIsToldWholeAndOnce(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			record := gateway.Record{TransactionID: "1001", Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999, CreatedAt: noon}
			u := gateway.UnmatchedTransaction{MerchantID: "m1", LiveMode: true, Record: record, FirstSeen: noon, LastSeen: noon}
			for range 3 {
				e := gateway.Event{ID: gateway.NewEventID(noon), MerchantID: "m1", Type: "transaction.unmatched", At: noon, Transaction: &record}
				if err := l.KeepUnmatched(t.Context(), u, &e); err != nil {
					t.Fatal(err)
				}
			}
			events := eventsOf(t, s.db)
			if len(events) != 1 {
				t.Fatalf("there are %d events: %+v", len(events), events)
			}
			var told gateway.Record
			if err := json.Unmarshal([]byte(events[0].Body), &told); err != nil || told != record {
				t.Errorf("the event's body is %s, %v", events[0].Body, err)
			}
			if e := events[0]; e.Payment.Valid || e.Operation != "" || e.Version != 0 || e.Merchant != "m1" || e.At != noon.UnixMicro() {
				t.Errorf("the event is %+v", e)
			}
		})
	}
}

// A ledger keeps the number of the migrations that it went through, not their
// names: one that is put in front of another is never carried out where the
// other was.
func TestMigrationsAreOnlyEverAddedAtTheEnd(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	inUse := []string{"0001_ledger", "0002_watch", "0003_outbox", "0004_vault", "0005_subscriptions", "0006_archive", "0008_clients", "0010_vault_lives", "0011_audit", "0012_unread_index", "0013_sealed_secrets", "0014_operators", "0015_verified", "0016_answers", "0017_bank_payments", "0018_delivery_indexes", "0019_marks", "0020_settlement_filings"}
	for i, name := range inUse {
		if i >= len(files) || files[i] != "migrations/"+name+".sql" {
			t.Fatalf("the migrations are %q, and a ledger of schema %d has gone through %s", files, i+1, name)
		}
	}
}

// eachLedgerFromBefore hands over a ledger of each kind that a release made which
// had the migrations before that number, opened by this one.
func eachLedgerFromBefore(t *testing.T, number string, use func(*testing.T, *Ledger)) {
	before := migrationsBefore(t, number)
	for name, start := range stores {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.make(t, before...)
			use(t, s.open(t))
		})
	}
}

func migrationsBefore(t *testing.T, number string) (before []string) {
	t.Helper()
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() < number {
			before = append(before, "migrations/"+entry.Name())
		}
	}
	return before
}
