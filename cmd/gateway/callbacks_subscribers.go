package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// subscribersPath is where the gateway lists who is told.
const subscribersPath = "/api/v1/subscribers"

func callbacksSubscribersCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "subscribers", Short: "List who is told, and what each is owed", Args: cobra.NoArgs}
	flags := addOperatorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var list struct{ Items []subscriber }
		if err := o.call(cmd.Context(), subscribersPath, nil, &list); err != nil {
			return err
		}
		return printSubscribers(cmd.OutOrStdout(), list.Items, flags.given())
	}
	return cmd
}

// subscriber is one who is told, and how it stands.
type subscriber struct {
	Subscriber, SubscriberStatus                       string
	PausedReason, DisabledReason                       string
	PendingCount, DeadCount                            int
	OldestPendingAt, PausedUntil, PausedAt, DisabledAt time.Time
}

// left is since when it is told nothing, and why. One that is gone may be paused too.
func (s subscriber) left() (since time.Time, why string) {
	if !s.DisabledAt.IsZero() {
		return s.DisabledAt, s.DisabledReason
	}
	return s.PausedAt, s.PausedReason
}

func printSubscribers(w io.Writer, all []subscriber, given string) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "nobody is told of payments: the merchant has no callbacks in the configuration")
		return err
	}
	t := newTable(w, "SUBSCRIBER", "STATUS", "PENDING", "OLDEST", "DEAD", "SINCE", "UNTIL", "WHY")
	for _, s := range all {
		since, why := s.left()
		t.row(s.Subscriber, s.SubscriberStatus, strconv.Itoa(s.PendingCount), moment(s.OldestPendingAt), strconv.Itoa(s.DeadCount),
			moment(since), moment(s.PausedUntil), why)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, s := range all {
		name := shellWord(s.Subscriber)
		if s.DeadCount > 0 {
			fmt.Fprintf(w, "the dead letters of %s: gateway callbacks list --status dead --subscriber %s%s\n", plain(s.Subscriber), name, given)
		}
		switch s.SubscriberStatus {
		case "disabled":
			fmt.Fprintf(w, "once %s takes events again: gateway callbacks enable %s%s\n", plain(s.Subscriber), name, given)
		case "not_configured":
			fmt.Fprintf(w, "%s is not in the configuration: put it back, and it is told what it is owed; or if it is gone for good: "+
				"gateway callbacks skip --subscriber %s --note WHY%s\n", plain(s.Subscriber), name, given)
		}
	}
	return nil
}

func callbacksEnableCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enable" + " SUBSCRIBER",
		Short: "Tell a subscriber again that had said it was gone",
		Args:  cobra.ExactArgs(1),
	}
	flags := addOperatorFlags(cmd)
	by := cmd.Flags().String("by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var after subscriber
		if err := o.call(cmd.Context(), subscribersPath+"/"+url.PathEscape(args[0])+"/enable", person{DecidedBy: *by}, &after); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is told again; %d deliveries wait for it\n", plain(after.Subscriber), after.PendingCount)
		return err
	}
	return cmd
}
