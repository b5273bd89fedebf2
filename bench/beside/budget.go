package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

const (
	budgetPart = "budget"
	// budgetConnections is the load of the aims.
	budgetConnections = 64
	// profiledPrograms is where the gateway lies that can be profiled.
	profiledPrograms = "profiled"
	profileEnv       = "BENCH_CPU_PROFILE"
)

// budget is where the processor time of a payment goes, by one variant.
type budget struct {
	variant  string
	load     string
	requests int
	// stages are times of all requests together.
	stages map[string]time.Duration
}

// budget has each gateway profiled at 64 connections, once a round. The gateways
// are the same sources, built with the means to be profiled.
func (h *house) budget(ctx context.Context) error {
	programs := filepath.Join(h.programs, profiledPrograms)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "bench", "-o", programs+"/", "./cmd/gateway")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the gateway cannot be built for a profile: %w\n%s", err, said)
	}
	return h.within(ctx, budgetPart, untold, func(s *scene) error {
		for range h.rounds {
			for _, v := range s.variants {
				if err := s.profile(ctx, v); err != nil {
					return fmt.Errorf("%s: %w", v.name, err)
				}
			}
		}
		return nil
	})
}

// profile adds one turn of a variant to its budget.
func (s *scene) profile(ctx context.Context, v *variant) error {
	flags := append(s.house.budgetLoad(), "--timeout", "10s", "--warmup", "0s", "--for")
	if s.house.warmup > 0 {
		if _, err := load(ctx, s.house.programs, s.folder, v, append(flags, s.house.warmup.String())...); err != nil {
			return err
		}
	}
	if err := v.own.tellToProfile(); err != nil {
		return err
	}
	r, err := load(ctx, s.house.programs, s.folder, v, append(flags, s.house.lasting.String())...)
	if err != nil {
		return err
	}
	if err := v.own.tellToProfile(); err != nil {
		return err
	}
	file := profileOf(filepath.Join(s.folder, v.name), v.name)
	if err := v.own.ready(ctx, func(context.Context) error { _, err := os.Stat(file); return err }); err != nil {
		return err
	}
	written, err := os.Open(file)
	if err != nil {
		return err
	}
	p, err := profile.Parse(written)
	if err = errors.Join(err, written.Close(), os.Remove(file)); err != nil {
		return err
	}
	s.house.saw(budgetPart, s.house.budgetSetting(), v, r, "")
	s.house.budgetOf(v.name).add(p, r.all())
	return nil
}

// budgetLoad are the flags of its load.
func (o options) budgetLoad() []string {
	if o.budgetRate > 0 {
		return []string{"--rate", strconv.Itoa(o.budgetRate)}
	}
	return []string{"--connections", strconv.Itoa(budgetConnections)}
}

func (o options) budgetSetting() string {
	load := o.budgetLoad()
	return strings.TrimPrefix(load[0], "--") + "=" + load[1]
}

func profileOf(folder, variant string) string { return filepath.Join(folder, variant+".pprof") }

func (h *house) budgetOf(variant string) *budget {
	for _, b := range h.budgets {
		if b.variant == variant {
			return b
		}
	}
	b := &budget{variant: variant, load: h.budgetSetting(), stages: map[string]time.Duration{}}
	h.budgets = append(h.budgets, b)
	return b
}

func (b *budget) add(p *profile.Profile, requests int) {
	b.requests += requests
	for _, sample := range p.Sample {
		// The second value of a processor profile is nanoseconds.
		b.stages[stageOf(functions(sample))] += time.Duration(sample.Value[len(sample.Value)-1])
	}
}

// functions are those of a sample, from the innermost outwards.
func functions(sample *profile.Sample) []string {
	var all []string
	for _, location := range sample.Location {
		for _, line := range location.Line {
			if line.Function != nil {
				all = append(all, line.Function.Name)
			}
		}
	}
	return all
}

func (b *budget) total() time.Duration {
	var sum time.Duration
	for _, spent := range b.stages {
		sum += spent
	}
	return sum
}

// write has the dearest first.
func (b *budget) write(w io.Writer) {
	each := func(spent time.Duration) float64 { return microseconds(spent) / float64(b.requests) }
	fmt.Fprintf(w, "## The budget of a payment: %s\n\n", b.variant)
	fmt.Fprintf(w, "%.0f µs of the gateway's processor time for each of %d payments, %s, by a profile of 100 samples a second.\n\n",
		each(b.total()), b.requests, b.load)
	fmt.Fprint(w, "| part | µs | share |\n|---|---|---|\n")
	names := make([]string, 0, len(b.stages))
	for name := range b.stages {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int { return int(b.stages[y] - b.stages[x]) })
	for _, name := range names {
		spent := b.stages[name]
		fmt.Fprintf(w, "| %s | %.0f | %.0f %% |\n", name, each(spent), 100*float64(spent)/float64(b.total()))
	}
	fmt.Fprintln(w)
}
