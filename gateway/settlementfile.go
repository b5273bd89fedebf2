package gateway

import (
	"context"
	"errors"
	"time"
)

// The settlement files: the report of each settlement day is handed over once the
// day is over, so that an ERP finds it where it looks, and misses none.

// SettlementFiler takes the report of one settlement day, and has it safe when it
// returns. It may be handed the same day again, by this gateway or another one.
type SettlementFiler interface {
	FileSettlement(context.Context, SettlementReport) error
}

// SettlementFiling is how far a merchant's settlements have been handed over.
type SettlementFiling struct {
	MerchantID string
	LiveMode   bool
	// Through is the last settlement day that was handed over, a date in UTC; zero
	// before the first.
	Through time.Time
	// Due is before when nobody but whoever set it hands anything over.
	Due time.Time
	// Version counts the changes of this row.
	Version int64
}

// SettlementFilings is the part of a ledger that remembers it.
type SettlementFilings interface {
	// SettlementFiling returns the zero value, but for merchant and mode, before
	// the first SaveSettlementFiling, which returns ErrStale unless the stored
	// version is the one before the saved one; before the first it is zero.
	SettlementFiling(ctx context.Context, merchantID string, liveMode bool) (SettlementFiling, error)
	SaveSettlementFiling(context.Context, SettlementFiling) error
}

const (
	// filedAfter is how long a settlement day is over when it is handed over.
	// Batches of the evening are on PayTrace's books by then, and their
	// transactions have been followed.
	filedAfter = 6 * time.Hour
	// filingPatience bounds the making and handing over of one day, filingTurn
	// keeps other gateways away meanwhile, and filedAgain is when what failed is
	// tried again.
	filingPatience = 5 * time.Minute
	filingTurn     = 2 * filingPatience
	filedAgain     = 15 * time.Minute
)

var errReportCut = errors.New("PayTrace's export was cut at exportRowCap: the day has more rows than it shows, and its sums would be too small; " +
	"have PayTrace show more rows, and raise exportRowCap")

// filable is the last settlement day that may be handed over.
func (m Merchant) filable(now time.Time) time.Time {
	year, month, day := now.Add(-filedAfter).In(m.zone()).Date()
	return time.Date(year, month, day-1, 0, 0, 0, 0, time.UTC)
}

// next is the first day that is still to be handed over, and how many days before it
// are left out since they are longer ago than a report reaches. What settled before
// anybody wished for files is nobody's; files begin with the last day.
func (f SettlementFiling) next(last time.Time) (first time.Time, leftOut int) {
	if f.Through.IsZero() {
		return last, 0
	}
	first = f.Through.AddDate(0, 0, 1)
	if oldest := last.AddDate(0, 0, 1-ReportDays); first.Before(oldest) {
		return oldest, int(oldest.Sub(first) / day)
	}
	return first, 0
}

// RunSettlementFiles hands over each merchant's settlement days when they are over,
// until ctx is done. It asks at every interval whether one is. The reports of all
// merchants are made one after the other, since each may be large.
func (g *Gateway) RunSettlementFiles(ctx context.Context, every time.Duration) {
	if g.filer == nil {
		return
	}
	repeat(ctx, every, nil, func(ctx context.Context) {
		for _, m := range g.merchants {
			func() {
				defer g.survive(func() {})
				g.fileSettlements(ctx, m)
			}()
		}
	})
}

// fileSettlements hands over the days of one merchant that are over, the oldest
// first, each of them before the next. One that fails holds up the later ones, so
// that none is missing between two.
func (g *Gateway) fileSettlements(ctx context.Context, m Merchant) {
	f, err := g.ledger.SettlementFiling(ctx, m.ID, m.LiveMode)
	now := g.clock()
	if err != nil || now.Before(f.Due) {
		return // a ledger that cannot be read is told by the due work
	}
	last := m.filable(now)
	next, leftOut := f.next(last)
	if next.After(last) {
		return
	}
	// The first day of all that fails is not left out either, nor is what is left out
	// said again.
	f.Through = next.AddDate(0, 0, -1)
	if f, err = g.saveFiling(ctx, f, filingTurn); err != nil {
		return // another gateway has the turn
	}
	if leftOut > 0 {
		g.log.Warn("settlement.days_left_out", "merchant", m.ID, "days", leftOut, "before", next.Format(time.DateOnly),
			"consequence", "these days get no file, since they are more than a month ago; `gateway settlement --from --to --csv` makes one")
	}
	for ; !next.After(last); next = next.AddDate(0, 0, 1) {
		turn := filingTurn
		if err := g.fileSettlement(ctx, m, next); err != nil {
			if ctx.Err() != nil {
				return // another gateway, or the next start, takes it when it is due
			}
			g.log.Warn("settlement.not_filed", "merchant", m.ID, "day", next.Format(time.DateOnly), "error", err,
				"consequence", "the files of this day and of those after it come later; the gateway tries again in "+filedAgain.String())
			last, turn = next, filedAgain
		} else {
			f.Through = next
		}
		if f, err = g.saveFiling(ctx, f, turn); err != nil {
			g.log.Warn("settlement.filing_not_saved", "merchant", m.ID, "day", next.Format(time.DateOnly), "error", err,
				"consequence", "this day's file is written once more, with the same name and the same transactions")
			return
		}
	}
}

// saveFiling keeps other gateways away for a time.
func (g *Gateway) saveFiling(ctx context.Context, f SettlementFiling, turn time.Duration) (SettlementFiling, error) {
	f.Due = g.clock().Add(turn)
	f.Version++
	return f, g.ledger.SaveSettlementFiling(ctx, f)
}

func (g *Gateway) fileSettlement(ctx context.Context, m Merchant, day time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, filingPatience)
	defer cancel()
	report, err := g.SettlementReport(ctx, SettlementQuery{MerchantID: m.ID, From: day, To: day})
	switch {
	case err != nil:
		return err
	case !report.Complete:
		return errReportCut
	}
	if err := g.filer.FileSettlement(ctx, report); err != nil {
		return err
	}
	g.log.Info("settlement.filed", "merchant", m.ID, "day", day.Format(time.DateOnly), "transactions", len(report.Transactions),
		"differences", len(report.Differences()), "net", report.Sums().Net().String())
	return nil
}

// UnfiledSettlements counts by merchant the settlement days that are over and not
// handed over yet.
func (g *Gateway) UnfiledSettlements(ctx context.Context) (map[string]int, error) {
	unfiled := map[string]int{}
	for id, m := range g.merchants {
		f, err := g.ledger.SettlementFiling(ctx, id, m.LiveMode)
		if err != nil {
			return nil, err
		}
		last := m.filable(g.clock())
		next, _ := f.next(last)
		unfiled[id] = max(0, int(last.Sub(next)/day)+1)
	}
	return unfiled, nil
}
