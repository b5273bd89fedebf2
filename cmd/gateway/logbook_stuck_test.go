package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/cmd/gateway/config"
)

// stuck is a pipe that takes a write when somebody reads, and none while nobody does.
type stuck struct {
	reads chan struct{}
	mu    sync.Mutex
	text  bytes.Buffer
}

func (s *stuck) Write(text []byte) (int, error) {
	<-s.reads
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

// read takes all that comes from now on.
func (s *stuck) read() { close(s.reads) }

// loggedLine is what these tests read of a line.
type loggedLine struct {
	Msg                      string
	N, Of                    int
	Debug, Info, Warn, Error int
	Since                    time.Time
}

// lines fails for one that is torn or mixed.
func (s *stuck) lines(t *testing.T) (lines []loggedLine) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for text := range strings.Lines(s.text.String()) {
		var l loggedLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %.200s", err, text)
		}
		lines = append(lines, l)
	}
	return lines
}

// nobodyReads runs a test with a log that nobody reads until the test says so.
func nobodyReads(t *testing.T, test func(t *testing.T, log *slog.Logger, to *stuck, end func())) {
	synctest.Test(t, func(t *testing.T) {
		to := &stuck{reads: make(chan struct{})}
		log, end := newLog(config.Log{Level: slog.LevelDebug}, to)
		test(t, log, to, end)
	})
}

// filling is a line of a thousand bytes.
var filling = strings.Repeat("x", 1000)

func TestWhoLogsDoesNotWaitForAReaderWhoHasStopped(t *testing.T) {
	nobodyReads(t, func(t *testing.T, log *slog.Logger, to *stuck, end func()) {
		began := time.Now()
		for n := range 3000 {
			log.Info("http.request", "n", n, "filling", filling)
			log.Debug("detail", "filling", filling)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("6000 lines waited for %s", took)
		}
		counted := lossesOf(log)()
		to.read()
		synctest.Wait()
		log.Info("http.request", "n", 3000)
		end()

		lines, read := to.lines(t), map[string]int{}
		last, gap := -1, -1
		for i, l := range lines {
			read[l.Msg]++
			switch {
			case l.Msg == "log.lines_lost":
				gap = i
			case l.Msg == "http.request" && l.N <= last:
				t.Fatalf("line %d was read behind line %d", l.N, last)
			case l.Msg == "http.request":
				last = l.N
			}
		}
		if read["log.lines_lost"] != 1 || gap != len(lines)-2 {
			t.Fatalf("log.lines_lost was read %d times, in place %d of %d; want it once, before the last", read["log.lines_lost"], gap, len(lines))
		}
		lost := lines[gap]
		if read["http.request"]+lost.Info != 3001 || read["detail"]+lost.Debug != 3000 || lost.Warn+lost.Error != 0 || !lost.Since.Equal(began) {
			t.Errorf("read: %v, told as lost: %+v", read, lost)
		}
		if want := map[string]uint64{"debug": uint64(lost.Debug), "info": uint64(lost.Info), "warn": 0, "error": 0}; !maps.Equal(counted, want) {
			t.Errorf("counted as lost: %v, told: %v", counted, want)
		}
		if kept := len(lines) - 2; kept < logbookRoom/1200 || kept > logbookRoom/1000+1 {
			t.Errorf("%d lines of more than a thousand bytes were kept, in %d bytes", kept, logbookRoom)
		}
	})
}

func TestBelowTheBoundNothingIsLost(t *testing.T) {
	nobodyReads(t, func(t *testing.T, log *slog.Logger, to *stuck, end func()) {
		const most = logbookRoom / 1200
		for n := range most {
			log.Info("http.request", "n", n, "filling", filling)
		}
		to.read()
		end()
		lines := to.lines(t)
		if len(lines) != most {
			t.Errorf("%d of %d lines were read", len(lines), most)
		}
		for n, l := range lines {
			if l.N != n {
				t.Fatalf("line %d is in place %d", l.N, n)
			}
		}
	})
}

func TestWarningsWaitForAReaderASecondInAll(t *testing.T) {
	nobodyReads(t, func(t *testing.T, log *slog.Logger, to *stuck, end func()) {
		began := time.Now()
		var payments sync.WaitGroup
		for range 3 {
			payments.Go(func() { log.Warn("payment.slow") })
		}
		payments.Wait()
		if took := time.Since(began); took != logbookPatience {
			t.Errorf("three warnings at once took %s, want %s", took, logbookPatience)
		}
		for range 2000 {
			log.Error("payment.operation", "filling", filling)
		}
		if took := time.Since(began); took != logbookPatience {
			t.Errorf("two thousand more took %s, want nothing", took-logbookPatience)
		}
		to.read()
		synctest.Wait()
		log.Warn("payment.slow")
		end()
		lines := to.lines(t)
		var lost loggedLine
		for _, l := range lines {
			if l.Msg == "log.lines_lost" {
				lost = l
			}
		}
		if got := len(lines) - 2 + lost.Error; lost.Error == 0 || lost.Warn != 0 || got != 2003 || !lost.Since.Equal(began.Add(logbookPatience)) {
			t.Errorf("%d lines, told as lost: %+v; want 2003 together", len(lines), lost)
		}
	})
}

