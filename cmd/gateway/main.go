// Command gateway is the payment gateway: `gateway serve` runs it, `gateway
// demo` runs it with a simulated PayTrace, `gateway config check` holds a
// configuration file against every rule.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole command; a test calls it as the shell does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "gateway",
		Short:         "A payment gateway between Magento, Salesforce and PayTrace",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(serveCommand(), demoCommand(), configCommand(), healthCommand(), attentionCommand(), unmatchedCommand(), settlementCommand(),
		callbacksCommand(), clientsCommand(), operatorsCommand(), keysCommand(), secretsCommand(), customersCommand(),
		archiveCommand(), auditCommand(), doctorCommand(), mappingCommand(), versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, context.Canceled) {
			sayLast(stderr, fmt.Sprintf("gateway: %s\n", discreet(err.Error())))
		}
		return 1
	}
	return 0
}

// sayLast says why a command has failed. It waits no longer than the log does for
// somebody to read it: a gateway that cannot go on ends, so that it is started again.
func sayLast(to io.Writer, words string) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = io.WriteString(to, words)
	}()
	select {
	case <-said:
	case <-time.After(lastWords):
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "gateway", version)
			return err
		},
	}
}
