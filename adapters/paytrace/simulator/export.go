package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	exported = "Your request has been successfully completed."
	// exportLayout is PayTrace's date: US, twelve hours, without a zone.
	exportLayout = "1/2/2006 3:04:05 PM"
)

type exportRow struct {
	TransactionID       int64           `json:"transaction_id"`
	CreditCard          exportCard      `json:"credit_card"`
	TransactionType     string          `json:"transaction_type"`
	Description         string          `json:"description"`
	Amount              json.RawMessage `json:"amount"`
	InvoiceID           string          `json:"invoice_id"`
	ShippingAddress     shippingRow     `json:"shipping_address"`
	BillingAddress      address         `json:"billing_address"`
	ReceiptEmailedTo    string          `json:"receipt_emailed_to"`
	TaxAmount           string          `json:"tax_amount"`
	CustomerReferenceID string          `json:"customer_reference_id"`
	ApprovalCode        string          `json:"approval_code"`
	ApprovalMessage     string          `json:"approval_message"`
	AVSResponse         string          `json:"avs_response"`
	CSCResponse         string          `json:"csc_response"`
	StatusCode          string          `json:"status_code"`
	StatusMessage       string          `json:"status_message"`
	Created             created         `json:"created"`
	Settled             string          `json:"settled"`
	CustomerID          string          `json:"customer_id"`
}

type exportCard struct {
	MaskedNumber    string `json:"masked_number"`
	ExpirationMonth int    `json:"expiration_month"`
	ExpirationYear  int    `json:"expiration_year"`
}

// shippingRow is a shipping address, whose county is there even when empty.
type shippingRow struct {
	Name           text `json:"name"`
	StreetAddress  text `json:"street_address"`
	StreetAddress2 text `json:"street_address2"`
	City           text `json:"city"`
	County         text `json:"county"`
	State          text `json:"state"`
	Zip            text `json:"zip"`
	Country        text `json:"country"`
}

type created struct {
	Through string `json:"through"`
	At      string `json:"at"`
	By      string `json:"by"`
	FromIP  string `json:"from_ip"`
}

type exportAnswer struct {
	header
	Transactions          []exportRow `json:"transactions"`
	ExternalTransactionID string      `json:"external_transaction_id"`
}

func exportAnswerOf(rows []exportRow) answer {
	return done(1, exported, 0, exportAnswer{header: header{true, 1, exported}, Transactions: rows})
}

// exportByID shows one transaction. While the export lags it is not found yet.
func exportByID(s *Simulator, c *call) answer {
	id, ok := parseID(c.TransactionID)
	if !ok {
		return s.refuse(c, s.settings.blankID())
	}
	t := s.indexes.byID[id]
	if t == nil || !s.exportShows(t) {
		if s.settings.ExportNotFound == errNotFound.Code {
			return s.refuse(c, errNotFound)
		}
		return exportAnswerOf([]exportRow{})
	}
	return exportAnswerOf([]exportRow{s.exportRow(t, c.IncludeBIN.isTrue())})
}

// exportByDates shows the transactions made in the dates, oldest first, cut off
// at the row cap.
func exportByDates(s *Simulator, c *call) answer {
	from, until, ok := s.dates(&c.request)
	if !ok {
		return s.refuse(c, s.settings.Errors.Dates)
	}
	rows := []exportRow{}
	for _, t := range s.books.Transactions {
		if rowCap := s.faults.plan.Export.RowCap; rowCap > 0 && len(rows) == rowCap {
			break
		}
		if t.CreatedAt.Before(from) || !t.CreatedAt.Before(until) || !s.exportShows(t) || !t.matches(&c.request) {
			continue
		}
		rows = append(rows, s.exportRow(t, c.IncludeBIN.isTrue()))
	}
	return exportAnswerOf(rows)
}

