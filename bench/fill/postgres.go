package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"paytrace-gateway/adapters/ledger"
)

// fillPostgres copies into tables that the ledger has made. The indexes stay.
func fillPostgres(ctx context.Context, o options, templates []template) error {
	l, err := ledger.OpenPostgres(ctx, o.postgres, ledger.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := pgx.Connect(ctx, o.postgres)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	var there bool
	if err := c.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM payments)`).Scan(&there); err != nil {
		return err
	}
	if there {
		fmt.Println("the database has payments already")
		return nil
	}
	if _, err := c.Exec(ctx, `SET synchronous_commit = off`); err != nil {
		return err
	}
	if err := copyAll(ctx, c, o, templates); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, `VACUUM ANALYZE`); err != nil {
		return err
	}
	return verifyPostgres(ctx, c, l)
}

func copyAll(ctx context.Context, c *pgx.Conn, o options, templates []template) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told := progress{began: time.Now(), told: time.Now(), of: o.payments}
	done := 0
	for b := range copies(ctx, o, templates) {
		for table, rows := range b.rows {
			if tables[table].name == "events" && !o.events {
				continue
			}
			if _, err := c.CopyFrom(ctx, pgx.Identifier{tables[table].name}, templates[0].columns[table], pgx.CopyFromRows(rows)); err != nil {
				return err
			}
		}
		done += b.payments
		told.tell(done)
	}
	return ctx.Err()
}

func verifyPostgres(ctx context.Context, c *pgx.Conn, l *ledger.Ledger) error {
	rows, err := c.Query(ctx, `SELECT id, merchant_id, reference, transaction_id, order_id FROM payments ORDER BY reference LIMIT 200`)
	if err != nil {
		return err
	}
	some, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s sample, err error) {
		return s, row.Scan(&s.id, &s.merchant, &s.reference, &s.transaction, &s.order)
	})
	if err != nil {
		return err
	}
	for _, s := range some {
		if err := s.read(ctx, l); err != nil {
			return fmt.Errorf("payment %s: %w", s.id, err)
		}
	}
	fmt.Printf("%d payments are read by id, key, reference, transaction and order\n", len(some))
	return nil
}
