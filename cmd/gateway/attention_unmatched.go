package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func unmatchedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unmatched",
		Short: "List what PayTrace has on its books and the gateway does not know",
		Args:  cobra.NoArgs,
	}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		found, more, err := pages[unmatched](cmd.Context(), o, "/api/v1/unmatched_transactions", url.Values{})
		if err != nil {
			return err
		}
		return printUnmatched(cmd.OutOrStdout(), found, more, o.merchant.PayTrace.WatchEvery)
	}
	return cmd
}

// unmatched is a transaction that belongs to no payment.
type unmatched struct {
	TransactionID, TransactionKind, TransactionState string
	Amount, OrderID, ProcessorReference              string
	CardType, Last4Digits, CreatedBy                 string
	CreatedAt, FirstSeenAt                           time.Time
}

// printUnmatched says how old the list may be: what was made since the books
// were read is not in it.
func printUnmatched(w io.Writer, found []unmatched, more bool, every time.Duration) error {
	reading := fmt.Sprintf("PayTrace's books are read every %s; what is newer than the last reading is not judged yet", every)
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, "every transaction that PayTrace has shown belongs to a payment\n"+reading)
		return err
	}
	t := newTable(w, "TRANSACTION", "KIND", "STATE", "AMOUNT", "ORDER", "REFERENCE", "CARD", "BY", "MADE", "FOUND")
	for _, u := range found {
		t.row(u.TransactionID, u.TransactionKind, u.TransactionState, u.Amount, u.OrderID, u.ProcessorReference,
			u.CardType+" "+u.Last4Digits, u.CreatedBy, moment(u.CreatedAt), moment(u.FirstSeenAt))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(w, "… and more, found before these")
	}
	_, err := fmt.Fprintln(w, reading)
	return err
}
