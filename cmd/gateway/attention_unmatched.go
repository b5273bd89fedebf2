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
		Long:  "List what PayTrace has on its books and the gateway does not know, up to when its books were read.\n" + newestFirst,
		Args:  cobra.NoArgs,
	}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		found, err := pages[unmatched](cmd.Context(), o, "/api/v1/unmatched_transactions", url.Values{})
		if err != nil {
			return err
		}
		return printUnmatched(cmd.OutOrStdout(), found, o.merchant.PayTrace.WatchEvery)
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

// printUnmatched says how old the list is: what was made since the books were read
// is not in it, and before they were read nobody knows anything.
func printUnmatched(w io.Writer, found readList[unmatched], every time.Duration) error {
	reading := fmt.Sprintf("PayTrace's books were read up to %s, and are every %s; what is newer is not judged yet", moment(found.SeenThroughAt), every)
	if found.SeenThroughAt.IsZero() {
		reading = fmt.Sprintf("PayTrace's books have not been read to their end yet, so there may be more; they are read every %s. "+
			"If this stays, watch.failed in the gateway's log says why", every)
	}
	if len(found.Items) == 0 {
		none := "nothing is known yet of what PayTrace has on its books"
		if !found.SeenThroughAt.IsZero() {
			none = "every transaction that PayTrace has shown belongs to a payment"
		}
		_, err := fmt.Fprintln(w, none+"\n"+reading)
		return err
	}
	t := newTable(w, "TRANSACTION", "KIND", "STATE", "AMOUNT", "ORDER", "REFERENCE", "CARD", "BY", "MADE", "FOUND")
	for _, u := range found.Items {
		t.row(u.TransactionID, u.TransactionKind, u.TransactionState, u.Amount, u.OrderID, u.ProcessorReference,
			u.CardType+" "+u.Last4Digits, u.CreatedBy, moment(u.CreatedAt), moment(u.FirstSeenAt))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if found.HasMore {
		fmt.Fprintln(w, "… and more, found before these")
	}
	_, err := fmt.Fprintln(w, reading)
	return err
}
