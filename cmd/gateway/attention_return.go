package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// oneTransaction stands behind the name of a command that takes one.
const oneTransaction = " TRANSACTION"

func attentionReturnCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "return" + oneTransaction,
		Short: "Enter that a bank has returned a payment by bank account, or its refund",
		Long: "Enter that a bank has returned a payment by bank account, or its refund. TRANSACTION is its id at PayTrace\n" +
			"with chk_ before it, or the payment's own, pay_…. No money is moved, and the shop and the org are told.",
		Args: cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	var r bankReturn
	var at string
	cmd.Flags().StringVar(&r.ReturnCode, "code", "", "the bank's reason, R01 to R85")
	cmd.Flags().StringVar(&at, "returned-at", "", "when the bank returned it, a day such as 2026-11-27 or a time (RFC 3339)")
	cmd.Flags().StringVar(&r.Note, "note", "", "anything for those who ask later")
	cmd.Flags().StringVar(&r.DecidedBy, "by", userName(), "who enters it")
	if err := cmd.MarkFlagRequired("code"); err != nil {
		panic(err) // there is no such flag: a mistake of ours
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if r.ReturnedAt, err = returnedAt(at); err != nil {
			return err
		}
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var after payment
		if err := o.call(cmd.Context(), "/api/v1/transactions/"+url.PathEscape(args[0])+"/return", r, &after); err != nil {
			return err
		}
		return printReturned(cmd.OutOrStdout(), after)
	}
	return cmd
}

// bankReturn is what the gateway is told.
type bankReturn struct {
	ReturnCode string     `json:"returnCode"`
	ReturnedAt *time.Time `json:"returnedAt,omitempty"`
	DecidedBy  string     `json:"decidedBy"`
	Note       string     `json:"note,omitempty"`
}

// returnedAt reads a day, which is meant in UTC, or a time; nil when none is given.
func returnedAt(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return &at, nil
		}
	}
	return nil, fmt.Errorf("--returned-at: expected a day such as 2026-11-27, or a time such as 2026-11-27T14:00:00Z")
}

func printReturned(w io.Writer, after payment) error {
	op := after.Operation
	when := "is entered as returned"
	if after.IdempotentReplay {
		when = "was entered before"
	}
	fmt.Fprintf(w, "%s %s: the %s of %s, %s; payment %s is %s\n",
		op.OperationID, when, op.OperationKind, op.Amount, op.BankReturn.ReturnCode, after.PaymentID, after.Status)
	if after.NeedsAttention {
		_, err := fmt.Fprintf(w, "something about this payment waits for a person: gateway attention show %s\n", after.PaymentID)
		return err
	}
	return nil
}
