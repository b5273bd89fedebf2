package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

func archiveShowCommand() *cobra.Command {
	return ledgerCommand(&cobra.Command{Use: "show" + onePayment, Short: "Show a payment as it lies in the archive, with its past", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, w io.Writer, cfg *config.Config, l *ledger.Ledger, args []string) error {
			for _, m := range cfg.Merchants {
				file, offset, line, err := l.Archived(ctx, m.ID, args[0])
				if errors.Is(err, gateway.ErrNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				return printRecord(w, args[0], file, offset, line)
			}
			return fmt.Errorf("there is no payment %s of a merchant of this configuration", args[0])
		})
}

// printRecord writes JSON to standard output, which other programs may read, and
// nothing else.
func printRecord(w io.Writer, id, file string, offset int64, line []byte) error {
	if file == "" {
		return fmt.Errorf("payment %s is in the ledger: gateway attention show %s", id, shellWord(id))
	}
	var record map[string]any
	if err := json.Unmarshal(line, &record); err != nil {
		return fmt.Errorf("what lies in %s at byte %d cannot be read: %w", file, offset, err)
	}
	record["file"], record["offset"] = file, offset
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetIndent("", "  ")
	if err := to.Encode(record); err != nil {
		return err
	}
	_, err := w.Write(text.Bytes())
	return err
}

// dryRun goes through all that would be moved, and moves nothing.
func dryRun(ctx context.Context, w io.Writer, cfg *config.Config, now time.Time) error {
	l, err := lookIntoLedger(ctx, cfg)
	if err != nil {
		return err
	}
	defer l.Close()
	rules := cfg.Retention.Rules()
	if rules.ArchiveAfter == 0 {
		_, err := fmt.Fprintln(w, "no payment would leave: retention.archiveAfterDays is 0")
		return err
	}
	leave, stay := 0, 0
	before := now.Add(-rules.ArchiveAfter)
	var oldest, newest time.Time
	for after := (gateway.ArchivePlace{}); ; {
		page, err := l.Archivable(ctx, before, after, dryPage)
		var bad gateway.UnreadableError
		if errors.As(err, &bad) {
			stay, err = stay+len(bad), nil
		}
		if err != nil {
			return err
		}
		if len(page)+len(bad) == 0 {
			break
		}
		after = after.Behind(page, bad)
		movable, err := l.Movable(ctx, page)
		if err != nil {
			return err
		}
		leave, stay = leave+len(movable), stay+len(page)-len(movable)
		if len(movable) > 0 && oldest.IsZero() {
			oldest = movable[0].UpdatedAt
		}
		if len(movable) > 0 {
			newest = movable[len(movable)-1].UpdatedAt
		}
	}
	fmt.Fprintf(w, "%d payments would leave for %s", leave, cfg.Retention.ArchiveFolder)
	if leave > 0 {
		fmt.Fprintf(w, ", last changed between %s and %s", moment(oldest), moment(newest))
	}
	_, err = fmt.Fprintf(w, "\n%d would stay, although old enough, since something of them is open or still to be told\n", stay)
	return err
}

// dryPage bounds the payments that are in memory at once.
const dryPage = 200
