package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// callbacksCommand is for the person who finds out who was not told of what.
func callbacksCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "callbacks", Short: "See what subscribers are told, and send it again", Args: cobra.NoArgs,
		// A group that cannot be run takes a mistyped command for a call for help.
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(callbacksListCommand(), callbacksShowCommand(), callbacksReplayCommand(), callbacksSkipCommand(),
		callbacksSubscribersCommand(), callbacksEnableCommand())
	return group
}

// callbacksPath is where the gateway lists deliveries.
const callbacksPath = "/api/v1/callbacks"

func callbacksListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List what is owed: dead letters, and what waits", Args: cobra.NoArgs,
		Long: "List what is owed: first the dead letters, since they wait for a person, then what waits to be sent.\n" +
			newestFirst + " To begin with the oldest of an outage, end the list there with --to.",
	}
	flags := addOperatorFlags(cmd)
	var f deliveryFilter
	cmd.Flags().StringVar(&f.status, "status", owed, "owed (dead and pending), dead, pending, delivered, skipped or all")
	cmd.Flags().StringVar(&f.subscriber, "subscriber", "", "only deliveries to this subscriber")
	cmd.Flags().StringVar(&f.payment, "payment", "", "only deliveries that tell of this payment, pay_…")
	addRangeFlags(cmd, &f.timeRange)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		queries, err := f.queries(time.Now())
		if err != nil {
			return err
		}
		o, err := flags.operator()
		if err != nil {
			return err
		}
		var all []delivery
		var more bool
		for _, query := range queries {
			found, err := pages[delivery](cmd.Context(), o, callbacksPath, query)
			if err != nil {
				return err
			}
			all, more = append(all, found.Items...), more || found.HasMore
		}
		return printDeliveries(cmd.OutOrStdout(), all, more, f.status, flags.given())
	}
	return cmd
}

// newestFirst is the order of the lists that grow, as it is that of the API: what has
// just begun to fail is seen at once, however much has gathered.
var newestFirst = fmt.Sprintf("The newest come first, and no more than %d of each are listed.", manyPages*pageSize)

// deliveryFilter is what the flags of the list say.
type deliveryFilter struct {
	status, subscriber, payment string
	timeRange
}

// owed is what the list shows unless it is told otherwise. The dead letters come
// first: they wait for a person.
const owed = "owed"

var statusesOf = map[string][]string{
	owed: {"dead", "pending"}, "all": {""},
	"dead": {"dead"}, "pending": {"pending"}, "delivered": {"delivered"}, "skipped": {"skipped"},
}

// queries are one for each list that is asked for.
func (f deliveryFilter) queries(now time.Time) ([]url.Values, error) {
	statuses, known := statusesOf[f.status]
	if !known {
		return nil, fmt.Errorf("--status: expected owed, dead, pending, delivered, skipped or all, and got %q", f.status)
	}
	from, to, err := f.times(now)
	if err != nil {
		return nil, err
	}
	var queries []url.Values
	for _, status := range statuses {
		query := url.Values{}
		for name, value := range map[string]string{
			"deliveryStatus": status, "subscriber": f.subscriber, "paymentId": f.payment, "createdFrom": from, "createdTo": to,
		} {
			if value != "" {
				query.Set(name, value)
			}
		}
		queries = append(queries, query)
	}
	return queries, nil
}

// timeRange is a time that a person types, from and to.
type timeRange struct{ from, to string }

func addRangeFlags(cmd *cobra.Command, r *timeRange) {
	const form = "; a time such as 2026-11-21T08:00:00Z, or how long ago, such as 12h"
	cmd.Flags().StringVar(&r.from, "from", "", "only deliveries made since then"+form)
	cmd.Flags().StringVar(&r.to, "to", "", "only deliveries made before then"+form)
}

// times are both ends as the gateway reads them, empty where they are.
func (r timeRange) times(now time.Time) (from, to string, err error) {
	if from, err = readMoment("--from", r.from, now); err != nil {
		return "", "", err
	}
	to, err = readMoment("--to", r.to, now)
	return from, to, err
}

func readMoment(flag, text string, now time.Time) (string, error) {
	if text == "" {
		return "", nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago).UTC().Format(time.RFC3339Nano), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", fmt.Errorf("%s: expected a time such as 2026-11-21T08:00:00Z, or how long ago, such as 12h", flag)
	}
	return at.UTC().Format(time.RFC3339Nano), nil
}

// delivery is what these commands read of the gateway's answers.
type delivery struct {
	DeliveryID, MerchantID, Subscriber, DeliveryStatus string
	EventID, EventType, PaymentID                      string
	LiveMode                                           bool
	PaymentVersion, CustomerVersion                    int64
	CustomerID, PaymentMethodID                        string
	AttemptCount                                       int
	OccurredAt, DueAt, CreatedAt, UpdatedAt            time.Time
	LastAttempt                                        attempt
	AttemptLog                                         []attempt
}

// attempt is an entry of a delivery's log.
type attempt struct {
	AttemptedAt                             time.Time
	Outcome, Detail, Attention, AttemptedBy string
	StatusCode                              int
	TookMs                                  int64
}

func printDeliveries(w io.Writer, all []delivery, more bool, status, given string) error {
	if len(all) == 0 {
		said := "there are no such deliveries"
		if status == owed {
			said = "nothing is owed to anybody"
		}
		_, err := fmt.Fprintln(w, said)
		return err
	}
	t := newTable(w, "DELIVERY", "SUBSCRIBER", "EVENT", "PAYMENT", "STATUS", "TRIED", "MADE", "DUE", "LAST")
	for _, d := range all {
		t.row(d.DeliveryID, d.Subscriber, d.EventType, d.PaymentID, d.DeliveryStatus, strconv.Itoa(d.AttemptCount),
			moment(d.CreatedAt), moment(d.DueAt), d.LastAttempt.words())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(w, "… and more, older ones; narrow the list with --subscriber, --payment, --from and --to")
	}
	_, err := fmt.Fprintf(w, "\nto see one and what to do: gateway callbacks show DELIVERY%s\n", given)
	return err
}

// words are what came of an attempt, in one line.
func (a attempt) words() string {
	code := ""
	if a.StatusCode != 0 {
		code = strconv.Itoa(a.StatusCode)
	}
	return strings.Join(strings.Fields(strings.Join([]string{a.Outcome, code, a.Detail}, " ")), " ")
}
