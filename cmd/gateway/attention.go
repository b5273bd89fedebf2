package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// attentionCommand is for the person who decides what the gateway cannot.
func attentionCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "attention", Short: "See and decide what only a person can decide", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(attentionListCommand(), attentionShowCommand(), attentionResolveCommand(), attentionReturnCommand())
	return group
}

func attentionListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the operations that wait for a person", Args: cobra.NoArgs,
		Long: "List the operations that wait for a person.\n" + newestFirst,
	}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		waiting, err := pages[payment](cmd.Context(), o, "/api/v1/payments", url.Values{"needsAttention": {"true"}})
		if err != nil {
			return err
		}
		return printWaiting(cmd.OutOrStdout(), waiting.Items, waiting.HasMore, flags.given())
	}
	return cmd
}

// payment is what these commands read of the gateway's answers.
type payment struct {
	PaymentID, TransactionID, Status, Outcome  string
	MerchantID, OrderID, StoreCode, Channel    string
	Amount, CapturedAmount, RefundedAmount     string
	RefundPendingAmount, CurrencyCode          string
	ProcessorReference, CardType, Last4Digits  string
	CreatedAt, UpdatedAt                       time.Time
	LiveMode, NeedsAttention, IdempotentReplay bool
	Operations                                 []operation
	Operation                                  operation
	BankAccount                                *bankSummary
}

// bankSummary is there when the payment draws on a bank account.
type bankSummary struct{ Last4Digits, AccountType, HolderType string }

// operation is one of a payment's.
type operation struct {
	OperationID, OperationKind, OperationStatus string
	ProcessedAs, Origin, Channel, Amount        string
	TransactionID, IdempotencyKey, Attention    string
	CreatedAt, UpdatedAt                        time.Time
	Resolution                                  *resolution
	BankReturn                                  *enteredReturn
}

// enteredReturn is what a bank has returned.
type enteredReturn struct {
	ReturnCode, EnteredBy, Note string
	EnteredAt                   time.Time
}

// resolution is what somebody has decided about an operation.
type resolution struct {
	Decision, About, DecidedBy, Note string
	DecidedAt                        time.Time
}

func printWaiting(w io.Writer, payments []payment, more bool, given string) error {
	if len(payments) == 0 {
		_, err := fmt.Fprintln(w, "nothing waits for a person")
		return err
	}
	t := newTable(w, "PAYMENT", "ORDER", "AMOUNT", "OPERATION", "KIND", "STATUS", "SINCE", "WHY")
	for _, p := range payments {
		for _, op := range p.Operations {
			if op.Attention != "" {
				t.row(p.PaymentID, p.OrderID, op.Amount, op.OperationID, op.OperationKind, op.OperationStatus, moment(op.CreatedAt), op.Attention)
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(w, "… and more, older ones")
	}
	_, err := fmt.Fprintf(w, "\nto see one and what to do: gateway attention show PAYMENT%s\n", given)
	return err
}
