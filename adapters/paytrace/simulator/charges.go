package simulator

import (
	"strconv"
	"time"
)

// ChargeRow is one line of GET /charges. The state is that of the transaction
// now, the same in the lines of its authorization, capture and void; the amount is
// that of then.
type ChargeRow struct {
	TransactionID       string    `json:"transactionId"`
	Kind                string    `json:"kind"`
	Amount              string    `json:"amount"`
	InvoiceID           string    `json:"invoiceId"`
	CustomerReferenceID string    `json:"customerReferenceId"`
	State               string    `json:"state"`
	CreatedBy           string    `json:"createdBy"`
	At                  time.Time `json:"at"`
}

// Charges are everything that was done, oldest first, as GET /charges shows it.
func (s *Simulator) Charges() []ChargeRow { return attended(s, s.chargeRows) }

// chargeRows are everything that was done, by whomever, oldest first.
func (s *Simulator) chargeRows() []ChargeRow {
	rows := make([]ChargeRow, 0, len(s.books.Charges))
	for _, c := range s.books.Charges {
		t := s.indexes.byID[c.TransactionID]
		rows = append(rows, ChargeRow{
			TransactionID: strconv.FormatInt(t.ID, 10), Kind: c.Kind, Amount: c.Amount.String(), InvoiceID: t.InvoiceID,
			CustomerReferenceID: t.CustomerReferenceID, State: t.State, CreatedBy: c.By, At: c.At,
		})
	}
	return rows
}
