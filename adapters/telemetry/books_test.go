package telemetry

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"paytrace-gateway/gateway"
)

// fakeLedger answers as it is told, and counts how often it was asked.
type fakeLedger struct {
	rows      []gateway.Backlog
	err       error
	standings []gateway.SubscriberStanding
	broken    error
	asked     atomic.Int64
	// hang, when set, keeps Backlog until it is closed, whatever its context says.
	hang chan struct{}
}

func (f *fakeLedger) watch(tel *Telemetry) {
	tel.Watch(Sources{
		Backlog: f.backlog, Ledger: func(context.Context) error { return f.broken },
		Standings: func(context.Context) ([]gateway.SubscriberStanding, error) { return f.standings, nil },
	})
}

func (f *fakeLedger) backlog(context.Context) ([]gateway.Backlog, error) {
	f.asked.Add(1)
	if f.hang != nil {
		<-f.hang
	}
	return f.rows, f.err
}

// backlogGauges are the metrics that the ledger's answer makes.
var backlogGauges = []string{
	"unknown_operations", "unknown_oldest_seconds", "waiting_refunds", "attention_payments", "due_overdue", "due_oldest_seconds", "unmatched_transactions",
	"vault_undecided", "vault_undecided_oldest_seconds", "vault_removals", "vault_removals_oldest_seconds", "vault_check_overdue_seconds",
}

// up is the value of ledger_up, and how many series the backlog has.
func up(t *testing.T, tel *Telemetry) (float64, int) {
	t.Helper()
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatalf("the scrape failed: %v", err)
	}
	value, series := -1.0, 0
	for _, f := range families {
		if f.GetName() == prefix+"ledger_up" {
			value = f.GetMetric()[0].GetGauge().GetValue()
		}
		for _, name := range backlogGauges {
			if f.GetName() == prefix+name {
				series += len(f.GetMetric())
			}
		}
	}
	return value, series
}

func TestTheBacklogIsToldByMerchant(t *testing.T) {
	c := newClock()
	tel := opened(t, c.Now)
	ago := func(d time.Duration) time.Time { return c.Now().Add(-d) }
	(&fakeLedger{rows: []gateway.Backlog{
		{MerchantID: "acme", LiveMode: true, Unknown: 2, OldestUnknown: ago(time.Minute), Waiting: 3, Attention: 4, Overdue: 5, OldestDue: ago(time.Hour), Unmatched: 6},
		// What was left from the other mode counts too.
		{MerchantID: "acme", LiveMode: false, Unknown: 10, OldestUnknown: ago(time.Second), Waiting: 10, Attention: 10, Overdue: 10, OldestDue: ago(2 * time.Hour), Unmatched: 10},
	}}).watch(tel)

	wantMetrics(t, tel, "gauge", "ledger_up", `ledger_up 1`)
	for name, want := range map[string]string{
		"unknown_operations": "12", "unknown_oldest_seconds": "60", "waiting_refunds": "13", "attention_payments": "14",
		"due_overdue": "15", "due_oldest_seconds": "7200", "unmatched_transactions": "16",
	} {
		wantMetrics(t, tel, "gauge", name, name+`{merchant="acme"} `+want+"\n"+name+`{merchant="globex"} 0`)
	}
}

func TestWhatTheVaultHasUnfinishedIsTold(t *testing.T) {
	c := newClock()
	tel := opened(t, c.Now)
	ago := func(d time.Duration) time.Time { return c.Now().Add(-d) }
	(&fakeLedger{rows: []gateway.Backlog{
		{MerchantID: "acme", LiveMode: true, Storing: 1, OldestStoring: ago(time.Minute), Removing: 2, OldestRemoving: ago(time.Hour), OldestCheck: ago(time.Second)},
		{MerchantID: "acme", LiveMode: false, Storing: 10, OldestStoring: ago(time.Hour), Removing: 20, OldestRemoving: ago(time.Minute)},
	}}).watch(tel)
	for name, want := range map[string]string{
		"vault_undecided": "11", "vault_undecided_oldest_seconds": "3600", "vault_removals": "22", "vault_removals_oldest_seconds": "3600",
		"vault_check_overdue_seconds": "1",
	} {
		wantMetrics(t, tel, "gauge", name, name+`{merchant="acme"} `+want+"\n"+name+`{merchant="globex"} 0`)
	}
}

func TestTheAgeOfTheExportIsTold(t *testing.T) {
	c := newClock()
	tel := opened(t, c.Now)
	(&fakeLedger{rows: []gateway.Backlog{
		{MerchantID: "acme", LiveMode: true, Watched: true, SeenThrough: c.Now().Add(-5 * time.Minute)},
		{MerchantID: "acme", LiveMode: false, Unknown: 1}, // left from the other mode
		{MerchantID: "globex", Watched: true},             // never followed to its end
	}}).watch(tel)
	wantMetrics(t, tel, "gauge", "export_age_seconds", `
		export_age_seconds{merchant="acme"} 300
		export_age_seconds{merchant="globex"} +Inf`)
}

