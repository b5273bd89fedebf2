package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// The settlement report: what PayTrace has settled on some days, each transaction
// held against the ledger. It is read from PayTrace's export when it is asked for, so
// that it shows PayTrace's books, not what the gateway believes of them.

const (
	// ReportDays bounds the settlement days of one report.
	ReportDays = 31
	// settledWithin is how long before its settlement day a transaction of the report
	// may have been made. The export is asked for by the days on which transactions
	// were made, and an authorization that is captured settles days later.
	settledWithin = 10 * day
	// reportPart is how much of the books is asked for at once: what one day needs, so
	// that of a month no more than a third is in memory beside what has settled.
	reportPart = settledWithin + day
	// settledAtMost bounds the transactions of one report.
	settledAtMost = 100_000
)

// SettlementQuery selects the settlement days From to To of a merchant, both
// included. They are dates: only year, month and day count.
type SettlementQuery struct {
	MerchantID string
	From, To   time.Time
}

// SettlementReport is what PayTrace has settled on some days.
type SettlementReport struct {
	Merchant Merchant
	From, To time.Time
	// At is when PayTrace was asked.
	At time.Time
	// MadeFrom is the first day on which a transaction may have been made to be in the
	// report.
	MadeFrom time.Time
	// Complete says that the export was not cut at the cap on its rows.
	Complete bool
	// Transactions are in the order in which they settled.
	Transactions []SettledTransaction
}

// SettledTransaction is one that PayTrace has settled, and what the ledger has of it.
type SettledTransaction struct {
	Record
	// PaymentID and LedgerAmount are those of the ledger, empty when it has none.
	PaymentID    string
	LedgerAmount Money
	Match        SettlementMatch
}

// SettlementMatch is how PayTrace and the ledger agree on a settled transaction.
type SettlementMatch string

// How they agree.
const (
	SettlementMatched SettlementMatch = "matched"
	// SettlementUnmatched: no payment of the ledger has the transaction.
	SettlementUnmatched SettlementMatch = "unmatched"
	// SettlementAmountDiffers: the ledger has it with another amount.
	SettlementAmountDiffers SettlementMatch = "amount_differs"
	// SettlementKindUnknown: PayTrace calls it neither a charge nor a refund, so it is
	// in no sum.
	SettlementKindUnknown SettlementMatch = "kind_unknown"
	// SettlementDateUnknown: PayTrace does not say when. It may be of these days or of
	// others, and is in no sum.
	SettlementDateUnknown SettlementMatch = "date_unknown"
)

// SettlementReport asks PayTrace for what it has settled, and changes nothing. One
// report of a merchant is made at a time, since each may be large.
func (g *Gateway) SettlementReport(ctx context.Context, q SettlementQuery) (SettlementReport, error) {
	m, err := g.merchant(q.MerchantID)
	if err != nil {
		return SettlementReport{}, err
	}
	select {
	case g.reporting[m.ID] <- struct{}{}:
		defer func() { <-g.reporting[m.ID] }()
	default:
		return SettlementReport{}, refuse(CodeOverloaded, "another settlement report of this merchant is being made; ask again when it has ended").retry(askAgain)
	}
	begin, end := m.dayBegins(q.From), m.dayBegins(q.To.AddDate(0, 0, 1))
	r := SettlementReport{Merchant: m, From: q.From, To: q.To, At: g.clock(), MadeFrom: begin.Add(-settledWithin), Complete: true}
	rows, err := g.settledBetween(ctx, &r, begin, end)
	if err != nil {
		return SettlementReport{}, err
	}
	r.Transactions, err = inBudget(ctx, g, func() ([]SettledTransaction, error) { return g.heldAgainst(ctx, m, rows) })
	if err != nil {
		return SettlementReport{}, unread(err)
	}
	slices.SortStableFunc(r.Transactions, func(a, b SettledTransaction) int {
		return cmp.Or(a.SettledAt.Compare(b.SettledAt), cmp.Compare(a.Batch, b.Batch))
	})
	return r, nil
}

