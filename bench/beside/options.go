package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	rounds int
	// lasting is how long each turn is measured, after warmup.
	lasting, warmup time.Duration
	only            []string
	quick           bool
	// connections are those of the closed loops, rates those of the open ones.
	connections, rates []int
	// slowAnswer is what PayTrace takes in the part called slow, and slowFor
	// how long each variant bears it.
	slowAnswer, slowFor time.Duration
	// folder is where the ledgers lie, results where the reports go.
	folder, results string
	caddy, ledger   string
	// budgetRate is how many payments a second the budget's load has; none is the
	// closed loop of the aims.
	budgetRate int
	// before is another program of the gateway, empty where there is none.
	before string
}

const usageText = `beside measures the gateway beside nginx and Caddy, before the same simulated PayTrace, on this machine.
Run it in the repository's folder. Flags:

`

func parseOptions(args []string, help io.Writer) (options, error) {
	o := options{
		connections: []int{16, 64, 256}, rates: []int{200, 1000, 2000},
		slowAnswer: 3 * time.Second, slowFor: 12 * time.Second,
	}
	var only string
	var forSeconds, warmupSeconds float64
	flags := flag.NewFlagSet("beside", flag.ContinueOnError)
	flags.SetOutput(help)
	flags.Usage = func() {
		fmt.Fprint(help, usageText)
		flags.PrintDefaults()
	}
	flags.IntVar(&o.rounds, "rounds", 5, "how often each variant takes its turn")
	flags.Float64Var(&forSeconds, "seconds", 2, "how long each turn is measured")
	flags.Float64Var(&warmupSeconds, "warmup", 0.3, "seconds before that")
	flags.StringVar(&only, "only", "", "parts to run, such as saturation,fixed; durability is looked at in any case")
	flags.BoolVar(&o.quick, "quick", false, "one short round of everything, to see that it works")
	flags.StringVar(&o.folder, "folder", "var/bench", "where the ledgers lie for the time of the run: a disk, not memory")
	flags.StringVar(&o.results, "results", "bench/results", "where the reports are written")
	flags.StringVar(&o.caddy, "caddy", "", "a caddy to use instead of building "+caddyVersion)
	flags.StringVar(&o.ledger, "ledger", "", "an SQLite ledger that each part begins with a copy of, instead of an empty one")
	flags.IntVar(&o.budgetRate, "budget-rate", 0, "payments a second of the part budget, instead of 64 connections; one that is not in step with the profile's 100 samples a second, such as 970")
	flags.StringVar(&o.before, "before", "", "a gateway of other sources: saturation, fixed and slow measure the two in turns, on SQLite, and nothing else")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag; -help lists them", flags.Arg(0))
	}
	o.lasting, o.warmup = asDuration(forSeconds), asDuration(warmupSeconds)
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	if o.quick {
		o.hurry()
	}
	return o, o.check()
}

// hurry makes everything as short as it can be and still be everything.
func (o *options) hurry() {
	o.rounds, o.lasting, o.warmup = 1, 500*time.Millisecond, 100*time.Millisecond
	o.connections, o.rates = []int{64}, []int{1000}
	o.slowAnswer, o.slowFor = 500*time.Millisecond, time.Second
}

func asDuration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func (o options) check() error {
	if o.rounds < 1 || o.lasting <= 0 || o.warmup < 0 {
		return errors.New("-rounds and -seconds have to be more than nothing, and -warmup not less")
	}
	if o.budgetRate < 0 {
		return errors.New("-budget-rate cannot be less than nothing")
	}
	for _, name := range o.only {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("-only: there is no part %q", name)
		}
	}
	return nil
}

// chosen are the parts to run.
func (o options) chosen() []part {
	var all []part
	for _, p := range parts {
		if p.name == durability || len(o.only) == 0 || slices.Contains(o.only, p.name) {
			all = append(all, p)
		}
	}
	return all
}

// total is about how long the run takes.
func (o options) total() time.Duration {
	var sum time.Duration
	for _, p := range o.chosen() {
		sum += opening + p.takes(o)
	}
	return sum.Round(time.Second)
}

// stretch is about how long one turn takes.
func (o options) stretch() time.Duration { return o.warmup + o.lasting + between }

// turns are so many in each round, of which some tell: these last until the
// subscriber has heard of everything, which takes about as long again.
func (o options) turns(each, telling int) time.Duration {
	return time.Duration(o.rounds) * (time.Duration(each)*o.stretch() + time.Duration(telling)*2*o.lasting)
}
