package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report writes the two files of a run.
func (h *house) report() error {
	if err := os.MkdirAll(h.results, 0o755); err != nil {
		return err
	}
	var page, figures bytes.Buffer
	h.write(&page)
	if err := writeBenchmarks(&figures, h.machine.cpu, h.record.rows); err != nil {
		return err
	}
	name := filepath.Join(h.results, h.commit)
	if err := os.WriteFile(name+".txt", figures.Bytes(), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(name+".md", page.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(h.out, "%s.md and %s.txt are written, after %s\n", name, name, time.Since(h.began).Round(time.Second))
	return nil
}

func (h *house) write(w io.Writer) {
	fmt.Fprintf(w, "# %s beside nginx and Caddy\n\n", h.commit)
	h.writeCircumstances(w)
	writeRatios(w, &h.record)
	for _, s := range sheets {
		s.write(w, &h.record)
	}
	for _, b := range h.budgets {
		b.write(w)
	}
}

func (h *house) writeCircumstances(w io.Writer) {
	limit := h.machine.memoryLimit
	if limit == "" {
		limit = "not set"
	}
	fmt.Fprintf(w, "Written by `make bench` on %s.\n\n", h.began.UTC().Format("2 January 2006 at 15:04 MST"))
	fmt.Fprintf(w, "- Machine: %s. The load, PayTrace and what is measured share it.\n", h.machine)
	fmt.Fprintf(w, "- Disk of the ledgers: %s.\n", h.disk)
	fmt.Fprintf(w, "- Versions: %s.\n", strings.Join(h.machine.versions, "; "))
	fmt.Fprintf(w, "- GOMEMLIMIT of the gateways: %s.\n", limit)
	fmt.Fprintf(w, "- Ledger at the beginning of each part: %s.\n", h.beginning())
	fmt.Fprintf(w, "- Rounds: %d, in which the variants take turns; each turn %s, after %s that are not counted. Figures are medians (smallest–largest).\n",
		h.rounds, h.lasting, h.warmup)
	fmt.Fprintf(w, "- In the part with a late PayTrace it takes %s for a sale, and each variant has one turn of %s.\n", h.slowAnswer, h.slowFor)
	for _, said := range h.vouched {
		fmt.Fprintf(w, "- Durable: %s.\n", said)
	}
	for _, said := range h.notes {
		fmt.Fprintf(w, "- **Note**: %s.\n", strings.ReplaceAll(strings.TrimSpace(said), "\n", " "))
	}
	fmt.Fprintf(w, "- Events are written by every gateway. %s have a webhook that is told of each payment, the others have no subscriber.\n", strings.Join(told, " and "))
	if h.quick {
		fmt.Fprint(w, "- **A quick run**: it shows that everything works, and its figures mean nothing.\n")
	}
	fmt.Fprintln(w)
}

func (h *house) beginning() string {
	if h.ledger == "" {
		return "empty"
	}
	info, err := os.Stat(h.ledger)
	if err != nil {
		return "a copy of " + filepath.Base(h.ledger)
	}
	return fmt.Sprintf("a copy of %s (%s) in SQLite, empty in PostgreSQL", filepath.Base(h.ledger), mebibytes(float64(info.Size())))
}
