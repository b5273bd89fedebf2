package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/cmd/gateway/config"
)

func TestALineAfterAPauseIsWrittenAtOnceAndThoseBehindItTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written writes
		log, end := newLog(config.Log{}, &written)
		defer end()
		for range 3 {
			log.Info("http.request")
			synctest.Wait()
		}
		written.expect(t, 1, 1)
		time.Sleep(logbookDelay)
		synctest.Wait()
		written.expect(t, 2, 3)
		time.Sleep(2 * logbookDelay)
		synctest.Wait()
		log.Info("http.request")
		synctest.Wait()
		written.expect(t, 3, 4)
	})
}

func TestNothingThatSomebodyShouldLookAtWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written writes
		log, end := newLog(config.Log{}, &written)
		defer end()
		log.Info("gateway.started")
		synctest.Wait()
		log.Info("http.request")
		log.With("merchant", "main").WithGroup("of").Warn("auth.refused")
		written.expect(t, 2, 3)
	})
}

func TestTheLogIsWrittenToItsEndAndByFullPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written writes
		log, end := newLog(config.Log{}, &written)
		log.Info("gateway.started")
		synctest.Wait()
		log.Info("http.request", "route", strings.Repeat("x", logbookPage))
		synctest.Wait()
		written.expect(t, 2, 2)
		log.Info("gateway.stopped")
		synctest.Wait()
		written.expect(t, 2, 2)
		end()
		written.expect(t, 3, 3)
	})
}

// writes are what reached the log's end, each as it came.
type writes struct {
	mu    sync.Mutex
	texts [][]byte
}

func (w *writes) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, bytes.Clone(text))
	return len(text), nil
}

func (w *writes) expect(t *testing.T, times, lines int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := bytes.Count(bytes.Join(w.texts, nil), []byte("\n")); len(w.texts) != times || got != lines {
		t.Errorf("%d lines in %d writes, want %d in %d", got, len(w.texts), lines, times)
	}
}

// What a line costs that goes into a file by itself, and in a logbook.
func BenchmarkLogLine(b *testing.B) {
	file, err := os.Create(b.TempDir() + "/log")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	booked, end := newLog(config.Log{}, file)
	defer end()
	for name, log := range map[string]*slog.Logger{"alone": slog.New(slog.NewJSONHandler(file, nil)), "in a logbook": booked} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				log.LogAttrs(context.Background(), slog.LevelInfo, "http.request", slog.String("requestId", "req_06h28rq36tne79g0vyahn5b0dg"),
					slog.String("method", "POST"), slog.String("route", "/api/v1/payments"), slog.Int("status", 201),
					slog.String("client", "shop"), slog.String("merchant", "main"), slog.Duration("took", 72687739))
			}
		})
	}
}
