// Command fill makes a ledger with millions of payments, to measure what a
// ledger of that size costs. Its rows are those that the gateway has written
// for a few dozen payments, made again under other ids, keys and times.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type options struct {
	ledger, postgres    string
	payments, merchants int
	seed                uint64
	events              bool
}

func main() {
	var o options
	flag.StringVar(&o.ledger, "ledger", "", "the SQLite file to make")
	flag.StringVar(&o.postgres, "postgres", "", "the URL of a PostgreSQL database to fill as well, or instead")
	flag.IntVar(&o.payments, "payments", 10_000, "how many payments")
	flag.IntVar(&o.merchants, "merchants", 200, "over how many merchants they are spread, of which the first has half")
	flag.Uint64Var(&o.seed, "seed", 1, "decides times, merchants and kinds of payments; ids are random in any case")
	flag.BoolVar(&o.events, "events", false, "keep the events too, as told to everybody; they double the file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "fill:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.ledger == "" && o.postgres == "" || o.payments < 1 || o.merchants < 1 {
		return fmt.Errorf("name --ledger or --postgres, and at least one payment and one merchant")
	}
	templates, err := makeTemplates(ctx)
	if err != nil {
		return fmt.Errorf("the payments to copy cannot be made: %w", err)
	}
	if o.ledger != "" {
		if err := fillSQLite(ctx, o, templates); err != nil {
			return err
		}
	}
	if o.postgres != "" {
		return fillPostgres(ctx, o, templates)
	}
	return nil
}

// progress tells now and then how far it is.
type progress struct {
	began, told time.Time
	of          int
}

func (p *progress) tell(done int) {
	now := time.Now()
	if now.Sub(p.told) < 10*time.Second && done < p.of {
		return
	}
	p.told = now
	fmt.Printf("%d of %d payments, %.0f a second\n", done, p.of, float64(done)/now.Sub(p.began).Seconds())
}
