package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

const settlementPath = "/api/v1/reports/settlement"

func settlementCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "settlement",
		Short: "Show what PayTrace has settled, held against the payments",
		Long: "Show what PayTrace has settled on some days, yesterday where none are named, held against the payments.\n" +
			"Days are those of the merchant's timeZone. PayTrace is asked while you wait; nothing is changed.",
		Args: cobra.NoArgs,
	}
	flags := addOperatorFlags(cmd)
	from := cmd.Flags().String("from", "", "the first settlement day, such as 2026-11-01")
	to := cmd.Flags().String("to", "", "the last settlement day, at most 31 days with the first (default: the first)")
	table := cmd.Flags().Bool("csv", false, "a table with one line for each transaction, for a file")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *from == "" && *to != "" {
			return fmt.Errorf("--to stands without --from")
		}
		o, err := flags.operator()
		if err != nil {
			return err
		}
		yesterday := time.Now().In(o.merchant.TimeZone.Location).AddDate(0, 0, -1).Format(time.DateOnly)
		first := cmp.Or(*from, yesterday)
		days := url.Values{"settledFrom": {first}, "settledTo": {cmp.Or(*to, first)}}
		if *table {
			return writeSettlements(cmd.Context(), o, days, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}
		var report settlementReport
		if err := o.call(cmd.Context(), settlementPath+"?"+days.Encode(), nil, &report); err != nil {
			return err
		}
		return report.print(cmd.OutOrStdout())
	}
	return cmd
}

// settlementCut is said where sums are too small.
const settlementCut = "PayTrace's export was cut at exportRowCap: one day has more rows than it shows, and these sums are too small"

func writeSettlements(ctx context.Context, o *operator, days url.Values, out, words io.Writer) error {
	days.Set("outputFormat", "csv")
	text, header, err := o.fetch(ctx, settlementPath+"?"+days.Encode(), nil)
	if err != nil {
		return err
	}
	if header.Get("X-Report-Complete") != "true" {
		fmt.Fprintln(words, settlementCut)
	}
	_, err = out.Write(text)
	return err
}

// settlementReport is as much of the report as is shown.
type settlementReport struct {
	SettledFrom, SettledTo, TimeZone string
	Complete                         bool
	Totals                           settlementTotals
	Days                             []struct {
		SettlementDate string
		Batches        []struct {
			BatchNumber string
			Totals      settlementTotals
		}
	}
	DifferenceCount int
	Differences     []settledTransaction
}

type settlementTotals struct {
	ChargeCount, RefundCount              int
	ChargeAmount, RefundAmount, NetAmount string
}

type settledTransaction struct {
	TransactionID, Match, TransactionKind, Amount, PaymentAmount, PaymentID, OrderID string
	SettledAt                                                                        time.Time
}

func (r settlementReport) print(w io.Writer) error {
	if len(r.Days) == 0 && r.DifferenceCount == 0 {
		fmt.Fprintf(w, "PayTrace shows nothing as settled from %s to %s (%s)\n", r.SettledFrom, r.SettledTo, r.TimeZone)
		return r.warn(w)
	}
	t := newTable(w, "DAY", "BATCH", "CHARGES", "AMOUNT", "REFUNDS", "AMOUNT", "NET")
	row := func(day, batch string, s settlementTotals) {
		t.row(day, batch, strconv.Itoa(s.ChargeCount), s.ChargeAmount, strconv.Itoa(s.RefundCount), s.RefundAmount, s.NetAmount)
	}
	for _, d := range r.Days {
		for _, b := range d.Batches {
			row(d.SettlementDate, b.BatchNumber, b.Totals)
		}
	}
	row("all", "", r.Totals)
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "Days of %s. Fees are in no sum.\n", r.TimeZone)
	if err := r.warn(w); err != nil {
		return err
	}
	return r.printDifferences(w)
}

func (r settlementReport) warn(w io.Writer) (err error) {
	if !r.Complete {
		_, err = fmt.Fprintln(w, settlementCut)
	}
	return err
}

func (r settlementReport) printDifferences(w io.Writer) error {
	if r.DifferenceCount == 0 {
		_, err := fmt.Fprintln(w, "PayTrace and the gateway agree on every transaction.")
		return err
	}
	fmt.Fprintf(w, "\nPayTrace and the gateway do not agree on %d of them; docs/settlement.md says what to do:\n", r.DifferenceCount)
	t := newTable(w, "TRANSACTION", "MATCH", "KIND", "AMOUNT", "PAYMENT HAS", "PAYMENT", "ORDER", "SETTLED")
	for _, d := range r.Differences {
		settled := ""
		if !d.SettledAt.IsZero() {
			settled = moment(d.SettledAt)
		}
		t.row(d.TransactionID, d.Match, d.TransactionKind, d.Amount, d.PaymentAmount, d.PaymentID, d.OrderID, settled)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := r.DifferenceCount - len(r.Differences); more > 0 {
		fmt.Fprintf(w, "… and %d more, which --csv shows\n", more)
	}
	return nil
}
