package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// auditCommand is for the auditor, and for whoever keeps the exports. It reads
// the ledger itself, beside a gateway that runs.
func auditCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "audit", Short: "See, check and export who decided what", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(auditListCommand(), auditVerifyCommand(), auditExportCommand())
	return group
}

// ledgerKey is the key of the audit trail, nil where this machine does not have
// the gateway's secret: one that was made here would not be the gateway's.
func ledgerKey(cfg *config.Config) (gateway.AuditKey, error) {
	if secretIsMissing(cfg) {
		return nil, nil
	}
	return gatewaySecret(cfg, auditKey)
}

// auditList says which records are wanted.
type auditList struct {
	subject, action string
	count           int
}

func auditListCommand() *cobra.Command {
	var wanted auditList
	cmd := ledgerCommand(&cobra.Command{Use: "list", Short: "List the last decisions, the newest first", Args: cobra.NoArgs},
		func(ctx context.Context, w io.Writer, _ *config.Config, l *ledger.Ledger, _ []string) error {
			if wanted.count < 1 || wanted.count > maxListed {
				return fmt.Errorf("--count: expected 1 to %d; gateway audit export has all", maxListed)
			}
			return wanted.print(ctx, w, l)
		})
	cmd.Flags().StringVar(&wanted.subject, "subject", "", "only of this payment, client, delivery or subscriber, by its id")
	cmd.Flags().StringVar(&wanted.action, "action", "", "only of this action, such as client.revoked")
	cmd.Flags().IntVar(&wanted.count, "count", 50, "how many")
	return cmd
}

const (
	// maxListed bounds what a person reads.
	maxListed = 1000
	// auditPage bounds the records in memory.
	auditPage = 500
)

func (a auditList) print(ctx context.Context, w io.Writer, trail gateway.AuditTrail) error {
	t := newTable(w, "RECORD", "AT", "ACTION", "SUBJECT", "MERCHANT", "BY", "FROM", "DETAILS")
	for before, left := int64(0), a.count; left > 0; {
		page, err := trail.LatestAuditEntries(ctx, before, auditPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			before = e.Sequence
			r, _, err := e.Record()
			if err != nil {
				return fmt.Errorf("%w; gateway audit verify says what else is wrong", err)
			}
			if left == 0 || !a.wants(r) {
				continue
			}
			left--
			t.row(fmt.Sprint(e.Sequence), moment(r.At), string(r.Action), r.Subject.ID, r.MerchantID, r.Actor.String(), r.Actor.From, details(r))
		}
	}
	return t.Flush()
}

func (a auditList) wants(r gateway.AuditRecord) bool {
	return (a.subject == "" || r.Subject.ID == a.subject) && (a.action == "" || string(r.Action) == a.action)
}

func details(r gateway.AuditRecord) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r.Details)) {
		if r.Action == gateway.AuditConfigurationStarted && name != "changed" && name != "version" {
			continue // the hashes say nothing to a reader, and are in the export
		}
		words = append(words, name+"="+r.Details[name])
	}
	return strings.Join(words, " ")
}

func auditExportCommand() *cobra.Command {
	var after int64
	cmd := ledgerCommand(&cobra.Command{Use: "export", Short: "Print the trail as NDJSON, a record to a line", Args: cobra.NoArgs},
		func(ctx context.Context, w io.Writer, _ *config.Config, l *ledger.Ledger, _ []string) error {
			return exportAudit(ctx, w, l, after)
		})
	cmd.Flags().Int64Var(&after, "after", 0, "leave out the records up to this one, which an export has already")
	return cmd
}

// exportedEntry is a line of an export. The record is the very text that was
// hashed.
type exportedEntry struct {
	Sequence int64           `json:"sequence"`
	Previous string          `json:"previous"`
	Hash     string          `json:"hash"`
	Record   json.RawMessage `json:"record"`
}

func exportAudit(ctx context.Context, w io.Writer, trail gateway.AuditTrail, after int64) error {
	lines := bufio.NewWriter(w)
	for {
		page, err := trail.AuditEntries(ctx, after, auditPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return lines.Flush()
		}
		for _, e := range page {
			line, err := json.Marshal(exportedEntry{Sequence: e.Sequence, Previous: e.Previous, Hash: e.Hash, Record: json.RawMessage(e.Body)})
			if err != nil {
				return fmt.Errorf("record %d is no JSON any more and cannot be exported; gateway audit verify says what else is wrong", e.Sequence)
			}
			if _, err := lines.Write(append(line, '\n')); err != nil {
				return err
			}
			after = e.Sequence
		}
	}
}