func TestAgesGrowBetweenAnswersAndNeverFallBelowZero(t *testing.T) {
	c := newClock()
	tel := opened(t, c.Now)
	(&fakeLedger{rows: []gateway.Backlog{
		{MerchantID: "acme", Unknown: 1, OldestUnknown: c.Now()},
		{MerchantID: "globex", Unknown: 1, OldestUnknown: c.Now().Add(time.Minute)}, // another instance's clock is ahead
	}}).watch(tel)
	count(t, tel, "unknown_oldest_seconds")
	c.advance(9 * time.Second)
	wantMetrics(t, tel, "gauge", "unknown_oldest_seconds", `
		unknown_oldest_seconds{merchant="acme"} 9
		unknown_oldest_seconds{merchant="globex"} 0`)
}

func TestTheLedgerIsAskedOnceInTenSeconds(t *testing.T) {
	c := newClock()
	tel, ledger := opened(t, c.Now), &fakeLedger{}
	ledger.watch(tel)
	for _, step := range []struct {
		after time.Duration
		asked int64
	}{{0, 1}, {0, 1}, {9 * time.Second, 1}, {time.Second, 2}, {10 * time.Second, 3}} {
		c.advance(step.after)
		up(t, tel)
		if got := ledger.asked.Load(); got != step.asked {
			t.Fatalf("asked %d times, want %d", got, step.asked)
		}
	}
}

func TestAFailureLeavesTheGaugesOutAndIsKeptToo(t *testing.T) {
	for name, ledger := range map[string]*fakeLedger{
		"the backlog fails":       {err: errors.New("disk")},
		"the ledger cannot write": {broken: errors.New("read-only")},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			tel := opened(t, c.Now)
			ledger.watch(tel)
			if value, series := up(t, tel); value != 0 || series != 0 {
				t.Errorf("ledger_up is %v with %d series of backlog, want 0 and none", value, series)
			}
			ledger.err, ledger.broken = nil, nil
			if value, _ := up(t, tel); value != 0 {
				t.Error("the ledger was asked again at once")
			}
			c.advance(askEvery)
			if value, series := up(t, tel); value != 1 || series != 2*len(backlogGauges) {
				t.Errorf("after it healed ledger_up is %v with %d series", value, series)
			}
		})
	}
}

func TestALedgerThatPanicsEndsNothing(t *testing.T) {
	tel := opened(t, newClock().Now)
	tel.Watch(Sources{
		Backlog: func(context.Context) ([]gateway.Backlog, error) { panic("boom") },
		Ledger:  func(context.Context) error { return nil },
	})
	if value, series := up(t, tel); value != 0 || series != 0 {
		t.Errorf("ledger_up is %v with %d series", value, series)
	}
}

func TestALedgerThatHangsCostsAScrapeTwoSecondsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, ledger := opened(t, time.Now), &fakeLedger{hang: make(chan struct{})}
		ledger.watch(tel)
		for _, want := range []time.Duration{askDeadline, 0, 0} {
			began := time.Now()
			if value, series := up(t, tel); value != 0 || series != 0 {
				t.Errorf("ledger_up is %v with %d series", value, series)
			}
			if took := time.Since(began); took != want {
				t.Errorf("the scrape took %v, want %v", took, want)
			}
		}
		time.Sleep(time.Hour)
		up(t, tel)
		if got := ledger.asked.Load(); got != 1 {
			t.Errorf("a ledger that hangs was asked %d times", got)
		}
		close(ledger.hang)
		synctest.Wait()
		if value, series := up(t, tel); value != 1 || series == 0 {
			t.Errorf("after it came back ledger_up is %v with %d series", value, series)
		}
	})
}

func TestScrapesAtOnceShareOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, ledger := opened(t, time.Now), &fakeLedger{hang: make(chan struct{})}
		ledger.watch(tel)
		scrapes := make(chan error)
		for range 10 {
			go func() {
				n, err := testutil.GatherAndCount(tel.registry, prefix+"unknown_operations")
				if err == nil && n != 2 {
					err = errors.New("a scrape without the backlog")
				}
				scrapes <- err
			}()
		}
		synctest.Wait()
		close(ledger.hang)
		for range 10 {
			if err := <-scrapes; err != nil {
				t.Error(err)
			}
		}
		if got := ledger.asked.Load(); got != 1 {
			t.Errorf("asked %d times", got)
		}
	})
}
