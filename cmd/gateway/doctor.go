package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// doctorPatience bounds each examination, and with it the whole command.
const doctorPatience = 10 * time.Second

// doctorCommand looks at everything that a configuration leads to, before a
// payment does.
func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything that the configuration leads to; exit 1 when something fails",
		Long: "Looks at PayTrace, Redis, the ledger, the running gateway, and everyone who is told of payments: what was tried,\n" +
			"what came back, and what to do. It charges nothing, tells nobody of anything, and makes no file and no table.",
		Args: cobra.NoArgs,
	}
	path := configFlag(cmd)
	merchant := cmd.Flags().String("merchant", "", "look at this merchant alone (default: all)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(*path, os.LookupEnv)
		if err != nil {
			return err
		}
		if *merchant != "" {
			m, err := chooseMerchant(cfg, *merchant)
			if err != nil {
				return err
			}
			cfg.Merchants = []config.Merchant{m}
		}
		return printReport(cmd.OutOrStdout(), examineAll(cmd.Context(), cfg, doctorPatience))
	}
	return cmd
}

// ward is a part of the report: the gateway's own, or a merchant's.
type ward struct {
	name  string
	exams []exam
}

// exam is one thing to look at. What it finds stands under its name.
type exam struct {
	name     string
	examine  func(context.Context) []gateway.Finding
	findings []gateway.Finding
}

// examineAll looks at everything at once, each for as long as patience lasts,
// and reports it in the order of the configuration.
func examineAll(ctx context.Context, cfg *config.Config, patience time.Duration) []ward {
	own := ownExams(cfg)
	if len(cfg.Sealed) > 0 {
		// What comes after it sees the secrets, so it is looked at first, for as long
		// as a start lets a command take that gives the master key.
		sealed := bounded(ctx, func(ctx context.Context) []gateway.Finding { return []gateway.Finding{examineSecrets(ctx, cfg)} }, 2*patience)
		own = append(own, exam{examine: func(context.Context) []gateway.Finding { return sealed }})
	}
	wards := []ward{{name: "the gateway", exams: own}}
	for _, m := range cfg.Merchants {
		exams, end := merchantExams(cfg, m, slog.New(slog.DiscardHandler))
		defer end()
		wards = append(wards, ward{name: "merchant " + m.ID + ", " + mode(m.LiveMode), exams: exams})
	}
	done := make(chan struct{})
	count := 0
	for _, w := range wards {
		for i := range w.exams {
			count++
			go func() {
				w.exams[i].findings = bounded(ctx, w.exams[i].examine, patience)
				done <- struct{}{}
			}()
		}
	}
	for range count {
		<-done
	}
	return wards
}

// bounded gives up what does not heed its context either.
func bounded(ctx context.Context, examine func(context.Context) []gateway.Finding, patience time.Duration) []gateway.Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := make(chan []gateway.Finding, 1)
	go func() { found <- examine(ctx) }()
	select {
	case all := <-found:
		return all
	case <-time.After(patience + time.Second):
		return []gateway.Finding{{
			Grade: gateway.Broken, Tried: "answer", Found: fmt.Sprintf("none came within %s", patience), Mend: "try again; if it stays, look at the network between",
		}}
	}
}

func mode(live bool) string {
	if live {
		return "live"
	}
	return "test"
}

// printReport prints a line for each finding, with what to do below it, and
// returns an error when something fails.
func printReport(w io.Writer, wards []ward) error {
	width := 0
	for _, ward := range wards {
		for _, e := range ward.exams {
			for _, f := range e.findings {
				width = max(width, utf8.RuneCountInString(e.label(f)))
			}
		}
	}
	count := map[gateway.Grade]int{}
	var text strings.Builder
	for i, ward := range wards {
		if i > 0 {
			text.WriteString("\n")
		}
		fmt.Fprintln(&text, plain(ward.name))
		for _, e := range ward.exams {
			for _, f := range e.findings {
				count[f.Grade]++
				printFinding(&text, e.label(f), width, f)
			}
		}
	}
	if _, err := io.WriteString(w, text.String()+"\n"+conclusion(count)+"\n"); err != nil {
		return err
	}
	if count[gateway.Broken] > 0 {
		return fmt.Errorf("the doctor found what fails: %d", count[gateway.Broken])
	}
	return nil
}

func (e exam) label(f gateway.Finding) string {
	return plain(strings.TrimSpace(e.name + " " + f.Tried))
}

func printFinding(w io.Writer, label string, width int, f gateway.Finding) {
	fmt.Fprintf(w, "  %-4s  %s%s  %s\n", f.Grade, label, strings.Repeat(" ", width-utf8.RuneCountInString(label)), plain(f.Found))
	if f.Mend != "" {
		fmt.Fprintf(w, "        → %s\n", plain(f.Mend))
	}
}

func conclusion(count map[gateway.Grade]int) string {
	if count[gateway.Broken]+count[gateway.Doubtful] == 0 {
		return "all is well"
	}
	return fmt.Sprintf("%d ok, %d to look at, %d to mend", count[gateway.Well], count[gateway.Doubtful], count[gateway.Broken])
}
