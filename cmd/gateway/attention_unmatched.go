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
		return printUnmatched(cmd.OutOrStdout(), found, more)
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

func printUnmatched(w io.Writer, found []unmatched, more bool) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, "every transaction that PayTrace has shown belongs to a payment")
		return err
	}
	t := newTable(w, "TRANSACTION", "KIND", "STATE", "AMOUNT", "ORDER", "REFERENCE", "CARD", "BY", "MADE", "FOUND")
	for _, u := range found {
		t.row(u.TransactionID, u.TransactionKind, u.TransactionState, u.Amount, u.OrderID, u.ProcessorReference,
			u.CardType+" "+u.Last4Digits, u.CreatedBy, moment(u.CreatedAt), moment(u.FirstSeenAt))
	}
	if err := t.Flush(); err != nil || !more {
		return err
	}
	_, err := fmt.Fprintln(w, "… and more, found before these")
	return err
}
