package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// What waits in a logbook before it is written: for no longer, and no more.
const (
	logbookDelay = 100 * time.Millisecond
	logbookPage  = 32 << 10
)

// logbook writes the lines of a busy gateway together. A line after a pause is
// written at once; those that follow it wait for the end of a tenth of a second,
// for a full page, or for a line of WARN or ERROR, whichever comes first. So nothing
// is late that somebody should look at, and a gateway that is killed loses
// the INFO lines of its last tenth of a second at most.
//
// A payment has two lines. To make and write one by itself took 6 us,
// half of it in the kernel; this takes 3 us (BenchmarkLogLine).
type logbook struct {
	to io.Writer

	mu      sync.Mutex
	page    []byte
	waiting bool // for the timer, which writes what has come by then
}

// Write takes one line, and never keeps it back when nothing was written lately.
func (b *logbook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.waiting {
		b.waiting = true
		time.AfterFunc(logbookDelay, b.turn)
		return b.to.Write(line)
	}
	b.page = append(b.page, line...)
	if len(b.page) >= logbookPage {
		b.write()
	}
	return len(line), nil
}

// turn ends a wait. The next one begins at once if there was something to write,
// so that a busy gateway writes once in each.
func (b *logbook) turn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = len(b.page) > 0
	if b.waiting {
		time.AfterFunc(logbookDelay, b.turn)
	}
	b.write()
}

// flush writes what waits.
func (b *logbook) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write()
}

// write is called with the lock held. What cannot be written is gone, as it is with
// any log: there is nowhere to say so.
func (b *logbook) write() {
	if len(b.page) > 0 {
		_, _ = b.to.Write(b.page)
		b.page = b.page[:0]
	}
}

// urgent has the lines that somebody should look at written at once, with all that
// came before them.
type urgent struct {
	slog.Handler
	book *logbook
}

func (u urgent) Handle(ctx context.Context, r slog.Record) error {
	err := u.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		u.book.flush()
	}
	return err
}

func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.book}
}

func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.book}
}
