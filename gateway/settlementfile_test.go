package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// cabinet keeps what was filed, as day and number of transactions, but for a day
// that it cannot take.
type cabinet struct {
	mu      sync.Mutex
	filed   []string
	refuses string
	before  func()
}

func (c *cabinet) FileSettlement(_ context.Context, r gateway.SettlementReport) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.before != nil {
		c.before()
	}
	date := r.From.Format(time.DateOnly)
	if date == c.refuses {
		return errors.New("the share is away")
	}
	c.filed = append(c.filed, fmt.Sprint(date, " ", len(r.Transactions)))
	return nil
}

func (c *cabinet) refuse(date string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuses = date
}

// filing is a house in Pacific time whose settlements are filed.
type filing struct {
	*house
	cabinet  *cabinet
	merchant gateway.Merchant
	books    gateway.Ledger
}

func filed(t *testing.T, test func(t *testing.T, f *filing)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	m := merchants[0]
	m.Zone, m.ExportRowCap = pacific, 9
	bubble(t, func(t *testing.T) {
		f := &filing{house: openAs(t, path, "one", processortest.New(time.Now), m), cabinet: &cabinet{}, merchant: m}
		f.books = f.ledger
		test(t, f)
		f.ledger.Close()
	})
}

// files runs one more gateway on the ledger for a time, which files what is due.
func (f *filing) files(d time.Duration) {
	f.t.Helper()
	g := gateway.New(gateway.Config{
		Ledger: f.books, Merchants: []gateway.Merchant{f.merchant}, Processors: map[string]gateway.Processor{"main": f.processor}, Secret: secret,
		Instance: "filer", Now: time.Now, MaxInFlight: 8, Log: discard, Filer: f.cabinet,
	})
	ctx, cancel := context.WithCancel(f.t.Context())
	ended := make(chan struct{})
	go func() { g.RunSettlementFiles(ctx, time.Minute); close(ended) }()
	time.Sleep(d)
	cancel()
	<-ended
}

func (f *filing) want(when string, days ...string) {
	f.t.Helper()
	f.cabinet.mu.Lock()
	defer f.cabinet.mu.Unlock()
	if !slices.Equal(f.cabinet.filed, days) {
		f.t.Errorf("%s: filed %q, want %q", when, f.cabinet.filed, days)
	}
	f.cabinet.filed = nil
}

func (f *filing) unfiled(want int) {
	f.t.Helper()
	if got, err := f.UnfiledSettlements(f.t.Context()); err != nil || got["main"] != want {
		f.t.Errorf("%d days are not filed, %v, want %d", got["main"], err, want)
	}
}

// It is four in the afternoon of the last day of 1999 when time begins.
func TestEachSettlementDayIsFiledOnceItIsOver(t *testing.T) {
	filed(t, func(t *testing.T, f *filing) {
		f.create("a", sale(1000))
		f.create("b", sale(2000))
		f.unfiled(1)
		f.files(4 * time.Hour)
		f.want("at first", "1999-12-30 0")
		f.processor.Settle()
		f.files(9*time.Hour + 59*time.Minute)
		f.want("before six in the morning")
		f.unfiled(0)
		f.files(2 * time.Minute)
		f.want("at six in the morning", "1999-12-31 2")
		f.files(48 * time.Hour)
		f.want("on the days after", "2000-01-01 0", "2000-01-02 0")
	})
}

func TestADayThatCannotBeFiledIsTriedAgainAndNoneIsLeftOut(t *testing.T) {
	filed(t, func(t *testing.T, f *filing) {
		f.files(time.Hour)
		f.want("at first", "1999-12-30 0")
		f.create("a", sale(1000))
		f.processor.Settle()
		f.cabinet.refuse("1999-12-31")
		f.files(58 * time.Hour)
		f.want("while a day cannot be filed")
		f.unfiled(2)
		f.cabinet.refuse("")
		f.cannotExport()
		f.files(time.Hour)
		f.want("while PayTrace is away")
		f.answers()
		f.files(16 * time.Minute)
		f.want("after that", "1999-12-31 1", "2000-01-01 0")
		f.unfiled(0)
	})
}

// cannotExport lets PayTrace show no books until it answers again.
func (h *house) cannotExport() {
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "export" {
			return &gateway.Result{Outcome: gateway.NotSent}
		}
		return nil
	})
}

func TestTheFirstDayOfAllIsNotLeftOutEither(t *testing.T) {
	filed(t, func(t *testing.T, f *filing) {
		f.cabinet.refuse("1999-12-30")
		f.files(24 * time.Hour)
		f.want("while the first day cannot be filed")
		f.unfiled(2)
		f.cabinet.refuse("")
		f.files(16 * time.Minute)
		f.want("after that", "1999-12-30 0", "1999-12-31 0")
	})
}

func TestAGatewayThatWasAwayFilesTheLastMonth(t *testing.T) {
	filed(t, func(t *testing.T, f *filing) {
		f.files(time.Hour)
		f.want("at first", "1999-12-30 0")
		time.Sleep(40 * day)
		f.unfiled(gateway.ReportDays)
		f.files(time.Minute)
		if n := len(f.cabinet.filed); n != gateway.ReportDays || f.cabinet.filed[0] != "2000-01-09 0" || f.cabinet.filed[n-1] != "2000-02-08 0" {
			t.Errorf("%d days: %q", n, f.cabinet.filed)
		}
	})
}

func TestAnExportThatWasCutIsNotFiled(t *testing.T) {
	filed(t, func(t *testing.T, f *filing) {
		f.files(time.Hour)
		f.want("at first", "1999-12-30 0")
		f.processor.SetRowCap(9)
		for i := range 12 {
			f.create(fmt.Sprint("k", i), sale(1000))
		}
		f.processor.Settle()
		f.files(24 * time.Hour)
		f.want("while it is cut")
		f.processor.SetRowCap(0)
		f.merchant.ExportRowCap = 99
		f.files(20 * time.Minute)
		f.want("once PayTrace shows all", "1999-12-31 12")
	})
}

func TestOfManyGatewaysOneFiles(t *testing.T) {
	filed(t, func(t *testing.T, f *filing) {
		f.cabinet.before = func() { time.Sleep(3 * time.Minute) } // and all others ask meanwhile
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { f.files(30 * time.Minute) })
		}
		all.Wait()
		f.want("by eight", "1999-12-30 0")
	})
}

// forgotten is a ledger that cannot keep how far was filed from the second save on,
// as for a process that is killed after it has written the file.
type forgotten struct {
	gateway.Ledger
	saves int
}

func (l *forgotten) SaveSettlementFiling(ctx context.Context, f gateway.SettlementFiling) error {
	if l.saves++; l.saves > 1 {
		return errors.New("away")
	}
	return l.Ledger.SaveSettlementFiling(ctx, f)
}

func TestADayWhoseFilingWasNotSavedIsFiledAgain(t *testing.T) {
	filed(t, func(t *testing.T, f *filing) {
		f.books = &forgotten{Ledger: f.ledger}
		f.files(time.Minute)
		f.want("before the process dies", "1999-12-30 0")
		f.books = f.ledger
		f.files(8 * time.Minute)
		f.want("while it may live yet")
		f.files(3 * time.Minute)
		f.want("ten minutes later", "1999-12-30 0")
		synctest.Wait()
	})
}
