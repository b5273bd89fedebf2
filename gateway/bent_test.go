package gateway_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// spy is a processor whose export a test may replace.
type spy struct {
	*processortest.Processor
	export atomic.Pointer[export]
}

type export func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error)

// shows replaces the export; nil gives the processor's own back.
func (s *spy) shows(e export) {
	if e == nil {
		s.export.Store(nil)
		return
	}
	s.export.Store(&e)
}

func (s *spy) Transactions(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
	if e := s.export.Load(); e != nil {
		return (*e)(ctx, from, to, text)
	}
	return s.Processor.Transactions(ctx, from, to, text)
}

// bent is watched, on a ledger and a processor that a test may bend.
func bent(t *testing.T, m gateway.Merchant, bend func(gateway.Ledger) gateway.Ledger, test func(h *house, s *spy)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		books, err := ledger.OpenSQLite(t.Context(), path, ledger.Options{AuditKey: auditKey})
		if err != nil {
			t.Fatal(err)
		}
		s := &spy{Processor: processortest.New(time.Now)}
		var l gateway.Ledger = books
		if bend != nil {
			l = bend(books)
		}
		g := gateway.New(gateway.Config{Ledger: l, Merchants: []gateway.Merchant{m}, Processors: map[string]gateway.Processor{"main": s},
			Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard})
		h := &house{Gateway: g, t: t, ledger: books, processor: s.Processor}
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 5*time.Minute)
		go h.RunWatch(ctx, 5*time.Minute)
		test(h, s)
		cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
		books.Close()
	})
}
