package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
)

const (
	// spare is what is left of the disk.
	spare = 4 << 30
	// rowsAtOnce are written by one statement, commitEvery payments by one
	// transaction.
	rowsAtOnce  = 64
	commitEvery = 50_000
)

// fillSQLite makes the file under another name first: without a journal, one
// that was left half-made is no ledger.
func fillSQLite(ctx context.Context, o options, templates []template) error {
	if _, err := os.Stat(o.ledger); !errors.Is(err, fs.ErrNotExist) {
		fmt.Println(o.ledger, "is there already")
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.ledger), 0o700); err != nil {
		return err
	}
	n, err := fitting(filepath.Dir(o.ledger), o, templates)
	if err != nil {
		return err
	}
	o.payments = n
	half := o.ledger + ".half"
	defer removeFiles(half)
	removeFiles(half)
	if err := migrated(ctx, half); err != nil {
		return err
	}
	if err := insertAll(ctx, half, o, templates); err != nil {
		return err
	}
	if err := verify(ctx, half); err != nil {
		return fmt.Errorf("what was filled is no good ledger: %w", err)
	}
	return os.Rename(half, o.ledger)
}

func removeFiles(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		os.Remove(path + suffix)
	}
}

// fitting is how many payments the disk has room for.
func fitting(folder string, o options, templates []template) (int, error) {
	free, err := freeBytes(folder)
	if err != nil {
		return 0, err
	}
	each := bytesEach(o, templates)
	room := max(0, free-spare) / each
	fmt.Printf("%d payments take about %.1f GB of the %.1f GB that are free\n", o.payments, float64(each*int64(o.payments))/1e9, float64(free)/1e9)
	if room < int64(o.payments) {
		fmt.Printf("the disk is short: %d are made\n", room)
	}
	if room < 1 {
		return 0, errors.New("there is no room")
	}
	return int(min(room, int64(o.payments))), nil
}

// bytesEach is what a payment takes: its rows, and as much again as indexes and
// the space that is left in pages were measured to take.
func bytesEach(o options, templates []template) int64 {
	const indexes = 1100
	var bytes, count int64
	for _, t := range weighted(templates, false) {
		count++
		t.put(clone{at: time.Now(), merchant: "main", order: "100000000", uuids: true}, func(table int, values []any) {
			if tables[table].name == "events" && !o.events {
				return
			}
			for _, v := range values {
				text, _ := v.(string)
				bytes += int64(len(text)) + 4
			}
		})
	}
	return bytes/count + indexes
}

func migrated(ctx context.Context, path string) error {
	l, err := ledger.OpenSQLite(ctx, path, ledger.Options{})
	if err != nil {
		return err
	}
	return l.Close()
}

// insertAll writes without promises, and makes the indexes when all is there.
func insertAll(ctx context.Context, path string, o options, templates []template) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(EXCLUSIVE)"+
		"&_pragma=cache_size(-1500000)&_pragma=temp_store(FILE)&_pragma=threads(2)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	defer db.Close()
	indexes, err := dropIndexes(ctx, db)
	if err != nil {
		return err
	}
	if err := insertRows(ctx, db, o, templates); err != nil {
		return err
	}
	began := time.Now()
	for _, index := range indexes {
		if _, err := db.ExecContext(ctx, index); err != nil {
			return err
		}
	}
	fmt.Printf("%d indexes in %.0f s\n", len(indexes), time.Since(began).Seconds())
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
	return err
}

func dropIndexes(ctx context.Context, db *sql.DB) (again []string, err error) {
	rows, err := db.QueryContext(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
		AND tbl_name IN ('payments', 'operations', 'idempotency_keys', 'events')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name, sql string
		if err := rows.Scan(&name, &sql); err != nil {
			return nil, err
		}
		names, again = append(names, name), append(again, sql)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return nil, err
		}
	}
	return again, nil
}

func insertRows(ctx context.Context, db *sql.DB, o options, templates []template) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told := progress{began: time.Now(), told: time.Now(), of: o.payments}
	w := writer{ctx: ctx, db: db, statements: map[string]*sql.Stmt{}}
	done := 0
	for b := range copies(ctx, o, templates) {
		if err := w.write(b, o.events, templates[0].columns); err != nil {
			return err
		}
		done += b.payments
		told.tell(done)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.commit()
}

// writer writes batches in large transactions.
type writer struct {
	ctx        context.Context
	db         *sql.DB
	tx         *sql.Tx
	payments   int
	statements map[string]*sql.Stmt
}

