package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// mappingCommand is for whoever writes the rules of a mapping.
func mappingCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "mapping", Short: "See what events become at those who are told", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(mappingTestCommand())
	return group
}

func mappingTestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Show as JSON what an event becomes at each subscriber; nothing is sent",
		Long: "Shows as JSON what an event becomes at each subscriber of a merchant, and sends nothing. Without --payment it is an\n" +
			"example of a payment in the state that --event tells of.",
		Args: cobra.NoArgs,
	}
	path := configFlag(cmd)
	merchant := cmd.Flags().String("merchant", "", "the merchant's id; needed where there are several")
	file := cmd.Flags().String("payment", "", "a file with a payment as the API shows it")
	eventType := cmd.Flags().String("event", "payment.approved", "the type of the event: "+strings.Join(gateway.EventTypes(), ", "))
	cmd.MarkFlagsMutuallyExclusive("payment", "event")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(*path, os.LookupEnv)
		if err != nil {
			return err
		}
		m, err := chooseMerchant(cfg, *merchant)
		if err != nil {
			return err
		}
		e, err := eventToPreview(*file, *eventType, m)
		if err != nil {
			return err
		}
		return previewAll(cmd.Context(), cmd.OutOrStdout(), cfg, m, e)
	}
	return cmd
}

// eventToPreview is the example of the type, or tells of the payment in the file.
func eventToPreview(file, eventType string, m config.Merchant) (gateway.Event, error) {
	e, ok := mapping.Example(eventType)
	if !ok {
		return e, fmt.Errorf("--event: %q is no type of event; there are: %s", plain(eventType), strings.Join(gateway.EventTypes(), ", "))
	}
	if file != "" {
		p, err := readPayment(file)
		if err != nil {
			return e, fmt.Errorf("--payment: %w", err)
		}
		e = eventOf(p)
	}
	e.MerchantID, e.Payment.MerchantID, e.Payment.LiveMode = m.ID, m.ID, m.LiveMode
	if file == "" {
		e.Payment.Currency = m.Currency
	}
	return e, nil
}

// previewed is what an event becomes at one subscriber.
type previewed struct {
	Subscriber string `json:"subscriber"`
	// NotTold says why the subscriber is told nothing of it.
	NotTold string `json:"notTold,omitempty"`
	Error   string `json:"error,omitempty"`
	Becomes any    `json:"becomes,omitempty"`
}

// previewAll prints what the event becomes at each subscriber, in the order of
// the configuration.
func previewAll(ctx context.Context, w io.Writer, cfg *config.Config, m config.Merchant, e gateway.Event) error {
	if err := unsealFromLedger(ctx, cfg); err != nil {
		return err
	}
	alone := *cfg
	alone.Merchants = []config.Merchant{m}
	a := &app{cfg: &alone, log: slog.New(slog.DiscardHandler)}
	defer a.close()
	subscribers, err := a.openSubscribers()
	if err != nil {
		return err
	}
	if len(subscribers) == 0 {
		return fmt.Errorf("nobody is told of the payments of %s: there are no callbacks in the configuration", m.ID)
	}
	all := []previewed{}
	var faults []error
	for _, s := range subscribers {
		p := preview(s, e)
		if p.Error != "" {
			faults = append(faults, fmt.Errorf("%s: %s", s.Name, p.Error))
		}
		all = append(all, p)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(struct {
		Event       string      `json:"event"`
		Subscribers []previewed `json:"subscribers"`
	}{e.Type, all}); err != nil {
		return err
	}
	return errors.Join(faults...)
}

func preview(s gateway.Subscriber, e gateway.Event) previewed {
	p := previewed{Subscriber: s.Name}
	sink, ok := s.Sink.(gateway.Previewer)
	switch {
	case !s.Wants(e.Type):
		p.NotTold = "its events do not name " + e.Type
		return p
	case !ok:
		p.NotTold = "it cannot show what an event becomes"
		return p
	}
	becomes, err := sink.Preview(e)
	switch {
	case err != nil:
		p.Error = err.Error()
	case becomes == nil:
		p.NotTold = "the event is nothing that it keeps"
	}
	p.Becomes = becomes
	return p
}
