// Command paytrace-sim serves the PayTrace simulator: PayTrace's side on one
// address, its control port on another.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.LookupEnv, parentPipe(os.Stdin), os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "paytrace-sim:", err)
		os.Exit(1)
	}
}

// run serves until the context ends, or until stdin does when the simulator
// must not outlive its parent.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, env, stdout)
	if err != nil {
		return err
	}
	sim, err := o.simulator(stderr)
	if err != nil {
		return err
	}
	api, control, err := o.listeners()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.exitWithParent && stdin != nil {
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // Ends when the parent does.
			cancel()
		}()
	}
	served := make(chan error, 1)
	go func() { served <- sim.Serve(api, control) }()
	fmt.Fprintf(stdout, "PayTrace simulator ready: API %s://%s, control http://%s\n", o.scheme(), api.Addr(), control.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return errors.Join(sim.Close(), <-served)
	}
}
