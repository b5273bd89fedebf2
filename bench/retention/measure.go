package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

// window is what one measurement has seen.
type window struct {
	p50, p99 time.Duration
	heap     uint64 // the most that was in use
	archived int
}

// measure has payments come at the rate, each measured from when it was due, so
// that one that is late delays no other's measurement.
func (h *house) measure(ctx context.Context, o options, beside bool) (window, error) {
	runtime.GC()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	peak := watchHeap(ctx)
	archived, failed, job := 0, error(nil), sync.WaitGroup{}
	if beside {
		job.Go(func() { archived, failed = h.retain(ctx) })
	}
	took, err := h.payments(ctx, o)
	stop()
	job.Wait()
	if err = errors.Join(err, failed); err != nil {
		return window{}, err
	}
	slices.Sort(took)
	return window{took[len(took)/2], took[len(took)*99/100], <-peak, archived}, nil
}

// retain is the job until ctx is done. The turn of a run that was broken off is
// taken again.
func (h *house) retain(ctx context.Context) (archived int, err error) {
	turn, err := h.ledger.Retention(ctx)
	if err != nil {
		return 0, err
	}
	if turn.FinishedAt.Before(turn.StartedAt) {
		turn.FinishedAt, turn.Version = turn.StartedAt, turn.Version+1
		if err := h.ledger.SaveRetention(ctx, turn); err != nil {
			return 0, err
		}
	}
	done, err := h.gateway.Retain(ctx, gateway.Actor{Client: "bench"})
	if errors.Is(err, context.Canceled) || ctx.Err() != nil {
		err = nil
	}
	return done.Archived, err
}

func (h *house) payments(ctx context.Context, o options) ([]time.Duration, error) {
	n := int(o.window.Seconds() * float64(o.rate))
	took, failed := make([]time.Duration, n), make([]error, n)
	var all sync.WaitGroup
	begin := time.Now()
	for i := range n {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(o.rate))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			all.Wait()
			return nil, ctx.Err()
		}
		all.Go(func() {
			failed[i] = h.pay()
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err // the others are of the same kind
		}
	}
	return took, nil
}

// watchHeap gives the most bytes that live objects took while ctx lasted.
func watchHeap(ctx context.Context) <-chan uint64 {
	peak := make(chan uint64, 1)
	go func() {
		read := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		most := uint64(0)
		for often := time.NewTicker(20 * time.Millisecond); ; {
			metrics.Read(read)
			most = max(most, read[0].Value.Uint64())
			select {
			case <-often.C:
			case <-ctx.Done():
				often.Stop()
				peak <- most
				return
			}
		}
	}()
	return peak
}

func report(w io.Writer, without, with []window) {
	p50 := func(w window) time.Duration { return w.p50 }
	p99 := func(w window) time.Duration { return w.p99 }
	archived := 0
	for _, one := range with {
		archived += one.archived
	}
	for _, row := range []struct {
		name string
		of   func(window) time.Duration
	}{{"p50", p50}, {"p99", p99}} {
		alone, beside := median(without, row.of), median(with, row.of)
		fmt.Fprintf(w, "%s of a payment: %s without the job, %s with it, ratio %.2f\n",
			row.name, spread(without, row.of), spread(with, row.of), float64(beside)/float64(alone))
	}
	heap := func(w window) uint64 { return w.heap }
	fmt.Fprintf(w, "heap at most: %s without the job, %s with it\n", mib(most(without, heap)), mib(most(with, heap)))
	fmt.Fprintf(w, "%d payments were archived in %d windows\n", archived, len(with))
}

func median(all []window, of func(window) time.Duration) time.Duration {
	var values []time.Duration
	for _, one := range all {
		values = append(values, of(one))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// spread is the median with the smallest and the largest: a ratio within it is
// noise.
func spread(all []window, of func(window) time.Duration) string {
	least, largest := of(all[0]), of(all[0])
	for _, one := range all {
		least, largest = min(least, of(one)), max(largest, of(one))
	}
	return fmt.Sprintf("%.2f ms (%.2f to %.2f)", ms(median(all, of)), ms(least), ms(largest))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func most(all []window, of func(window) uint64) (n uint64) {
	for _, one := range all {
		n = max(n, of(one))
	}
	return n
}

func mib(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// archiveAll moves what is left in the job's own steps, without its pauses: what
// memory that takes is the same, and it takes minutes instead of hours.
func (h *house) archiveAll(ctx context.Context, w io.Writer) error {
	const step = 100
	runtime.GC()
	watching, stop := context.WithCancel(ctx)
	peak := watchHeap(watching)
	began, before, moved, kept := time.Now(), time.Now().Add(-old), 0, 0
	for after := (gateway.ArchivePlace{}); ; {
		page, err := h.ledger.Archivable(ctx, before, after, step)
		if err != nil || len(page) == 0 {
			stop()
			fmt.Fprintf(w, "all: %d payments archived, %d kept, in %v, heap at most %s\n", moved, kept, time.Since(began).Round(time.Second), mib(<-peak))
			return err
		}
		after = gateway.ArchivePlace{UpdatedAt: page[len(page)-1].UpdatedAt, ID: page[len(page)-1].ID}
		finished := slices.DeleteFunc(slices.Clone(page), func(p gateway.Payment) bool { return !p.Finished() })
		n, err := h.ledger.Archive(ctx, finished, time.Now())
		moved, kept = moved+n, kept+len(page)-n
		if err != nil {
			stop()
			return err
		}
	}
}
