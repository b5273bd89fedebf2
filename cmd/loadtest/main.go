// Command loadtest makes payments at a gateway at a fixed rate, and reports how
// long its callers waited.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"paytrace-gateway/internal/load"
)

// The exit statuses.
const (
	good   = 0
	failed = 1
	misled = 2
)

// collectSeldom is the collector's patience: this process shares its machine
// with what it measures, and has little to keep.
const collectSeldom = 400

func main() {
	debug.SetGCPercent(collectSeldom)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Who interrupts twice does not want to wait for the answers.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, env func(string) (string, bool), stdout, stderr io.Writer) int {
	o, err := parse(args, env, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return good
	}
	if err != nil {
		fmt.Fprintln(stderr, "loadtest:", err)
		return misled
	}
	if !o.quiet {
		o.load.Progress = newTeller(stderr).tell
	}
	report, err := load.Run(ctx, o.load)
	if errors.Is(err, load.ErrConfig) {
		fmt.Fprintln(stderr, "loadtest:", err)
		return misled
	}
	if err == nil {
		err = o.write(report, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "loadtest:", err)
		return failed
	}
	if !report.Good() {
		return failed
	}
	return good
}
