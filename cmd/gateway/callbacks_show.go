package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// oneDelivery stands behind the name of a command that takes one.
const oneDelivery = " DELIVERY"

func callbacksShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show" + oneDelivery,
		Short: "Show a delivery, every attempt, and the choices",
		Args:  cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var d delivery
		if err := o.call(cmd.Context(), callbacksPath+"/"+url.PathEscape(args[0]), nil, &d); err != nil {
			return err
		}
		var all struct{ Items []subscriber }
		if d.DeliveryStatus == "pending" {
			if err := o.call(cmd.Context(), subscribersPath, nil, &all); err != nil {
				return err
			}
		}
		return printDelivery(cmd.OutOrStdout(), d, heldUp(d, all.Items), flags.given())
	}
	return cmd
}

// heldUp says why a delivery that is due waits: what its subscriber has not taken
// holds everything for it back.
func heldUp(d delivery, all []subscriber) string {
	for _, s := range all {
		switch {
		case s.Subscriber != d.Subscriber:
		case s.SubscriberStatus == "paused":
			return "its subscriber is paused until " + moment(s.PausedUntil) + ", since " + moment(s.PausedAt) + ": " + s.PausedReason
		case s.SubscriberStatus == "disabled":
			return "its subscriber is disabled: " + s.DisabledReason
		case s.SubscriberStatus == "not_configured":
			return "its subscriber is in no configuration"
		}
	}
	return ""
}

func printDelivery(w io.Writer, d delivery, waits, given string) error {
	environment := "test"
	if d.LiveMode {
		environment = "live"
	}
	t := newTable(w, "delivery", d.DeliveryID)
	for _, line := range [][2]string{
		{"merchant", d.MerchantID + ", " + environment},
		{"subscriber", d.Subscriber},
		{"event", d.EventType + " " + d.EventID},
		{"happened", moment(d.OccurredAt)},
		{"payment", d.PaymentID},
		{"customer", d.CustomerID},
		{"payment method", d.PaymentMethodID},
		{"version", versionOf(d.PaymentVersion + d.CustomerVersion)}, // of one of them
		{"status", d.DeliveryStatus},
		{"due", moment(d.DueAt)},
		{"waits", waits},
		{"made", moment(d.CreatedAt)},
	} {
		if line[1] != "" {
			t.row(line[0], line[1])
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if err := printAttempts(w, d.AttemptLog); err != nil {
		return err
	}
	return printDeliveryChoices(w, d, given)
}

func versionOf(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func printAttempts(w io.Writer, log []attempt) error {
	if len(log) == 0 {
		_, err := fmt.Fprintln(w, "\nit was not tried yet")
		return err
	}
	fmt.Fprintln(w)
	t := newTable(w, "AT", "TOOK", "BY", "WHAT CAME OF IT")
	for _, a := range log {
		took := ""
		if a.TookMs > 0 {
			took = (time.Duration(a.TookMs) * time.Millisecond).String()
		}
		t.row(moment(a.AttemptedAt), took, a.AttemptedBy, a.words())
		if a.Attention != "" {
			t.row("", "", "", "a person has to look at the payment: "+a.Attention)
		}
	}
	return t.Flush()
}

// printDeliveryChoices says what a person can do now, as commands to be pasted.
func printDeliveryChoices(w io.Writer, d delivery, given string) error {
	id := shellWord(d.DeliveryID)
	replay, skip := "gateway callbacks replay "+id+given, "gateway callbacks skip "+id+" --note WHY"+given
	var choices []choice
	switch d.DeliveryStatus {
	case "dead":
		choices = []choice{{"once the cause is mended, send it again, and then what waits behind it", replay},
			{"if the subscriber need not be told of it, let go what waits behind it", skip}}
	case "pending":
		choices = []choice{{"to try it at once", replay}, {"if the subscriber need not be told of it", skip}}
	case "parked":
		of, list := "customer", "gateway callbacks list --status dead --subscriber "+shellWord(d.Subscriber)
		if d.PaymentID != "" {
			of, list = "payment", list+" --payment "+shellWord(d.PaymentID)
		}
		choices = []choice{{"it waits behind a dead letter of its " + of + "; see that one", list + given}}
	case "delivered":
		choices = []choice{{"if the subscriber has lost it, and was told of nothing newer, send it again", replay}}
	}
	fmt.Fprintln(w)
	for _, c := range choices {
		fmt.Fprintf(w, "%s:\n  %s\n", c.when, c.flags)
	}
	if len(choices) == 0 {
		fmt.Fprintln(w, "nothing is left to be done about it")
	}
	return nil
}