// settledBetween are the rows of PayTrace's books that have settled between two times,
// or nobody knows when. Each is there once, though parts have a day in common.
func (g *Gateway) settledBetween(ctx context.Context, r *SettlementReport, begin, end time.Time) (settled []Record, err error) {
	last := end.Add(-time.Second)
	if last.After(r.At) {
		last = r.At
	}
	seen := map[string]bool{}
	for from := r.MadeFrom; from.Before(last); from = from.Add(reportPart) { // none where the days are all to come
		to := from.Add(reportPart)
		if to.After(last) {
			to = last
		}
		rows, whole, err := g.readParts(ctx, r.Merchant, from, to, g.processors[r.Merchant.ID].Books)
		if err != nil {
			return nil, unreported(err)
		}
		r.Complete = r.Complete && whole
		for _, row := range rows {
			dated := !row.SettledAt.IsZero()
			if seen[row.TransactionID] || row.State != RecordSettled || (dated && (row.SettledAt.Before(begin) || !row.SettledAt.Before(end))) {
				continue
			}
			seen[row.TransactionID] = true
			settled = append(settled, row)
		}
		if len(settled) > settledAtMost {
			return nil, refuse(CodeReportTooLarge, "more than %d transactions have settled on these days; ask for fewer days", settledAtMost)
		}
	}
	return settled, nil
}

// heldAgainst looks for the payments of what has settled.
func (g *Gateway) heldAgainst(ctx context.Context, m Merchant, rows []Record) ([]SettledTransaction, error) {
	found := make([]SettledTransaction, 0, len(rows))
	for _, row := range rows {
		t, err := g.settledTransaction(ctx, m, row)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

// unreported says why PayTrace's books are not there.
func unreported(err error) error {
	if errors.Is(err, ErrCredentials) {
		return refuse(CodeProcessorCredentials,
			"PayTrace refuses the gateway's log-in or set-up and shows no settlements; the operator has to mend it, then ask again").
			retry(mendTime).because(err)
	}
	return refuse(CodeProcessorUnavailable,
		"PayTrace has not shown its settlements; ask again, for fewer days or with a longer X-Request-Timeout-Ms where it takes long").
		retry(askAgain).because(err)
}

// unread says why the ledger's side is not there.
func unread(err error) error {
	var told *Error
	switch {
	case errors.Is(err, ErrArchive):
		return refuse(CodeArchiveUnavailable, "a payment of these days is in the archive, whose file is missing or damaged; "+
			"ask again once it is restored, or for other days").retry(archiveRetry).because(err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &told):
		return refuse(CodeLedgerUnavailable, "the gateway has not found all payments of these days in time; "+
			"ask for fewer days, or with a longer X-Request-Timeout-Ms").retry(askAgain).because(err)
	}
	return refuse(CodeLedgerUnavailable, "the gateway cannot reach its ledger; ask again").retry(askAgain).because(err)
}

// dayBegins is when a date begins where the merchant's settlement days are counted.
func (m Merchant) dayBegins(date time.Time) time.Time {
	year, month, day := date.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, m.zone())
}

func (m Merchant) zone() *time.Location {
	if m.Zone == nil {
		return time.UTC
	}
	return m.Zone
}

// settledTransaction looks for the payment of what has settled: by its transaction,
// and a charge whose transaction the ledger does not know yet by its reference. Where
// it knows another one, PayTrace has charged twice, and this is nobody's.
func (g *Gateway) settledTransaction(ctx context.Context, m Merchant, r Record) (SettledTransaction, error) {
	t := SettledTransaction{Record: r, Match: SettlementUnmatched}
	p, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, r.TransactionID)
	if errors.Is(err, ErrNotFound) && r.Reference != "" && r.Kind != KindRefund {
		if p, err = g.ledger.PaymentByReference(ctx, m.ID, r.Reference); err == nil && (p.TransactionID != "" || p.ACH()) {
			err = ErrNotFound
		}
	}
	switch {
	case errors.Is(err, ErrNotFound), err == nil && p.LiveMode != m.LiveMode:
	case err != nil:
		return t, err
	default:
		t.PaymentID, t.LedgerAmount, t.Match = p.ID, p.settledAs(r.TransactionID), SettlementMatched
		t.Card = r.Card.over(p.Card)
		if t.LedgerAmount != r.Amount {
			t.Match = SettlementAmountDiffers
		}
	}
	switch {
	case r.SettledAt.IsZero():
		t.Match = SettlementDateUnknown
	case !r.settledCharge() && r.Kind != KindRefund:
		t.Match = SettlementKindUnknown
	}
	return t, nil
}

