package main

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// What waits in a logbook before it is written: for no longer, and no more.
const (
	logbookDelay = 100 * time.Millisecond
	logbookPage  = 32 << 10
)

// What waits in a logbook whose reader has stopped, and who waits for him.
const (
	// logbookRoom is some four thousand lines.
	logbookRoom = 1 << 20
	// logbookPatience is how long lines of WARN and ERROR wait, all of them together:
	// payments wait behind them.
	logbookPatience = time.Second
	// lastWords is how long a process that ends waits for its last lines.
	lastWords = 5 * time.Second
)

// logbook writes the lines of a busy gateway together. A line after a pause is
// written at once; those that follow it wait for the end of a tenth of a second,
// for a full page, or for a line of WARN or ERROR, whichever comes first. So nothing
// is late that somebody should look at, and a gateway that is killed loses
// the INFO lines of its last tenth of a second at most.
//
// A goroutine of its own writes. Whoever logs hands it a line and goes on, since a
// write may never end: where the log is a pipe, such as a collector's, and its reader
// stops, the system takes nothing more, and a payment that wrote by itself would stop
// with it. Those who log WARN or ERROR wait until the system has their line, so that a
// crash right behind it does not lose it, though not longer than logbookPatience.
//
// A payment has two lines. To make and write one by itself takes 4.2 us, and this
// 2.1 us (BenchmarkLogLine).
type logbook struct {
	to     io.Writer
	notice func(lostLines) []byte
	torn   bool // the writer's own: what was written last ends within a line

	mu sync.Mutex
	// page is what waits, with the lines that the writer has in hand beside it.
	page, inHand page
	// resting is the pause that follows a line which was written at once.
	resting bool
	rest    *time.Timer
	// due is what the writer waits for, moved is told of each of its steps.
	due        bool
	work       sync.Cond
	moved      sync.Cond
	in, out    uint64    // lines that were taken, and those that are done with
	waitsSince time.Time // the first of those who wait for the writer, zero without any
	tired      bool      // they have waited long enough, until he has caught up
	patience   *time.Timer
	lost       lostLines // not told yet
	allLost    [levels]uint64
	ending     bool
	ended      bool
}

// page is lines that are written together.
type page struct {
	text   []byte
	levels []level // of its lines, in order
}

func (p *page) add(line []byte, l level) {
	p.text = append(p.text, line...)
	p.levels = append(p.levels, l)
}

// emptied is the page to be written on again. One that grew while nobody read is let
// go of.
func (p page) emptied() page {
	if cap(p.text) > 2*logbookPage {
		return page{}
	}
	return page{p.text[:0], p.levels[:0]}
}

// lostLines are those that were dropped, and since when.
type lostLines struct {
	of    [levels]uint64
	since time.Time
}

func openLogbook(to io.Writer, notice func(lostLines) []byte) *logbook {
	b := &logbook{to: to, notice: notice}
	b.work.L, b.moved.L = &b.mu, &b.mu
	b.rest = time.AfterFunc(logbookDelay, b.turn)
	b.patience = time.AfterFunc(logbookPatience, b.tire)
	go b.write()
	return b
}

// take is handed one line, and never keeps it back when nothing was written lately.
func (b *logbook) take(line []byte, l level) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l >= levelWarn && !b.has(line) && b.mayWait() {
		b.moved.Wait()
	}
	if b.ended || !b.has(line) {
		b.lose(l)
		return
	}
	b.page.add(line, l)
	b.in++
	if !b.resting {
		b.resting = true
		b.rest.Reset(logbookDelay)
		b.call()
	} else if l >= levelWarn || len(b.page.text) >= logbookPage {
		b.call()
	}
}

// has says that there is room for the line. One that is larger than all of it is
// taken when nothing else waits.
func (b *logbook) has(line []byte) bool {
	waiting := len(b.page.text) + len(b.inHand.text)
	return waiting == 0 || waiting+len(line) <= logbookRoom
}

// settle waits until the system has all that was taken so far.
func (b *logbook) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for mine := b.in; b.out < mine && b.mayWait(); {
		b.moved.Wait()
	}
}

// mayWait is asked by who has to wait for the writer. The patience is that of all of
// them together: it begins with the first, and once it is over nobody waits until the
// writer has caught up.
func (b *logbook) mayWait() bool {
	if b.waitsSince.IsZero() {
		b.waitsSince = time.Now()
		b.patience.Reset(logbookPatience)
	}
	return !b.tired && !b.ended
}

// tire ends the patience, unless it is that of others who came since.
func (b *logbook) tire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.waitsSince.IsZero() && time.Since(b.waitsSince) >= logbookPatience {
		b.tired = true
		b.moved.Broadcast()
	}
}

// turn ends a rest. The next one begins at once if there is something to write, so
// that a busy gateway writes once in each.
func (b *logbook) turn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resting = len(b.page.text) > 0
	if b.resting {
		b.rest.Reset(logbookDelay)
		b.call()
	}
}

// call has the writer write. The lock is held.
func (b *logbook) call() {
	b.due = true
	b.work.Signal()
}

// lose counts a line that nobody will read. The lock is held.
func (b *logbook) lose(l level) {
	if b.lost.since.IsZero() {
		b.lost.since = time.Now()
	}
	b.lost.of[l]++
	b.allLost[l]++
}

// losses are the lines that were lost since the start.
func (b *logbook) losses() map[string]uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	losses := map[string]uint64{}
	for l, n := range b.allLost {
		losses[levelNames[l]] = n
	}
	return losses
}

// write is the writer's life. It takes the page from those who log, and leaves them
// the empty one of the time before.
func (b *logbook) write() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for !b.due && !b.ending {
			b.work.Wait()
		}
		b.due = false
		if len(b.page.text) == 0 && b.ending {
			b.ended = true
			b.moved.Broadcast()
			return
		}
		b.page, b.inHand = b.inHand, b.page
		b.mu.Unlock()
		n, err := b.put(b.inHand.text)
		b.mu.Lock()
		b.done(n, err)
	}
}

// put never mixes a line with one that was cut off, as on a disk that was full.
func (b *logbook) put(text []byte) (n int, err error) {
	if b.torn {
		if _, err := b.to.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		b.torn = false
	}
	n, err = b.to.Write(text)
	b.torn = n > 0 && text[n-1] != '\n'
	return n, err
}

// done counts what could not be written, and tells of what was lost as soon as writing
// goes on: behind the lines that were there before, in front of all that come.
func (b *logbook) done(n int, err error) {
	b.out += uint64(len(b.inHand.levels))
	if err != nil {
		for _, l := range b.inHand.levels[bytes.Count(b.inHand.text[:n], []byte{'\n'}):] {
			b.lose(l)
		}
	}
	b.inHand = b.inHand.emptied()
	if err == nil && !b.lost.since.IsZero() {
		if line := b.notice(b.lost); len(line) > 0 {
			b.page.add(line, levelWarn)
			b.in++
			b.due = true
		}
		b.lost = lostLines{}
	}
	if !b.due {
		b.waitsSince, b.tired = time.Time{}, false
		b.patience.Stop()
	}
	b.moved.Broadcast()
}

// end writes what is left, and waits for it no longer than lastWords.
func (b *logbook) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ending = true
	b.work.Signal()
	defer time.AfterFunc(lastWords, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.ended = true
		b.moved.Broadcast()
	}).Stop()
	for !b.ended {
		b.moved.Wait()
	}
}
