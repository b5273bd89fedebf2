package simulator

import (
	"encoding/json"
	"time"
)

// batch is one settlement.
type batch struct {
	Number       int
	SettledAt    time.Time
	Transactions []int64
	ByBrand      map[string]*totals
}

// totals are the sums of a batch or of a brand in it.
type totals struct {
	SalesCount, RefundCount   int
	SalesAmount, RefundAmount cents
}

func (t *totals) add(x *transaction) {
	if x.Kind == kindRefund {
		t.RefundCount++
		t.RefundAmount += x.Amount
		return
	}
	t.SalesCount++
	t.SalesAmount += x.Amount
}

func (b *batch) add(t *transaction) {
	b.Transactions = append(b.Transactions, t.ID)
	if b.ByBrand[t.Card.Brand] == nil {
		b.ByBrand[t.Card.Brand] = &totals{}
	}
	b.ByBrand[t.Card.Brand].add(t)
}

func (b *batch) all() totals {
	var sum totals
	for _, t := range b.ByBrand {
		sum.SalesCount += t.SalesCount
		sum.SalesAmount += t.SalesAmount
		sum.RefundCount += t.RefundCount
		sum.RefundAmount += t.RefundAmount
	}
	return sum
}

// settle puts everything that is pending into a new batch; nothing pending
// makes no batch. Checks are in no batch, and go out at the same time.
func (s *Simulator) settle(at time.Time) *batch {
	s.settleChecks()
	b := s.gatherPending(at)
	if len(b.Transactions) == 0 {
		return b
	}
	b.Number = s.books.NextBatch
	s.books.NextBatch++
	for _, id := range b.Transactions {
		t := s.indexes.byID[id]
		t.State, t.Batch, t.SettledAt = stateSettled, b.Number, at
	}
	s.books.Batches = append(s.books.Batches, b)
	s.indexes.pending = nil
	s.changed()
	return b
}

// Settle settles now, as POST /settle does. The number is zero when nothing was
// pending.
func (s *Simulator) Settle() (batchNumber, transactionCount int) {
	b := attended(s, func() *batch { return s.settle(s.now()) })
	return b.Number, len(b.Transactions)
}

func (s *Simulator) gatherPending(at time.Time) *batch {
	b := &batch{SettledAt: at, ByBrand: map[string]*totals{}}
	for _, t := range s.indexes.pending {
		if t.State == statePending { // Voided ones stay in the list until now.
			b.add(t)
		}
	}
	return b
}

func settleNow(s *Simulator, _ *call) answer {
	s.settle(s.now())
	return done(175, s.settings.SettleText, 0, nil)
}

// The names of a batch's members are not known, apart from batch.number; these
// are those of PayTrace's old API.
type batchRow struct {
	Number           int             `json:"number"`
	When             string          `json:"when"`
	TransactionCount int             `json:"transaction_count"`
	NetAmount        json.RawMessage `json:"net_amount"`
	totalsRow
}

type totalsRow struct {
	SalesCount   int             `json:"sales_count"`
	SalesAmount  json.RawMessage `json:"sales_amount"`
	RefundCount  int             `json:"refund_count"`
	RefundAmount json.RawMessage `json:"refund_amount"`
}

func (t totals) row() totalsRow {
	return totalsRow{t.SalesCount, t.SalesAmount.number(), t.RefundCount, t.RefundAmount.number()}
}

func (s *Simulator) batchRow(b *batch) batchRow {
	sum := b.all()
	return batchRow{
		Number: b.Number, When: s.exportTime(b.SettledAt), TransactionCount: len(b.Transactions),
		NetAmount: (sum.SalesAmount - sum.RefundAmount).number(), totalsRow: sum.row(),
	}
}

// exportBatches lists the batches of the dates, oldest first.
func exportBatches(s *Simulator, c *call) answer {
	from, until, ok := s.dates(&c.request)
	if !ok {
		return s.refuse(c, s.settings.Errors.Dates)
	}
	rows := []batchRow{}
	for _, b := range s.books.Batches {
		if !b.SettledAt.Before(from) && b.SettledAt.Before(until) {
			rows = append(rows, s.batchRow(b))
		}
	}
	return done(1, exported, 0, struct {
		header
		Batches []batchRow `json:"batches"`
	}{header{true, 1, exported}, rows})
}

// exportBatch shows one batch by brand: the one named, else the newest, else
// what is pending.
func exportBatch(s *Simulator, c *call) answer {
	b := s.gatherPending(s.now())
	if n := len(s.books.Batches); n > 0 {
		b = s.books.Batches[n-1]
	}
	if c.BatchNumber != "" {
		if b = s.findBatch(c.BatchNumber); b == nil {
			return s.refuse(c, s.settings.Errors.BatchNumber)
		}
	}
	byBrand := make(map[string]totalsRow, len(brands))
	for _, brand := range brands {
		var t totals
		if b.ByBrand[brand] != nil {
			t = *b.ByBrand[brand]
		}
		byBrand[brand] = t.row()
	}
	return done(1, exported, 0, struct {
		header
		Batch struct {
			batchRow
			Brands map[string]totalsRow `json:"brands"`
		} `json:"batch"`
	}{header{true, 1, exported}, struct {
		batchRow
		Brands map[string]totalsRow `json:"brands"`
	}{s.batchRow(b), byBrand}})
}

func exportBatchTransactions(s *Simulator, c *call) answer {
	b := s.findBatch(c.BatchNumber)
	if b == nil {
		return s.refuse(c, s.settings.Errors.BatchNumber)
	}
	rows := make([]exportRow, 0, len(b.Transactions))
	for _, id := range b.Transactions {
		rows = append(rows, s.exportRow(s.indexes.byID[id], c.IncludeBIN.isTrue()))
	}
	return exportAnswerOf(rows)
}

func (s *Simulator) findBatch(number text) *batch {
	n, ok := parseID(number)
	if !ok {
		return nil
	}
	for _, b := range s.books.Batches {
		if int64(b.Number) == n {
			return b
		}
	}
	return nil
}
