package telemetry

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestTheArchiveIsToldWhereThereIsOne(t *testing.T) {
	c := newClock()
	standing := gateway.RetentionStanding{Records: 3, Bytes: 4096, Files: 1}
	standing.Kept = 2
	for want, finished := range map[string]time.Time{"+Inf": {}, "90": c.Now().Add(-90 * time.Second)} {
		tel := opened(t, c.Now)
		standing.FinishedAt = finished
		books := fakeLedger{}
		tel.Watch(Sources{
			Backlog: books.backlog, Ledger: func(context.Context) error { return nil },
			Retention: func(context.Context) (gateway.RetentionStanding, error) { return standing, nil },
		})
		for name, value := range map[string]string{
			"archive_payments": "3", "archive_bytes": "4096", "retention_kept_payments": "2", "retention_age_seconds": want,
		} {
			wantMetrics(t, tel, "gauge", name, name+" "+value)
		}
	}
	tel := opened(t, c.Now)
	(&fakeLedger{}).watch(tel)
	if n := count(t, tel, "archive_payments"); n != 0 {
		t.Errorf("%d series without an archive", n)
	}
}

func TestDaysWithoutAFileAreToldWhereThereAreFiles(t *testing.T) {
	c := newClock()
	tel := opened(t, c.Now)
	(&fakeLedger{}).watch(tel)
	if n := count(t, tel, "settlement_files_missing"); n != 0 {
		t.Errorf("%d series without files", n)
	}
	tel = opened(t, c.Now)
	books := fakeLedger{}
	tel.Watch(Sources{
		Backlog: books.backlog, Ledger: func(context.Context) error { return nil },
		Unfiled: func(context.Context) (map[string]int, error) { return map[string]int{"acme": 2}, nil },
	})
	wantMetrics(t, tel, "gauge", "settlement_files_missing", `settlement_files_missing{merchant="acme"} 2`)
}
