package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// replayFlags are what is sent again: one delivery, or those of a range.
type replayFlags struct {
	timeRange
	subscriber string
	delivered  bool
	by         string
}

func callbacksReplayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay" + " [DELIVERY]",
		Short: "Send one delivery again, or the dead letters of a time",
		Args:  cobra.MaximumNArgs(1),
	}
	flags := addOperatorFlags(cmd)
	var f replayFlags
	addRangeFlags(cmd, &f.timeRange)
	cmd.Flags().StringVar(&f.subscriber, "subscriber", "", "of a time: only deliveries to this subscriber")
	cmd.Flags().BoolVar(&f.delivered, "delivered", false, "of a time: the newest delivery of each payment too, although it was delivered")
	cmd.Flags().StringVar(&f.by, "by", userName(), "who decides")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(args); err != nil {
			return err
		}
		from, to, err := f.times(time.Now())
		if err != nil {
			return err
		}
		o, err := flags.operator()
		if err != nil {
			return err
		}
		if len(args) == 1 {
			return o.replayOne(cmd.Context(), cmd.OutOrStdout(), args[0], f.by, flags.given())
		}
		return o.replayRange(cmd.Context(), cmd.OutOrStdout(), rangeToReplay{
			Subscriber: f.subscriber, CreatedFrom: from, CreatedTo: to, IncludeDelivered: f.delivered, DecidedBy: f.by,
		}, flags.given())
	}
	return cmd
}

// check wants either one delivery or a range with a beginning.
func (f replayFlags) check(args []string) error {
	ranged := f.from != "" || f.to != "" || f.subscriber != "" || f.delivered
	switch {
	case len(args) == 1 && ranged:
		return errors.New("name one delivery, or a time with --from; not both")
	case len(args) == 0 && f.from == "":
		return errors.New("name a delivery, or a time with --from, such as --from 12h")
	}
	return nil
}

// person is who decides.
type person struct {
	DecidedBy string `json:"decidedBy"`
	Note      string `json:"note,omitempty"`
}

func (o *operator) replayOne(ctx context.Context, w io.Writer, id, by, given string) error {
	var after delivery
	if err := o.call(ctx, callbacksPath+"/"+url.PathEscape(id)+"/replay", person{DecidedBy: by}, &after); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s is sent to %s again\nto see what comes of it: gateway callbacks show %s%s\n",
		plain(after.DeliveryID), plain(after.Subscriber), shellWord(after.DeliveryID), given)
	return err
}

// rangeToReplay is what the gateway is told.
type rangeToReplay struct {
	Subscriber       string `json:"subscriber,omitempty"`
	CreatedFrom      string `json:"createdFrom"`
	CreatedTo        string `json:"createdTo,omitempty"`
	IncludeDelivered bool   `json:"includeDelivered,omitempty"`
	DecidedBy        string `json:"decidedBy"`
	Cursor           string `json:"cursor,omitempty"`
}

// replayRange calls until the range is done. What was sent again is told also
// when a call fails on the way.
func (o *operator) replayRange(ctx context.Context, w io.Writer, r rangeToReplay, given string) error {
	if r.CreatedTo == "" {
		// What is made meanwhile is not of this range.
		r.CreatedTo = time.Now().UTC().Format(time.RFC3339Nano)
	}
	replayed, left := 0, 0
	for {
		var part struct {
			ReplayedCount, LeftCount int
			NextCursor               string
			HasMore                  bool
		}
		if err := o.call(ctx, callbacksPath+"/replay", r, &part); err != nil {
			return fmt.Errorf("after %d that are sent again: %w; repeat the command, it finds what is left", replayed, err)
		}
		replayed, left = replayed+part.ReplayedCount, left+part.LeftCount
		if !part.HasMore {
			break
		}
		r.Cursor = part.NextCursor
		fmt.Fprintf(w, "%d so far …\n", replayed)
	}
	fmt.Fprintf(w, "%d deliveries are sent again\n", replayed)
	if left > 0 {
		fmt.Fprintf(w, "%d are left as they are: a newer delivery of their payment was told, or is about to be\n", left)
	}
	o.sayForgotten(w, r.CreatedFrom, time.Now())
	_, err := fmt.Fprintf(w, "to see what comes of them: gateway callbacks list%s\n", given)
	return err
}

// sayForgotten tells of a time that reaches back to what is gone.
func (o *operator) sayForgotten(w io.Writer, from string, now time.Time) {
	begins, err := time.Parse(time.RFC3339Nano, from)
	if gone := now.Add(-o.forgets); err == nil && o.forgets > 0 && begins.Before(gone) {
		fmt.Fprintf(w, "what was told before %s may be forgotten, or archived with its payment; it is not sent again\n", moment(gone))
	}
}
