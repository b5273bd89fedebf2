package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

func callbacksSkipCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "skip" + " [DELIVERY]",
		Short: "Give a delivery up, or all that is owed to a subscriber that is gone: nobody is ever told of it",
		Args:  cobra.MaximumNArgs(1),
	}
	flags := addOperatorFlags(cmd)
	var f skipFlags
	cmd.Flags().StringVar(&f.Subscriber, "subscriber", "", "all that is owed to this subscriber, which is in no configuration any more")
	cmd.Flags().StringVar(&f.Note, "note", "", "why, for those who ask later")
	cmd.Flags().StringVar(&f.DecidedBy, "by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(args); err != nil {
			return err
		}
		o, err := flags.operator()
		if err != nil {
			return err
		}
		if len(args) == 1 {
			return o.skipOne(cmd.Context(), cmd.OutOrStdout(), args[0], f.person)
		}
		return o.skipLeftovers(cmd.Context(), cmd.OutOrStdout(), f, flags.given())
	}
	return cmd
}

// skipFlags are what is given up: one delivery, or what is owed to a subscriber.
type skipFlags struct {
	person
	Subscriber string `json:"subscriber"`
}

func (f skipFlags) check(args []string) error {
	switch {
	case len(args) == 1 && f.Subscriber != "":
		return errors.New("name one delivery, or a subscriber with --subscriber; not both")
	case len(args) == 0 && f.Subscriber == "":
		return errors.New("name a delivery, or with --subscriber one that is in no configuration any more")
	}
	return nil
}

func (o *operator) skipOne(ctx context.Context, w io.Writer, id string, p person) error {
	var after delivery
	if err := o.call(ctx, callbacksPath+"/"+url.PathEscape(id)+"/skip", p, &after); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s is given up: %s is never told of %s %s; what waits behind it goes on\n",
		plain(after.DeliveryID), plain(after.Subscriber), plain(after.EventType), plain(after.PaymentID))
	return err
}

// skipLeftovers calls until nothing is owed. What was given up is told also when a
// call fails on the way.
func (o *operator) skipLeftovers(ctx context.Context, w io.Writer, f skipFlags, given string) error {
	skipped := 0
	for {
		var part struct {
			SkippedCount int
			HasMore      bool
		}
		if err := o.call(ctx, callbacksPath+"/skip", f, &part); err != nil {
			return fmt.Errorf("after %d that are given up: %w; repeat the command, it finds what is left", skipped, err)
		}
		skipped += part.SkippedCount
		if !part.HasMore {
			break
		}
		fmt.Fprintf(w, "%d so far …\n", skipped)
	}
	_, err := fmt.Fprintf(w, "%d deliveries are given up: %s is never told of them\nto see whom more is owed: gateway callbacks subscribers%s\n",
		skipped, plain(f.Subscriber), given)
	return err
}
