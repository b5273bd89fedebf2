package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// commitsEach is how often a payment has to be made durable: its intent before
// PayTrace is asked, its result before the caller is answered.
const commitsEach = 2

// settingsAsked are those that only the gateway's own connection knows, and
// that it asks for at the start.
var settingsAsked = map[string]string{
	onSQLite:       ifSQLite,
	onPostgres:     ifPostgres,
	toldOnSQLite:   ifSQLite,
	toldOnPostgres: ifPostgres,
}

const (
	ifSQLite   = "if SQLite's synchronous were less than FULL (2) on the connection that writes"
	ifPostgres = "if PostgreSQL's fsync or synchronous_commit were off"
)

// durability fails unless the gateways that are measured keep their promise:
// at every sale that comes to PayTrace the intent is in the ledger, and at one
// caller, who shares no commit, the disk is flushed for each.
func (h *house) durability(ctx context.Context) (err error) {
	witnesses := map[string]*witness{}
	s, err := h.open(ctx, durability, slices.Concat(untold, told), witnesses)
	if err != nil {
		return err
	}
	defer func() {
		if ended := s.close(); err == nil {
			err = ended
		}
	}()
	for _, v := range s.variants {
		w := witnesses[v.name]
		if w == nil {
			continue
		}
		h.vouch("%s: it runs, and would not %s", v.name, settingsAsked[v.name])
		for _, callers := range []int{1, replayConnections} {
			if err := s.testify(ctx, v, w, callers); err != nil {
				return fmt.Errorf("%s, %d callers: %w", v.name, callers, err)
			}
		}
	}
	return nil
}

func (s *scene) testify(ctx context.Context, v *variant, w *witness, callers int) error {
	before, err := s.house.disk.flushes()
	if err != nil {
		return err
	}
	seenBefore, _ := w.testimony()
	r, err := load(ctx, s.house.programs, s.folder, v, "--connections", strconv.Itoa(callers), "--warmup", "0s", "--for", s.house.lasting.String())
	if err != nil {
		return err
	}
	after, err := s.house.disk.flushes()
	if err != nil {
		return err
	}
	seen, fault := w.testimony()
	if fault != nil {
		return fmt.Errorf("NOT DURABLE: %w", fault)
	}
	if r.Failed > 0 || r.Answered == 0 || seen-seenBefore < r.Answered {
		return fmt.Errorf("%d payments failed (%s), and %d of %d were seen", r.Failed, r.wrong(), seen-seenBefore, r.Answered)
	}
	each := float64(after-before) / float64(r.Answered)
	if callers == 1 && s.house.disk.counts && each < commitsEach {
		return fmt.Errorf("NOT DURABLE: the disk was flushed %.2f times for each payment, and has to be %d times", each, commitsEach)
	}
	s.house.vouch("%s, %d at once: the intent of each of %d sales was in the ledger when PayTrace was asked; %s",
		v.name, callers, seen-seenBefore, s.house.disk.flushed(each))
	behind, err := v.settle(ctx)
	if err == nil && behind > 0 {
		return fmt.Errorf("the subscriber has not heard of %d payments", behind)
	}
	return err
}

// flushed is said of all who use the disk, the ledger's checkpoints among them.
func (d disk) flushed(each float64) string {
	if !d.counts {
		return "how often the disk was flushed is not counted here"
	}
	return fmt.Sprintf("the disk was flushed %.2f times for each", each)
}
