package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"paytrace-gateway/adapters/magento"
	"paytrace-gateway/gateway"
)

// onePayment stands behind the name of a command that takes one.
const onePayment = " PAYMENT"

func attentionShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show" + onePayment,
		Short: "Show a payment, what to look for at PayTrace, and the choices",
		Args:  cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var p payment
		if err := o.call(cmd.Context(), "/api/v1/payments/"+url.PathEscape(args[0]), nil, &p); err != nil {
			return err
		}
		books := books{field: o.merchant.PayTrace.ReferenceField, user: o.merchant.PayTrace.Username, zone: o.merchant.PayTrace.ExportTimeZone.String()}
		return printPayment(cmd.OutOrStdout(), p, books, flags.given())
	}
	return cmd
}

// books is how the merchant's transactions are to be found at PayTrace.
type books struct {
	field string // that carries our reference
	user  string // whom PayTrace names as their maker
	zone  string // of the days at PayTrace
}

func printPayment(w io.Writer, p payment, b books, given string) error {
	environment := "test"
	if p.LiveMode {
		environment = "live"
	}
	t := newTable(w, "payment", p.PaymentID)
	for _, line := range [][2]string{
		{"merchant", p.MerchantID + ", " + environment},
		{"order", strings.TrimSpace(p.OrderID + " " + p.StoreCode)},
		{"status", p.Status},
		{"amount", p.Amount + " " + p.CurrencyCode},
		{"taken", p.CapturedAmount},
		{"given back", p.RefundedAmount + ", and promised " + p.RefundPendingAmount},
		{"card", strings.TrimSpace(p.CardType + " " + p.Last4Digits)},
		{"bank account", p.BankAccount.String()},
		{"made", moment(p.CreatedAt)},
		{"changed", moment(p.UpdatedAt)},
		{"reference", p.ProcessorReference + " (PayTrace: " + b.field + ")"},
		{"transaction", p.TransactionID},
	} {
		if line[1] != "" {
			t.row(line[0], line[1])
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, op := range p.Operations {
		if err := printOperation(w, p, op, b, given); err != nil {
			return err
		}
	}
	if !p.NeedsAttention {
		_, err := fmt.Fprintln(w, "\nnothing about this payment waits for a person")
		return err
	}
	return nil
}

func printOperation(w io.Writer, p payment, op operation, b books, given string) error {
	fmt.Fprintf(w, "\n%s  %s of %s: %s\n", op.OperationID, op.OperationKind, op.Amount, op.OperationStatus)
	t := newTable(w, "  made", moment(op.CreatedAt)+" "+strings.TrimSpace("by "+op.Origin+" "+op.Channel))
	for _, line := range [][2]string{
		{"  transaction", op.TransactionID}, {"  key", op.IdempotencyKey}, {"  done as", op.ProcessedAs}, {"  waits because", op.Attention},
	} {
		if line[1] != "" {
			t.row(line[0], line[1])
		}
	}
	if r := op.Resolution; r != nil {
		t.row("  decided", r.Decision+" by "+r.DecidedBy+" "+moment(r.DecidedAt))
		if r.Note != "" {
			t.row("  note", r.Note)
		}
	}
	if r := op.BankReturn; r != nil {
		t.row("  returned", r.ReturnCode+", entered by "+r.EnteredBy+" "+moment(r.EnteredAt))
		if r.Note != "" {
			t.row("  note", r.Note)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	choices := choicesOf(p, op)
	if len(choices) == 0 {
		return nil
	}
	// What shop and gateway do not agree about is not found at PayTrace.
	if todo := magento.Advice(op.Attention); todo != "" && !undecided(op) {
		fmt.Fprintf(w, "  what to do in the shop: %s\n", todo)
	} else {
		fmt.Fprintf(w, "  look at PayTrace for: %s\n", plain(lookFor(p, op, b)))
	}
	for _, c := range choices {
		fmt.Fprintf(w, "  %s:\n    gateway attention resolve %s --operation %s %s%s\n",
			c.when, shellWord(p.PaymentID), shellWord(op.OperationID), c.flags, given)
	}
	return nil
}

func undecided(op operation) bool {
	return op.OperationStatus == "unknown" || op.OperationStatus == "waiting_settlement"
}

// lookFor says in a person's words what would be on PayTrace's books.
func lookFor(p payment, op operation, b books) string {
	since := "made " + moment(op.CreatedAt) + " or a little later (PayTrace writes times of " + b.zone + ")"
	if p.BankAccount != nil {
		return lookForCheck(p, op, since)
	}
	switch {
	case op.OperationKind == "capture":
		return "transaction " + p.TransactionID + ", whether it is captured, for " + op.Amount
	case op.OperationKind == "void" || op.ProcessedAs == "void":
		return "transaction " + p.TransactionID + ", whether it is voided"
	case op.OperationKind == "refund":
		return "a refund of " + op.Amount + " of transaction " + p.TransactionID + ", " + since + ", by the user " + b.user +
			"; a refund bears no reference"
	default:
		return op.OperationKind + " of " + op.Amount + " whose " + b.field + " is " + p.ProcessorReference + ", order " + p.OrderID + ", " + since +
			"; equal amount, card and order without the reference prove nothing"
	}
}

// lookForCheck says it of a payment by bank account, whose screens PayTrace keeps
// apart from those of cards.
func lookForCheck(p payment, op operation, since string) string {
	check := "check " + strings.TrimPrefix(p.TransactionID, "chk_")
	switch {
	case op.OperationKind == "capture":
		return check + " among the checks, whether it is funded, for " + op.Amount
	case op.OperationKind == "void" || op.ProcessedAs == "void":
		return check + " among the checks, whether it is voided"
	case op.OperationKind == "refund":
		return "a refund of " + op.Amount + " of " + check + ", " + since
	default:
		return "a check of " + op.Amount + " for order " + p.OrderID + ", " + since + ", drawn on the account " + p.BankAccount.String()
	}
}

func (b *bankSummary) String() string {
	if b == nil {
		return ""
	}
	return strings.TrimSpace(b.HolderType + " " + b.AccountType + " " + b.Last4Digits)
}

// choice is one thing that a person can say of an operation.
type choice struct{ when, flags string }

// choicesOf are the decisions that the gateway takes about an operation.
func choicesOf(p payment, op operation) []choice {
	const done, notDone, seen = "--done", "--not-done", "--seen"
	own := op.OperationKind == "sale" || op.OperationKind == "authorize" || (op.OperationKind == "refund" && op.ProcessedAs != "void")
	found := done
	if own && p.BankAccount != nil {
		found += " --transaction chk_ID"
	} else if own {
		found += " --transaction ID"
	}
	attend := choice{"if there is nothing to be decided, or no more", seen}
	switch {
	case op.OperationStatus == "unknown" && gateway.HeldThere(op.Attention):
		return []choice{{"if one of them is this " + op.OperationKind, found},
			{"if none is, void at PayTrace's screens first what is there, or refund what is settled, since this is refused while money is held there; then", notDone}}
	case op.OperationStatus == "unknown":
		return []choice{{"if it is there", found}, {"if it is not there and never will be", notDone}}
	case op.OperationStatus == "waiting_settlement" && op.Attention != "":
		return []choice{{"if it was given back at PayTrace's own screens", found}, {"if it is not to be given back", notDone}, attend}
	case op.Attention == "":
		return nil
	case p.Outcome == "cancelled":
		return []choice{{"if the money was given back at PayTrace's own screens", done}, attend}
	default:
		return []choice{attend}
	}
}
