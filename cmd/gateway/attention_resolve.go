package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

func attentionResolveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resolve" + onePayment,
		Short: "Say what you have found out about an operation",
		Args:  cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	var d decision
	var done, notDone, seen bool
	cmd.Flags().StringVar(&d.OperationID, "operation", "", "the operation's id, op_…")
	cmd.Flags().BoolVar(&done, "done", false, "it was done: PayTrace shows it")
	cmd.Flags().BoolVar(&notDone, "not-done", false, "it was not done, and never will be")
	cmd.Flags().BoolVar(&seen, "seen", false, "there is nothing to decide, or no more")
	cmd.Flags().StringVar(&d.TransactionID, "transaction", "", "PayTrace's id of what was done")
	cmd.Flags().StringVar(&d.Note, "note", "", "why, for those who ask later")
	cmd.Flags().StringVar(&d.DecidedBy, "by", userName(), "who decides")
	cmd.MarkFlagsOneRequired("done", "not-done", "seen")
	cmd.MarkFlagsMutuallyExclusive("done", "not-done", "seen")
	if err := cmd.MarkFlagRequired("operation"); err != nil {
		panic(err) // there is no such flag: a mistake of ours
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d.Decision = decisionOf(done, notDone)
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var after payment
		if err := o.call(cmd.Context(), "/api/v1/payments/"+url.PathEscape(args[0])+"/resolve", d, &after); err != nil {
			return err
		}
		return printDecided(cmd.OutOrStdout(), after)
	}
	return cmd
}

// decision is what the gateway is told.
type decision struct {
	OperationID   string `json:"operationId"`
	Decision      string `json:"decision"`
	TransactionID string `json:"transactionId,omitempty"`
	DecidedBy     string `json:"decidedBy"`
	Note          string `json:"note,omitempty"`
}

// decisionOf is the word for the one flag of the three that is set.
func decisionOf(done, notDone bool) string {
	switch {
	case done:
		return "done"
	case notDone:
		return "not_done"
	default:
		return "seen"
	}
}

func printDecided(w io.Writer, after payment) error {
	op := after.Operation
	when := "is decided"
	if after.IdempotentReplay {
		when = "was decided before"
	}
	fmt.Fprintf(w, "%s %s: the %s of %s is %s, payment %s is %s\n",
		op.OperationID, when, op.OperationKind, op.Amount, op.OperationStatus, after.PaymentID, after.Status)
	if after.NeedsAttention {
		_, err := fmt.Fprintln(w, "something else about this payment still waits for a person")
		return err
	}
	return nil
}
