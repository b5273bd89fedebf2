package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"paytrace-gateway/cmd/gateway/config"
)

const configEnv = "GATEWAY_CONFIG"

// configFlag is the --config of every command that reads the file.
func configFlag(cmd *cobra.Command) *string {
	path := os.Getenv(configEnv)
	if path == "" {
		path = "gateway.yaml"
	}
	return cmd.Flags().String("config", path, "configuration file ("+configEnv+")")
}

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Args:  cobra.NoArgs,
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := loadWhole(*path)
		if err != nil {
			return err
		}
		log, endLog := newLog(cfg.Log, cmd.ErrOrStderr())
		defer endLog()
		listenToLibraries(log)
		// A log whose reader has gone loses lines. Without this the system would end
		// the gateway with it.
		signal.Ignore(syscall.SIGPIPE)
		if cfg.Cards == nil {
			// Where card numbers come in, what they have left in the heap goes soon.
			keepHeapFloor()
		}
		app, err := open(cmd.Context(), cfg, log)
		if err != nil {
			return err
		}
		return app.run(cmd.Context())
	}
	return cmd
}

func configCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "config", Short: "Check, show or begin a configuration file", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, c := range []struct {
		use, short string
		load       func(path string) (*config.Config, error)
		print      func(*config.Config) string
	}{
		{"check", "Name every fault of the configuration file at once", loadWhole, func(c *config.Config) string {
			return fmt.Sprintf("the configuration is good: %d merchant(s), listening on %s\n", len(c.Merchants), c.Listen)
		}},
		{"show", "Print the effective configuration, without its secrets", func(path string) (*config.Config, error) { return config.Load(path, os.LookupEnv) }, (*config.Config).Redacted},
	} {
		cmd := &cobra.Command{Use: c.use, Short: c.short, Args: cobra.NoArgs}
		path := configFlag(cmd)
		cmd.RunE = func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load(*path)
			if err != nil {
				return err
			}
			_, err = io.WriteString(cmd.OutOrStdout(), c.print(cfg))
			return err
		}
		group.AddCommand(cmd)
	}
	group.AddCommand(&cobra.Command{
		Use: "example", Short: "Print a documented example to begin with", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), config.Example())
			return err
		},
	})
	return group
}