func (w *writer) write(b batch, events bool, columns [][]string) error {
	var err error
	if w.tx == nil {
		if w.tx, err = w.db.BeginTx(w.ctx, nil); err != nil {
			return err
		}
	}
	for table, rows := range b.rows {
		if tables[table].name == "events" && !events {
			continue
		}
		for len(rows) > 0 {
			n := min(len(rows), rowsAtOnce)
			if err := w.insert(tables[table].name, columns[table], rows[:n]); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
	if w.payments += b.payments; w.payments < commitEvery {
		return nil
	}
	return w.commit()
}

func (w *writer) insert(table string, columns []string, rows [][]any) error {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	query := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, len(rows)-1)
	statement := w.statements[query]
	if statement == nil {
		var err error
		if statement, err = w.tx.PrepareContext(w.ctx, query); err != nil {
			return err
		}
		w.statements[query] = statement
	}
	args := make([]any, 0, len(rows)*len(columns))
	for _, values := range rows {
		args = append(args, values...)
	}
	_, err := statement.ExecContext(w.ctx, args...)
	return err
}

// commit ends the transaction, and the statements that belong to it.
func (w *writer) commit() error {
	if w.tx == nil {
		return nil
	}
	err := w.tx.Commit()
	w.tx, w.payments = nil, 0
	clear(w.statements)
	return err
}

// verify opens the file as the gateway does, which looks for damage, and reads
// random payments by every name that they have.
func verify(ctx context.Context, path string) error {
	some, err := samples(ctx, path, 200)
	if err != nil {
		return err
	}
	if f := ledger.ExamineSQLite(path); f.Grade != gateway.Well {
		return fmt.Errorf("the doctor says: %s", f.Found)
	}
	l, err := ledger.OpenSQLite(ctx, path, ledger.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	for _, s := range some {
		if err := s.read(ctx, l); err != nil {
			return fmt.Errorf("payment %s: %w", s.id, err)
		}
	}
	fmt.Printf("%s: %d random payments are read by id, key, reference, transaction and order\n", path, len(some))
	return l.Ready(ctx)
}

// sample is a payment's columns.
type sample struct{ id, merchant, reference, transaction, order string }

func samples(ctx context.Context, path string, n int) ([]sample, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var last int64
	if err := db.QueryRowContext(ctx, `SELECT MAX(rowid) FROM payments`).Scan(&last); err != nil {
		return nil, err
	}
	some := make([]sample, n)
	for i := range some {
		s := &some[i]
		row := db.QueryRowContext(ctx, `SELECT id, merchant_id, reference, transaction_id, order_id FROM payments WHERE rowid = ?`, 1+rand.Int64N(last))
		if err := row.Scan(&s.id, &s.merchant, &s.reference, &s.transaction, &s.order); err != nil {
			return nil, err
		}
	}
	return some, nil
}

// read finds the payment by all that it is called.
func (s sample) read(ctx context.Context, l *ledger.Ledger) error {
	p, err := l.Payment(ctx, s.merchant, s.id)
	if err != nil {
		return err
	}
	if p.Reference != s.reference || p.OrderID != s.order || p.TransactionID != s.transaction || len(p.Operations) == 0 {
		return errors.New("its body says otherwise than its columns")
	}
	for _, op := range p.Operations {
		record, err := l.Key(ctx, s.merchant, op.Key)
		if op.Key == "" {
			continue
		}
		if err != nil || record.Payment == nil || record.Payment.ID != p.ID || record.OperationID != op.ID || record.Reply == nil || record.Reply.Payment.ID != p.ID {
			return fmt.Errorf("its key %s is bound otherwise: %+v, %v", op.Key, record, err)
		}
	}
	if same, err := l.PaymentByReference(ctx, s.merchant, s.reference); err != nil || same.ID != s.id {
		return fmt.Errorf("by its reference: %s, %v", same.ID, err)
	}
	if same, err := l.PaymentByTransaction(ctx, s.merchant, p.LiveMode, s.transaction); err != nil || same.ID != s.id {
		return fmt.Errorf("by its transaction: %s, %v", same.ID, err)
	}
	page, err := l.Payments(ctx, gateway.PaymentFilter{MerchantID: s.merchant, OrderID: s.order, Limit: 2})
	if err != nil || len(page) != 1 || page[0].ID != s.id {
		return fmt.Errorf("by its order: %d payments, %v", len(page), err)
	}
	return nil
}
