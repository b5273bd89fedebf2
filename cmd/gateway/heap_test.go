package main

import (
	"runtime"
	"testing"
	"time"
)

func TestTheHeapIsCollectedAtItsFloor(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		heap, stacks uint64
		percent      int
	}{
		{0, 0, 25},
		{16 * mib, 4 * mib, 240},
		{10 * mib, 0, 540},
		{30 * mib, 16 * mib, 73},
		{heapFloor, 0, 25},
		{200 * mib, 100 * mib, 25},
	} {
		got := percentFor(c.heap, c.stacks)
		if got != c.percent {
			t.Errorf("%d MiB in use, %d MiB of stacks: %d %%, want %d", c.heap/mib, c.stacks/mib, got, c.percent)
		}
		if goal := c.heap + (c.heap+c.stacks)*uint64(got)/100; got > usualPercent && goal > heapFloor {
			t.Errorf("%d MiB in use, %d MiB of stacks: collected at %d MiB", c.heap/mib, c.stacks/mib, goal/mib)
		}
	}
}

func TestSomethingIsDoneAfterEachCollection(t *testing.T) {
	done := make(chan struct{}, 8)
	afterEachCollection(func() { done <- struct{}{} })
	for range 3 {
		collect(t, done)
	}
}

// collect collects until what is done then is done.
func collect(t *testing.T, done <-chan struct{}) {
	t.Helper()
	for range 100 {
		runtime.GC()
		select {
		case <-done:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("nothing was done after 100 collections")
}
