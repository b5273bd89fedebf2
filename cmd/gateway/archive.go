package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// archiveCommand is for the person who looks after the archive. It reads ledger
// and files itself, so that it works without a gateway that runs.
func archiveCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "archive", Short: "See and move what is finished and leaves the ledger", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(archiveStatusCommand(), archiveShowCommand(), archiveVerifyCommand(), archiveRunCommand())
	return group
}

// ledgerCommand is one that reads the ledger and its archive.
func ledgerCommand(cmd *cobra.Command, do func(ctx context.Context, w io.Writer, cfg *config.Config, l *ledger.Ledger, args []string) error) *cobra.Command {
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := config.Load(*path, os.LookupEnv)
		if err != nil {
			return err
		}
		l, err := lookIntoLedger(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		defer l.Close()
		return do(cmd.Context(), cmd.OutOrStdout(), cfg, l, args)
	}
	return cmd
}

// lookIntoLedger opens it beside the gateways that run, and changes nothing of it.
func lookIntoLedger(ctx context.Context, cfg *config.Config) (*ledger.Ledger, error) {
	opts := ledger.Options{Archive: cfg.Retention.ArchiveFolder}
	if url := cfg.Ledger.Postgres.Reveal(); url != "" {
		return ledger.LookPostgres(ctx, url, opts)
	}
	return ledger.LookSQLite(ctx, cfg.Ledger.SQLite, opts)
}

func archiveStatusCommand() *cobra.Command {
	return ledgerCommand(&cobra.Command{Use: "status", Short: "Say what leaves, when, and what the archive has", Args: cobra.NoArgs},
		func(ctx context.Context, w io.Writer, cfg *config.Config, l *ledger.Ledger, _ []string) error {
			turn, err := l.Retention(ctx)
			if err != nil {
				return err
			}
			files, err := l.ArchiveFiles(ctx)
			if err != nil {
				return err
			}
			missing, err := l.MissingFiles(ctx)
			if err != nil {
				return err
			}
			return printArchive(w, cfg.Retention, turn, files, missing)
		})
}

func printArchive(w io.Writer, r config.Retention, turn gateway.Retention, files []gateway.ArchiveFile, missing []string) error {
	records, size := 0, int64(0)
	for _, f := range files {
		records, size = records+f.Records, size+f.Size
	}
	t := newTable(w, "payments leave", afterDays(r.ArchiveAfterDays, "after they last changed"))
	for _, line := range [][2]string{
		{"events are forgotten", afterDays(r.ForgetAfterDays, "after all of their payment was told")},
		{"folder", r.ArchiveFolder},
		{"it has", fmt.Sprintf("%d payments in %d files, %d bytes", records, len(files), size)},
		{"last run", lastRun(turn)},
		{"next run", moment(turn.Due)},
	} {
		if line[1] != "" {
			t.row(line[0], line[1])
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	for _, name := range missing {
		fmt.Fprintf(w, "%s is missing, or shorter than it was\n", plain(name))
	}
	return errors.New("files of the archive are missing: restore them from a backup, or name the folder where they are")
}

func afterDays(n int, words string) string {
	if n == 0 {
		return "never"
	}
	return fmt.Sprintf("%d days %s", n, words)
}

func lastRun(turn gateway.Retention) string {
	switch {
	case turn.FinishedAt.Before(turn.StartedAt):
		return "under way, or cut off, since " + moment(turn.StartedAt)
	case turn.FinishedAt.IsZero():
		return "never"
	}
	return fmt.Sprintf("%s: %d payments archived, %d events forgotten, %d payments kept since something of them is open",
		moment(turn.FinishedAt), turn.Archived, turn.Forgotten, turn.Kept)
}

func archiveVerifyCommand() *cobra.Command {
	return ledgerCommand(&cobra.Command{Use: "verify", Short: "Read the whole archive and compare its sums", Args: cobra.NoArgs},
		func(ctx context.Context, w io.Writer, _ *config.Config, l *ledger.Ledger, _ []string) error {
			files, err := l.ArchiveFiles(ctx)
			if err != nil {
				return err
			}
			bad := 0
			for _, f := range files {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err := l.VerifyFile(f); err != nil {
					bad++
					fmt.Fprintf(w, "%s: %s\n", plain(f.Name), plain(err.Error()))
				}
			}
			fmt.Fprintf(w, "%d of %d files are as they were written\n", len(files)-bad, len(files))
			if bad > 0 {
				return errors.New("restore the others from a backup")
			}
			return nil
		})
}

func archiveRunCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "run", Short: "Let go now of what is finished, or say what would go", Args: cobra.NoArgs}
	path := configFlag(cmd)
	dry := cmd.Flags().Bool("dry-run", false, "change nothing, and say what would go")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(*path, os.LookupEnv)
		if err != nil {
			return err
		}
		if cfg.Retention.Rules() == (gateway.RetentionRules{}) {
			return errors.New("nothing leaves this ledger: set retention.archiveAfterDays or retention.forgetAfterDays in the configuration")
		}
		if *dry {
			return dryRun(cmd.Context(), cmd.OutOrStdout(), cfg, time.Now())
		}
		return runRetention(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), cfg)
	}
	return cmd
}

// runRetention is what the serving gateway does once a day. Beside one with the
// same PostgreSQL ledger it takes its turn.
func runRetention(ctx context.Context, w, log io.Writer, cfg *config.Config) error {
	lines, endLog := newLog(cfg.Log, log)
	defer endLog()
	l, err := takeLedgerAsItIs(ctx, cfg, lines)
	if err != nil {
		return fmt.Errorf("%w (a gateway that runs does this by itself each day; see gateway archive status)", err)
	}
	defer l.Close()
	done, err := gateway.New(gateway.Config{
		Ledger: l, Now: time.Now, Log: lines, Retention: cfg.Retention.Rules(),
	}).Retain(ctx, gateway.Actor{Person: userName()})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, lastRun(done))
	return err
}
