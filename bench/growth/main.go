// Command growth measures whether a payment costs more in a larger ledger, with
// more merchants, or with more subscribers. It works on files that bench/fill
// has made, in turns, so that whatever else the machine does strikes all alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

type options struct {
	rounds, calls int
	houses        int
	files         []string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how often everything is measured; medians are told")
	flag.IntVar(&o.calls, "calls", 400, "how many calls make one measurement")
	flag.IntVar(&o.houses, "houses", len(houses), "how many of the houses: the first is one merchant with one subscriber")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "growth [flags] LEDGER...: the first file is what the others are compared with")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.files = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if len(o.files) == 0 || o.rounds < 1 || o.calls < 1 || o.houses < 1 || o.houses > len(houses) {
		return errors.New("name the ledgers to measure, the smallest first")
	}
	var stores []*store
	for _, path := range o.files {
		s, err := openStore(ctx, path)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		defer s.ledger.Close()
		stores = append(stores, s)
	}
	var t table
	for round := range o.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, o.rounds)
		for _, h := range houses[:o.houses] {
			for _, s := range stores {
				if err := s.measure(ctx, h, o.calls, &t); err != nil {
					t.print(os.Stdout) // what there is so far
					return fmt.Errorf("%s, %s: %w", s.name, h, err)
				}
			}
		}
	}
	t.print(os.Stdout)
	return nil
}
