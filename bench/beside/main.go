// Command beside measures the gateway beside nginx and Caddy: the same load on
// each in turn, before the same simulated PayTrace, on one machine in one run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "beside:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, help io.Writer) (err error) {
	o, err := parseOptions(args, help)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range o.chosen() {
		names = append(names, p.name)
	}
	fmt.Fprintf(out, "beside takes about %s, and what has to be built first: %s\n", o.total(), strings.Join(names, ", "))
	h, err := build(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	return h.run(ctx)
}
