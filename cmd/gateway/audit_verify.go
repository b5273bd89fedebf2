package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

func auditVerifyCommand() *cobra.Command {
	var against string
	cmd := ledgerCommand(&cobra.Command{Use: "verify", Short: "Find records that were changed, removed, moved or cut off", Args: cobra.NoArgs},
		func(ctx context.Context, w io.Writer, cfg *config.Config, l *ledger.Ledger, _ []string) error {
			key, err := ledgerKey(cfg)
			if err != nil {
				return err
			}
			if key == nil {
				return errors.New("the gateway's secret is not here, without which nothing can be checked: run this where the gateway runs, or set `secret`")
			}
			if against == "" {
				return verifyAudit(ctx, w, l, key, nil)
			}
			file, err := os.Open(against)
			if err != nil {
				return fmt.Errorf("--against: %w", err)
			}
			defer file.Close()
			return verifyAudit(ctx, w, l, key, newAuditFile(file))
		})
	cmd.Flags().StringVar(&against, "against", "", "a file that gateway audit export has written, whose records must all be there")
	return cmd
}

// maxFindings bounds what is printed of a trail that somebody has made anew.
const maxFindings = 100

func verifyAudit(ctx context.Context, w io.Writer, trail gateway.AuditTrail, key gateway.AuditKey, against gateway.AuditExport) error {
	printed := 0
	report, err := gateway.VerifyAudit(ctx, trail, key, against, func(f gateway.AuditFinding) {
		if printed++; printed > maxFindings {
			return
		}
		grade := "wrong"
		if f.Note {
			grade = "note "
		}
		fmt.Fprintf(w, "%s  %s\n", grade, plain(f.Found))
	})
	if err != nil {
		return err
	}
	if printed > maxFindings {
		fmt.Fprintf(w, "and %d more\n", printed-maxFindings)
	}
	if against != nil {
		fmt.Fprintf(w, "%d records of the export were compared\n", report.Compared)
	}
	if report.Findings > 0 {
		return fmt.Errorf("the audit trail of %d records is not as it was written: keep a copy of the ledger as it is now, and see docs/audit.md", report.Records)
	}
	_, err = fmt.Fprintf(w, "%d records, each as it was written and in its place\n", report.Records)
	return err
}

// auditFile reads an export line by line.
type auditFile struct {
	lines *bufio.Scanner
	line  int
	last  int64
}

// exportLine is above the longest line of an export.
const exportLine = 64 << 10

func newAuditFile(r io.Reader) *auditFile {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, exportLine), exportLine)
	return &auditFile{lines: lines}
}

// Next implements gateway.AuditExport.
func (f *auditFile) Next() (gateway.AuditEntry, error) {
	f.line++
	if !f.lines.Scan() {
		if err := f.lines.Err(); err != nil {
			return gateway.AuditEntry{}, fmt.Errorf("--against: line %d: %w", f.line, err)
		}
		return gateway.AuditEntry{}, io.EOF
	}
	var e exportedEntry
	if err := json.Unmarshal(f.lines.Bytes(), &e); err != nil || e.Sequence <= f.last {
		return gateway.AuditEntry{}, fmt.Errorf("--against: line %d is not as gateway audit export writes it, or out of its order", f.line)
	}
	f.last = e.Sequence
	return gateway.AuditEntry{Sequence: e.Sequence, Previous: e.Previous, Hash: e.Hash, Body: string(e.Record)}, nil
}