// dates reads start_date and end_date, whole days in the export's time zone.
func (s *Simulator) dates(q *request) (from, until time.Time, ok bool) {
	from, errFrom := time.ParseInLocation("1/2/2006", string(q.StartDate), s.faults.timeZone)
	end, errEnd := time.ParseInLocation("1/2/2006", string(q.EndDate), s.faults.timeZone)
	return from, end.AddDate(0, 0, 1), errFrom == nil && errEnd == nil && !end.Before(from)
}

func (s *Simulator) exportShows(t *transaction) bool {
	lag := time.Duration(s.faults.plan.Export.LagSeconds * float64(time.Second))
	return lag == 0 || !s.now().Before(t.CreatedAt.Add(lag))
}

// matches applies the optional filters. including_text looks at the invoice and
// the customer reference.
func (t *transaction) matches(q *request) bool {
	if id, ok := parseID(q.TransactionID); q.TransactionID != "" && (!ok || id != t.ID) {
		return false
	}
	if q.CustomerID != "" && string(q.CustomerID) != t.CustomerID {
		return false
	}
	if !t.isOfType(strings.ToUpper(string(q.TransactionType))) {
		return false
	}
	wanted := strings.ToLower(string(q.IncludingText))
	return strings.Contains(strings.ToLower(t.InvoiceID), wanted) || strings.Contains(strings.ToLower(t.CustomerReferenceID), wanted)
}

// isOfType knows the transaction_type filter's values, of which some are kinds
// and some are states. Nothing is ever STR/FWD here.
func (t *transaction) isOfType(wanted string) bool {
	switch wanted {
	case "":
		return true
	case "SALE", "AUTHORIZATION", "REFUND":
		return strings.ToUpper(t.Kind) == wanted
	}
	states := map[string]string{"VOID": stateVoided, "SETTLED": stateSettled, "PENDING": statePending, "DECLINED": stateDeclined}
	return states[wanted] == t.State
}

func (s *Simulator) exportRow(t *transaction, includeBIN bool) exportRow {
	code, message := s.exportStatus(t)
	row := exportRow{
		TransactionID: t.ID, CreditCard: exportCardOf(t.Card, includeBIN),
		TransactionType: strings.ToUpper(t.Kind), Description: t.Description, Amount: t.Amount.number(), InvoiceID: t.InvoiceID,
		ShippingAddress: shippingRow(t.Shipping), BillingAddress: t.Billing, ReceiptEmailedTo: t.Email, TaxAmount: t.TaxAmount,
		CustomerReferenceID: t.CustomerReferenceID, ApprovalCode: t.ApprovalCode, ApprovalMessage: t.ApprovalMessage,
		AVSResponse: t.AVS, CSCResponse: t.CSC, StatusCode: code, StatusMessage: message,
		Created:    created{t.Through, s.exportTime(t.CreatedAt), t.By, t.FromIP},
		Settled:    s.exportTime(t.SettledAt),
		CustomerID: t.CustomerID,
	}
	if t.Captured {
		row.TransactionType = s.settings.CapturedType
	}
	row.BillingAddress.County = "" // Billing addresses have none.
	return row
}

func exportCardOf(c card, includeBIN bool) exportCard {
	return exportCard{c.exportMask(includeBIN), c.Month, c.Year % 100}
}

func (s *Simulator) exportStatus(t *transaction) (code, message string) {
	switch t.State {
	case stateSettled:
		code = fmt.Sprintf("GB%d", t.Batch)
		return code, code
	case statePending:
		return "Y", "Pending Settlement"
	case stateVoided:
		return "N", s.settings.VoidedText
	case stateDeclined:
		return "N", s.settings.DeclinedText
	}
	return "N", "Authorization Only"
}

// exportTime is empty for what has not happened.
func (s *Simulator) exportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.faults.timeZone).Format(exportLayout)
}

// isTrue reads the ways in which clients say yes.
func (t text) isTrue() bool {
	return slices.Contains([]string{"true", "1", "y", "yes"}, strings.ToLower(string(t)))
}
