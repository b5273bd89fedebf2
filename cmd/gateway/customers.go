package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

// customersPath is where the gateway takes decisions about customers.
const customersPath = "/api/v1/customer_vault"

// customersCommand is for the person who has to forget another one.
func customersCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "customers", Short: "Erase a customer who asks for it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(customersEraseCommand())
	return group
}

// erasure is what the gateway is told, step by step.
type erasure struct {
	DryRun    bool   `json:"dryRun,omitempty"`
	DecidedBy string `json:"decidedBy"`
	Cursor    string `json:"cursor,omitempty"`
}

// erased is what came of one step, or of all of them.
type erased struct {
	CustomerCount, PaymentMethodCount, VaultChangeCount int
	PaymentCount, ArchivedCount, KeyAnswerCount         int
	EventCount, DeliveryCount                           int
	OpenCount, UntoldCount, LaterCount                  int
	NextCursor                                          string
	HasMore                                             bool
}

func (e *erased) add(o erased) {
	e.CustomerCount += o.CustomerCount
	e.PaymentMethodCount += o.PaymentMethodCount
	e.VaultChangeCount += o.VaultChangeCount
	e.PaymentCount += o.PaymentCount
	e.ArchivedCount += o.ArchivedCount
	e.KeyAnswerCount += o.KeyAnswerCount
	e.EventCount += o.EventCount
	e.DeliveryCount += o.DeliveryCount
	e.OpenCount += o.OpenCount
	e.UntoldCount += o.UntoldCount
	e.LaterCount += o.LaterCount
}

func customersEraseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "erase" + " CUSTOMER", Short: "Take a person out of payments, answers, events and the archive; the money trail stays", Args: cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	var e erasure
	cmd.Flags().BoolVar(&e.DryRun, "dry-run", false, "only say what would go")
	cmd.Flags().StringVar(&e.DecidedBy, "by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		all, err := o.erase(cmd.Context(), args[0], e)
		if err != nil {
			return err
		}
		return all.print(cmd.OutOrStdout(), e.DryRun)
	}
	return cmd
}

// erase calls until the last step.
func (o *operator) erase(ctx context.Context, customer string, e erasure) (all erased, err error) {
	for {
		var step erased
		if err := o.call(ctx, customersPath+"/"+url.PathEscape(customer)+"/erase", e, &step); err != nil {
			return all, fmt.Errorf("the erasure is not at its end: %w; repeat the command, it begins again and finds what is left", err)
		}
		all.add(step)
		if !step.HasMore {
			return all, nil
		}
		e.Cursor = step.NextCursor
	}
}

func (e erased) print(w io.Writer, dry bool) error {
	head := "ERASED"
	if dry {
		head = "WOULD GO"
	}
	t := newTable(w, head, "HOW MANY")
	for _, row := range []struct {
		what string
		n    int
	}{
		{"customers of the vault", e.CustomerCount}, {"stored cards, here and at PayTrace", e.PaymentMethodCount},
		{"cards in changes of the vault", e.VaultChangeCount}, {"the person in payments", e.PaymentCount},
		{"records in the archive's files", e.ArchivedCount}, {"the person in answers of keys", e.KeyAnswerCount},
		{"events", e.EventCount}, {"deliveries", e.DeliveryCount},
	} {
		t.row(row.what, fmt.Sprint(row.n))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, left := range []struct {
		n    int
		text string
	}{
		{e.OpenCount, "%d stay for now: not decided yet, or PayTrace has not deleted the card yet\n"},
		{e.UntoldCount, "%d stay for now: a subscriber is still to be told; of dead letters, and of what is owed to one that is gone, decide with gateway callbacks\n"},
		{e.LaterCount, "%d files of the archive are written today and were not searched\n"},
	} {
		if left.n > 0 {
			fmt.Fprintf(w, left.text, left.n)
		}
	}
	if dry {
		return nil
	}
	if e.OpenCount+e.UntoldCount+e.LaterCount > 0 {
		_, err := fmt.Fprintln(w, "it is not all gone yet: erase again tomorrow, until nothing stays")
		return err
	}
	_, err := fmt.Fprintln(w, "what is free in the database's files may still hold old bytes: see docs/erasure.md")
	return err
}
