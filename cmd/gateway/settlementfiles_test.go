package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
)

// triesNow lets what could not be filed be tried again at once.
func (s *serving) triesNow() {
	s.t.Helper()
	s.rewriteLedger(func(ctx context.Context, l *ledger.Ledger) {
		f, err := l.SettlementFiling(ctx, "main", false)
		if err == nil {
			f.Due = time.Time{}
			f.Version++
			err = l.SaveSettlementFiling(ctx, f)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	})
}

// A gateway that is given a folder begins with the last day that is over.
func TestTheServingGatewayFilesSettlements(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	folder := filepath.Join(t.TempDir(), "erp")
	s.stop()
	s.rewrite("log: {level: warn}", "log: {level: info}\nsettlementFolder: "+folder)
	s.operate("doctor").says(t, 1, "settlement files", folder+" is not there: make it, or mount its share", "it takes payments all the same")
	s.start()
	eventually(t, "the gateway to miss the folder", func() bool { return strings.Contains(s.stderr.String(), "settlement.not_filed") })
	s.stop()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s.operate("doctor").says(t, 0, "can be written in "+folder)
	s.triesNow()
	s.start()
	eventually(t, "the metrics", func() bool {
		return strings.Contains(s.metrics(), `paytrace_gateway_settlement_files_missing{merchant="main"} 0`)
	})
	for extension, want := range map[string]string{"csv": "settlementDate,settledAt,batchNumber", "json": `"complete": true`} {
		files, err := filepath.Glob(filepath.Join(folder, "main", "*settlement-*."+extension))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %q, %v", extension, files, err)
		}
		if text, err := os.ReadFile(files[0]); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", files[0], err, text)
		}
	}
}