// settledCharge says that money came in. PayTrace may go on calling a captured
// authorization by that name.
func (r Record) settledCharge() bool { return r.Kind == KindSale || r.Kind == KindAuthorize }

// settledAs is the amount with which the payment should have settled in that
// transaction: that of a refund which was made, else what was captured, and nothing
// where that was undone before.
func (p Payment) settledAs(transactionID string) Money {
	i := slices.IndexFunc(p.Operations, func(o Operation) bool { return o.ProcessedAs == AsRefund && o.TransactionID == transactionID })
	switch {
	case i >= 0 && p.Operations[i].Status == OpApproved:
		return p.Operations[i].Amount
	case i >= 0, p.Status == Voided, p.Status == Expired, p.Status == Refunded && p.expectsNothing():
		return 0
	case p.First().Late && p.Refunded() > 0:
		return p.Granted() // found after it counted as not made, and given back since
	}
	return p.Captured()
}

// SettlementSums are what charges and refunds come to.
type SettlementSums struct {
	Charges      int
	ChargeAmount Money
	Refunds      int
	RefundAmount Money
}

// Net is what is left for the merchant, before any fees: less than nothing where more
// was given back.
func (s SettlementSums) Net() Money { return s.ChargeAmount - s.RefundAmount }

func (s *SettlementSums) add(t SettledTransaction) {
	switch {
	case t.SettledAt.IsZero():
	case t.settledCharge():
		s.Charges++
		s.ChargeAmount += t.Amount
	case t.Kind == KindRefund:
		s.Refunds++
		s.RefundAmount += t.Amount
	}
}

// SettlementDay is what has settled on one day of the merchant's zone.
type SettlementDay struct {
	Date    string // such as 2026-03-02
	Sums    SettlementSums
	Batches []SettlementGroup
	Cards   []SettlementGroup
}

// SettlementGroup is what is together in a day: a batch, by its number, or a brand of
// cards. The name is empty where PayTrace shows none.
type SettlementGroup struct {
	Name string
	Sums SettlementSums
}

// Sums are those of all days.
func (r SettlementReport) Sums() (all SettlementSums) {
	for _, t := range r.Transactions {
		all.add(t)
	}
	return all
}

// TimeZone is the name of the zone whose days the report has.
func (r SettlementReport) TimeZone() string { return r.Merchant.zone().String() }

// Day is the settlement day of a transaction, empty where it is not known.
func (r SettlementReport) Day(t SettledTransaction) string {
	if t.SettledAt.IsZero() {
		return ""
	}
	return t.SettledAt.In(r.Merchant.zone()).Format(time.DateOnly)
}

// Days are those on which something has settled, the first one first.
func (r SettlementReport) Days() []SettlementDay {
	days := []SettlementDay{}
	for _, t := range r.Transactions {
		date := r.Day(t)
		if date == "" {
			continue
		}
		if len(days) == 0 || days[len(days)-1].Date != date {
			days = append(days, SettlementDay{Date: date})
		}
		d := &days[len(days)-1]
		d.Sums.add(t)
		d.Batches = grouped(d.Batches, t.Batch, t)
		d.Cards = grouped(d.Cards, string(t.Card.Brand), t)
	}
	for _, d := range days {
		slices.SortFunc(d.Cards, func(a, b SettlementGroup) int { return cmp.Compare(a.Name, b.Name) })
	}
	return days
}

func grouped(groups []SettlementGroup, name string, t SettledTransaction) []SettlementGroup {
	i := slices.IndexFunc(groups, func(g SettlementGroup) bool { return g.Name == name })
	if i < 0 {
		groups, i = append(groups, SettlementGroup{Name: name}), len(groups)
	}
	groups[i].Sums.add(t)
	return groups
}

// Differences are the transactions on which PayTrace and the ledger do not agree.
func (r SettlementReport) Differences() []SettledTransaction {
	return slices.DeleteFunc(slices.Clone(r.Transactions), func(t SettledTransaction) bool { return t.Match == SettlementMatched })
}