// What was full when a warning came has room when it is read within the second.
func TestAWarningIsKeptWhoseReaderIsOnlySlow(t *testing.T) {
	nobodyReads(t, func(t *testing.T, log *slog.Logger, to *stuck, end func()) {
		for range 2000 {
			log.Info("http.request", "filling", filling)
		}
		began := time.Now()
		go func() {
			time.Sleep(logbookPatience / 2)
			to.read()
		}()
		log.Warn("payment.slow", "filling", filling)
		if took := time.Since(began); took != logbookPatience/2 {
			t.Errorf("the warning took %s, want as long as nobody read", took)
		}
		end()
		var read []string
		for _, l := range to.lines(t) {
			if l.Msg != "http.request" {
				read = append(read, fmt.Sprint(l.Msg, " ", l.Warn))
			}
		}
		if len(read) != 2 || read[0] != "log.lines_lost 0" || read[1] != "payment.slow 0" {
			t.Errorf("read: %q", read)
		}
	})
}

func TestAReaderWhoReadsAgainIsWaitedForAgain(t *testing.T) {
	nobodyReads(t, func(t *testing.T, log *slog.Logger, to *stuck, end func()) {
		for range 2 {
			began := time.Now()
			log.Warn("payment.slow")
			if took := time.Since(began); took != logbookPatience {
				t.Errorf("the warning took %s, want %s", took, logbookPatience)
			}
			to.reads <- struct{}{}
			synctest.Wait()
		}
		to.read()
		end()
	})
}

func TestTheEndWaitsForAReaderButNotForever(t *testing.T) {
	for name, c := range map[string]struct{ reads, took time.Duration }{
		"he reads":           {2 * time.Second, 2 * time.Second},
		"he does not":        {time.Hour, lastWords},
		"he reads, too late": {lastWords + time.Second, lastWords},
	} {
		t.Run(name, func(t *testing.T) {
			nobodyReads(t, func(t *testing.T, log *slog.Logger, to *stuck, end func()) {
				log.Info("gateway.stopping")
				log.Info("gateway.stopped")
				go func() {
					time.Sleep(c.reads)
					to.read()
				}()
				began := time.Now()
				end()
				if took := time.Since(began); took != c.took {
					t.Errorf("the end took %s, want %s", took, c.took)
				}
				log.Error("too.late") // waits for nobody
				if took := time.Since(began); took != c.took {
					t.Errorf("a line behind the end took %s", took-c.took)
				}
				time.Sleep(2 * time.Hour)
				written := 0
				for _, l := range to.lines(t) {
					if strings.HasPrefix(l.Msg, "gateway.") {
						written++
					}
				}
				if written != 2 {
					t.Errorf("%d lines were written in the end, want 2", written)
				}
			})
		})
	}
}

// fullDisk takes no more than so many bytes of a write, until there is room.
type fullDisk struct {
	stuck
	room int
}

func (d *fullDisk) Write(text []byte) (int, error) {
	if len(text) > d.room {
		d.text.Write(text[:d.room])
		n := d.room
		d.room = 0
		return n, errors.New("no space left on device")
	}
	return d.text.Write(text)
}

func TestWhatADiskDidNotTakeIsToldWithoutMixingLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &fullDisk{room: 1 << 20}
		log, end := newLog(config.Log{}, disk)
		log.Info("gateway.started")
		synctest.Wait()
		disk.room = 1300
		for range 3 {
			log.Info("http.request", "filling", filling)
		}
		log.Error("payment.operation")
		log.Warn("payment.slow")
		disk.room = 1 << 20
		log.Info("http.request")
		end()
		var whole []loggedLine
		torn := 0
		for text := range strings.Lines(disk.text.String()) {
			var l loggedLine
			if json.Unmarshal([]byte(text), &l) != nil {
				torn++
				continue
			}
			whole = append(whole, l)
		}
		if torn != 1 || len(whole) != 4 {
			t.Fatalf("%d lines are whole and %d are not; want 4 and the one that was cut off:\n%s", len(whole), torn, disk.text.String())
		}
		if lost := whole[3]; lost.Msg != "log.lines_lost" || lost.Info != 2 || lost.Error != 1 || lost.Warn != 1 {
			t.Errorf("told as lost: %+v", lost)
		}
	})
}

// Many log while the reader stops again and again: what was not counted as lost is
// there, whole, and each one's lines are in their order.
func TestManyWhoLogShareABookWithoutMixingLines(t *testing.T) {
	const writers, each = 8, 1500
	to := &stuck{reads: make(chan struct{})}
	log, end := newLog(config.Log{}, to)
	var all sync.WaitGroup
	for of := range writers {
		all.Go(func() {
			for n := range each {
				log.With("of", of).Info("http.request", "n", n, "filling", filling[:200])
			}
		})
	}
	logged, reader := make(chan struct{}), sync.WaitGroup{}
	reader.Go(func() {
		for range 20 {
			select {
			case to.reads <- struct{}{}:
			case <-logged:
				return
			}
		}
	})
	all.Wait()
	close(logged)
	reader.Wait()
	to.read()
	end()
	last, read := map[int]int{}, 0
	for _, l := range to.lines(t) {
		if l.Msg != "http.request" {
			continue
		}
		read++
		if l.N < last[l.Of] {
			t.Fatalf("of %d: line %d was read behind line %d", l.Of, l.N, last[l.Of])
		}
		last[l.Of] = l.N
	}
	if lost := lossesOf(log)()["info"]; read+int(lost) != writers*each {
		t.Errorf("%d lines were read and %d counted as lost, of %d", read, lost, writers*each)
	}
}

func TestWhyACommandFailedIsSaidToWhoReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &stuck{reads: make(chan struct{})}
		began := time.Now()
		sayLast(to, "gateway: it cannot go on\n")
		if took := time.Since(began); took != lastWords {
			t.Errorf("nobody was waited for %s, want %s", took, lastWords)
		}
		to.read()
		sayLast(to, "gateway: it cannot go on\n")
		synctest.Wait()
		if n := strings.Count(to.text.String(), "gateway: it cannot go on\n"); n != 2 {
			t.Errorf("said %d times", n)
		}
	})
}
