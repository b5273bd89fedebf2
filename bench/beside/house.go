package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// house has what all parts of a run share: the programs, the disk, and what
// was found out so far.
type house struct {
	options
	out    io.Writer
	began  time.Time
	commit string
	// programs is the folder of ours, site that of this run.
	programs, site string
	others         others

	disk    disk
	machine machine
	record  record
	// notes are what a reader must know, vouched what was found to be durable.
	notes, vouched []string
	// budgets say where a payment's processor time goes, one for each ledger.
	budgets []*budget
}

// others are programs that are not ours; postgres is a folder of them. What is
// not to be had is empty.
type others struct{ nginx, caddy, postgres string }

func build(ctx context.Context, o options, out io.Writer) (*house, error) {
	h := &house{options: o, out: out, began: time.Now()}
	var err error
	if h.folder, err = filepath.Abs(o.folder); err != nil {
		return nil, err
	}
	h.programs = filepath.Join(h.folder, "bin")
	if err := os.MkdirAll(h.programs, 0o755); err != nil {
		return nil, err
	}
	if h.commit, err = describe(ctx); err != nil {
		return nil, err
	}
	if err := h.buildPrograms(ctx); err != nil {
		return nil, err
	}
	h.findOthers(ctx)
	if h.disk, err = lookAtDisk(h.folder); err != nil {
		return nil, err
	}
	if h.disk.inMemory() {
		h.note("the ledgers lie in memory (%s): name a folder on a disk with -folder", h.disk.mount)
	}
	h.machine = lookAtMachine(h)
	if h.site, err = os.MkdirTemp(h.folder, "run-"); err != nil {
		return nil, err
	}
	// The user as whom PostgreSQL runs has to come to its own folder in it.
	return h, os.Chmod(h.site, 0o711)
}

// buildPrograms builds them as they are released: without C, and stripped.
func (h *house) buildPrograms(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+h.commit, "-o", h.programs+"/", "./cmd/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the programs cannot be built: %w\n%s", err, said)
	}
	return nil
}

// programOf is the gateway's program of a variant.
func (h *house) programOf(name string) string {
	if name == beforeOnSQLite || name == toldBefore {
		return h.before
	}
	return filepath.Join(h.programs, "gateway")
}

// findOthers goes on without what is not to be had, and says so.
func (h *house) findOthers(ctx context.Context) {
	var found bool
	if h.others.nginx, found = findNginx(); !found {
		h.note("%s", nginxHint)
	}
	h.others.caddy = h.caddy
	if h.caddy == "" {
		var err error
		if h.others.caddy, err = buildCaddy(ctx); err != nil {
			h.note("Caddy is not in this result: %v", err)
		}
	}
	var err error
	if h.others.postgres, err = findPostgres(); err != nil {
		h.note("%v", err)
	}
}

// run goes through the parts and writes the reports. Of a gateway that is not
// durable nothing is reported. When another part fails, the rest is measured
// and the report says what it lacks.
func (h *house) run(ctx context.Context) error {
	var failed []error
	for _, p := range h.chosen() {
		err := p.run(h, ctx)
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s: %w", p.name, err)
		if p.name == durability || ctx.Err() != nil {
			return err
		}
		h.note("NOT COMPLETE: %v", err)
		failed = append(failed, err)
	}
	return errors.Join(append(failed, h.report())...)
}

func (h *house) close() error { return os.RemoveAll(h.site) }

// layOut puts the ledger that was given in its place, if one was.
func (h *house) layOut(path string) error {
	if h.ledger == "" {
		return nil
	}
	from, err := os.Open(h.ledger)
	if err != nil {
		return err
	}
	defer from.Close()
	if left, err := os.Stat(h.ledger + "-wal"); err == nil && left.Size() > 0 {
		return fmt.Errorf("%s has a log beside it: a gateway has it open, or did not end well", h.ledger)
	}
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}

// note is something that a reader of the result must know.
func (h *house) note(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	h.notes = append(h.notes, said)
	fmt.Fprintln(h.out, "note:", said)
}

func (h *house) vouch(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	h.vouched = append(h.vouched, said)
	fmt.Fprintln(h.out, "  durable:", said)
}

// describe names the sources that are measured.
func describe(ctx context.Context) (string, error) {
	said, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=10").Output()
	if err != nil {
		return "", fmt.Errorf("git does not say which commit this is: %w", err)
	}
	return strings.TrimSpace(string(said)), nil
}
