package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
)

// grownOld makes payments settled, told and older than a year.
func (s *serving) grownOld(ids ...string) {
	s.t.Helper()
	s.rewriteLedger(func(ctx context.Context, l *ledger.Ledger) {
		for _, id := range ids {
			p, err := l.Payment(ctx, "main", id)
			if err != nil {
				s.t.Fatal(err)
			}
			base := p.Version
			p.Version, p.Status, p.UpdatedAt = base+1, gateway.Settled, p.UpdatedAt.AddDate(-2, 0, 0)
			p.Operations[0].Due = time.Time{}
			if err := l.Apply(ctx, gateway.Change{Payment: p, Base: base}); err != nil {
				s.t.Fatal(err)
			}
		}
		events, err := l.Unspread(ctx, []string{"main"}, 100)
		if err == nil && len(events) > 0 {
			err = l.Spread(ctx, events, nil)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	})
}

func (s *serving) archiveFiles() []string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.folder, "data", "archive", "*.ndjson.gz"))
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

func TestAnOperatorSeesAndMovesWhatIsFinished(t *testing.T) {
	t.Parallel()
	s, paytrace, shop := serve(t)
	card := paytrace.hostedFields()
	first := shop.pay("sale", "a-1", card, 0)
	second := shop.pay("sale", "a-2", paytrace.hostedFields(), 0)
	s.operate("archive", "status").says(t, 0, "payments leave", "never", "0 payments in 0 files")
	s.operate("archive", "run").says(t, 1, "retention.archiveAfterDays")
	s.operate("archive", "show", first.PaymentID).says(t, 1, "is in the ledger")
	s.operate("archive", "show", "pay_none").says(t, 1, "there is no payment pay_none")
	s.stop()
	s.grownOld(first.PaymentID, second.PaymentID)
	s.rewrite("log: {level: warn}", "log: {level: info}\nretention: {archiveAfterDays: 400}")
	s.operate("archive", "run", "--dry-run").says(t, 0, "2 payments would leave", "0 would stay")
	if files := s.archiveFiles(); len(files) != 0 {
		t.Errorf("a dry run has made %v", files)
	}
	s.operate("archive", "run").says(t, 0, "2 payments archived")
	s.start()
	s.operate("archive", "run").says(t, 1, "another gateway", "does this by itself each day")
	s.operate("archive", "status").says(t, 0, "400 days", "2 payments in 1 files", "last run", "next run")
	s.operate("archive", "verify").says(t, 0, "1 of 1 files")
	shown := s.operate("archive", "show", first.PaymentID)
	var record struct {
		ID, MerchantID, File string
		Payment              struct{ TransactionID, Status string }
		Keys                 []struct{ Key string }
	}
	if err := json.Unmarshal([]byte(shown.stdout), &record); err != nil || record.ID != first.PaymentID || record.MerchantID != "main" ||
		record.Payment.TransactionID != first.TransactionID || record.Payment.Status != "settled" || len(record.Keys) != 1 || record.Keys[0].Key != "a-1" {
		t.Errorf("%v\n%s", err, shown.stdout)
	}

	if again := shop.pay("sale", "a-1", card, 0); again.httpStatus != http.StatusCreated || !again.IdempotentReplay || again.PaymentID != first.PaymentID {
		t.Errorf("the repeat of an archived request: %s", again.tells())
	}
	file := s.archiveFiles()[0]
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	s.operate("archive", "status").says(t, 1, filepath.Base(file)+" is missing")
	s.operate("archive", "verify").says(t, 1, "0 of 1 files")
	s.operate("archive", "show", first.PaymentID).says(t, 1, "is missing", "restore it")
	if away := shop.pay("sale", "a-1", card, 0); away.httpStatus != http.StatusServiceUnavailable || away.Code != "archive_unavailable" {
		t.Errorf("the repeat without its file: %s", away.tells())
	}
	if n := len(paytrace.charges()); n != 2 {
		t.Errorf("%d charges", n)
	}
}

func TestTheServingGatewayArchivesByItself(t *testing.T) {
	t.Parallel()
	s, paytrace, shop := serve(t)
	card := paytrace.hostedFields()
	paid := shop.pay("sale", "a-1", card, 0)
	s.stop()
	s.grownOld(paid.PaymentID)
	s.rewrite("log: {level: warn}", "log: {level: info}\nretention: {archiveAfterDays: 400, forgetAfterDays: 90}")
	s.start()
	eventually(t, "the payment to leave", func() bool { return len(s.archiveFiles()) == 1 })
	eventually(t, "the end of the run", func() bool { return strings.Contains(s.stderr.String(), "retention.finished") })
	if again := shop.pay("sale", "a-1", card, 0); again.PaymentID != paid.PaymentID {
		t.Errorf("the repeat: %s", again.tells())
	}
	s.callbacks("replay", "--from", "3000h").says(t, 0, "0 deliveries are sent again", "may be forgotten")
	eventually(t, "the metrics", func() bool { return strings.Contains(s.metrics(), "paytrace_gateway_archive_payments 1") })
}
