package main

import (
	"context"
	"sync"
	"time"
)

// slowRate is how many payments a second come while PayTrace is slow.
const slowRate = "1000"

// slow is an open loop before a PayTrace that takes its time, once for each
// variant: what counts is what the many that wait cost.
func (h *house) slow(ctx context.Context) error {
	return h.within(ctx, "slow", h.ways(), func(s *scene) error {
		if err := s.payTrace.answersAfter(ctx, s.house.slowAnswer); err != nil {
			return err
		}
		return s.compare(func(v *variant) (row, error) { return s.wait(ctx, v) })
	})
}

// wait is a stretch during which the memory is watched. Until PayTrace's first
// answers come nothing is counted.
func (s *scene) wait(ctx context.Context, v *variant) (row, error) {
	idle, err := v.spent(ctx)
	if err != nil {
		return row{}, err
	}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	var most crowd
	if v.own != nil {
		watch.Go(func() { most = v.watch(watching) })
	}
	measured, err := s.stretch(ctx, "slow", "rate="+slowRate, v, "--rate", slowRate, "--timeout", "30s",
		"--warmup", s.house.slowAnswer.String(), "--for", s.house.slowFor.String())
	stop()
	watch.Wait()
	if err != nil || v.own == nil {
		return measured, err
	}
	measured = measured.with(measure{unitIdle, float64(idle.own.resident)}, measure{unitMost, most.resident})
	if v.gateway != nil {
		measured = measured.with(measure{unitGoroutines, most.goroutines})
	}
	return measured, nil
}

// crowd is the most that was seen while many waited.
type crowd struct{ resident, goroutines float64 }

// watch looks twice a second until the context ends. What it cannot see at one
// time it sees at the next.
func (v *variant) watch(ctx context.Context) (most crowd) {
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for {
		if u, err := used(v.own.pid()); err == nil {
			most.resident = max(most.resident, float64(u.resident))
		}
		if v.gateway != nil {
			if told, err := scrape(ctx, v.gateway.operator); err == nil {
				most.goroutines = max(most.goroutines, told.sum("go_goroutines"))
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return most
		}
	}
}
