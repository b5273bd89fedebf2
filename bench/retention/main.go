// Command retention measures what it costs payments that a ledger lets go of what
// is finished, and how much memory that takes. It works on a ledger that
// bench/fill has made: in turns payments come at a fixed rate with and without
// the job beside them, so that whatever else the machine does strikes both alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type options struct {
	rounds, rate int
	window       time.Duration
	all          bool
	ledger       string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how often it is measured with and without the job; medians are told")
	flag.IntVar(&o.rate, "rate", 50, "payments a second")
	flag.DurationVar(&o.window, "window", 10*time.Second, "how long one measurement lasts")
	flag.BoolVar(&o.all, "all", false, "afterwards archive all that is finished without a pause, and tell the memory that it took")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "retention [flags] LEDGER: a file that bench/fill has made; the archive goes beside it")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.ledger = flag.Arg(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "retention:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.ledger == "" || o.rounds < 1 || o.rate < 1 || o.window < time.Second {
		return errors.New("name the ledger, with at least one round, one payment a second and a window of a second")
	}
	if _, err := os.Stat(o.ledger); err != nil {
		return fmt.Errorf("make the ledger with bench/fill first: %w", err)
	}
	h, err := open(ctx, o.ledger)
	if err != nil {
		return err
	}
	defer h.close()
	var without, with []window
	if _, err := h.measure(ctx, o, false); err != nil { // what is read for the first time counts for nobody
		return err
	}
	for round := range o.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, o.rounds)
		for _, beside := range []bool{false, true} {
			w, err := h.measure(ctx, o, beside)
			if err != nil {
				return err
			}
			if beside {
				with = append(with, w)
			} else {
				without = append(without, w)
			}
		}
	}
	report(os.Stdout, without, with)
	if o.all {
		return h.archiveAll(ctx, os.Stdout)
	}
	return nil
}
