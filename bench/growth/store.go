package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// store is one filled ledger, open for the whole run.
type store struct {
	name      string
	ledger    *ledger.Ledger
	processor *processortest.Processor
	// old are some of the payments that were filled in.
	old  []sample
	path string
}

// empty takes away what an earlier house has left: its subscribers would be owed
// what this one makes, and nobody would tell them.
func (s *store) empty(ctx context.Context) error {
	db, err := sql.Open("sqlite", "file:"+s.path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range []string{
		`DELETE FROM subscriptions`, `DELETE FROM deliveries WHERE status = 'pending'`, `UPDATE events SET spread = TRUE WHERE NOT spread`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// sample is what an older payment can be found by.
type sample struct{ id, merchant, reference, transaction, order, key string }

// samples is how many older payments are read in turn.
const samples = 3000

func openStore(ctx context.Context, path string) (*store, error) {
	old, err := readSamples(ctx, path)
	if err != nil {
		return nil, err
	}
	l, err := ledger.OpenSQLite(ctx, path, ledger.Options{})
	if err != nil {
		return nil, err
	}
	s := &store{
		name: strings.TrimSuffix(filepath.Base(path), ".db"), ledger: l, processor: processortest.New(time.Now), old: old, path: path,
	}
	// Later than any run before on this file.
	s.processor.NumberFrom(int(time.Now().UnixMilli()))
	for m := range mostMerchants {
		shopper := gateway.VaultCustomer{MerchantID: merchantName(m), ID: customer, Version: 1, Methods: []gateway.VaultMethod{{
			ID: "pm_1", ProfileID: customer + merchantName(m), Default: true,
			Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"},
		}}}
		if err := l.ApplyVault(ctx, gateway.VaultChange{Customer: &shopper}); err != nil && !errors.Is(err, gateway.ErrStale) {
			return nil, errors.Join(err, l.Close())
		}
	}
	return s, nil
}

func readSamples(ctx context.Context, path string) ([]sample, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var last int64
	if err := db.QueryRowContext(ctx, `SELECT MAX(rowid) FROM payments`).Scan(&last); err != nil {
		return nil, fmt.Errorf("was it filled? %w", err)
	}
	old := make([]sample, samples)
	for i := range old {
		s := &old[i]
		row := db.QueryRowContext(ctx, `SELECT payments.id, payments.merchant_id, reference, payments.transaction_id, order_id, idempotency_key
			FROM payments JOIN operations ON operations.payment_id = payments.id WHERE operations.rowid = ?`, 1+rand.Int64N(last))
		if err := row.Scan(&s.id, &s.merchant, &s.reference, &s.transaction, &s.order, &s.key); err != nil {
			return nil, err
		}
	}
	return old, nil
}

// of are the samples that belong to the first merchants.
func (s *store) of(h house) []sample {
	known := map[string]bool{}
	for m := range h.merchants {
		known[merchantName(m)] = true
	}
	var of []sample
	for _, o := range s.old {
		if known[o.merchant] {
			of = append(of, o)
		}
	}
	return of
}

// merchantName is as bench/fill has it.
func merchantName(m int) string {
	if m == 0 {
		return "main"
	}
	return fmt.Sprintf("merchant-%03d", m)
}
