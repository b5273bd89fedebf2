package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// largestDifferences bounds the differences in a report as JSON; as CSV it has every
// transaction.
const largestDifferences = 100

// headerComplete says of a report as CSV what the member complete says of one as JSON.
const headerComplete = "X-Report-Complete"

// firstYear is before any gateway's.
const firstYear = 2000

// The forms of a report.
const (
	formJSON = "json"
	formCSV  = "csv"
)

// settlementView is the report as the contract shows it.
type settlementView struct {
	MerchantID       string              `json:"merchantId"`
	LiveMode         bool                `json:"liveMode"`
	CurrencyCode     string              `json:"currencyCode"`
	SettledFrom      string              `json:"settledFrom"`
	SettledTo        string              `json:"settledTo"`
	TimeZone         string              `json:"timeZone"`
	MadeFromAt       time.Time           `json:"madeFromAt"`
	GeneratedAt      time.Time           `json:"generatedAt"`
	Complete         bool                `json:"complete"`
	Totals           settlementTotals    `json:"totals"`
	Days             []settlementDayView `json:"days"`
	TransactionCount int                 `json:"transactionCount"`
	DifferenceCount  int                 `json:"differenceCount"`
	Differences      []settledView       `json:"differences"`
	RequestID        string              `json:"requestId,omitempty"`
}

type settlementTotals struct {
	ChargeCount  int           `json:"chargeCount"`
	ChargeAmount gateway.Money `json:"chargeAmount"`
	RefundCount  int           `json:"refundCount"`
	RefundAmount gateway.Money `json:"refundAmount"`
	NetAmount    gateway.Money `json:"netAmount"`
}

type settlementDayView struct {
	SettlementDate string                `json:"settlementDate"`
	Totals         settlementTotals      `json:"totals"`
	Batches        []settlementBatchView `json:"batches"`
	Cards          []settlementCardsView `json:"cards"`
}

type settlementBatchView struct {
	BatchNumber string           `json:"batchNumber,omitempty"`
	Totals      settlementTotals `json:"totals"`
}

type settlementCardsView struct {
	CardType string           `json:"cardType,omitempty"`
	Totals   settlementTotals `json:"totals"`
}

// settledView is one transaction on which PayTrace and the gateway do not agree.
type settledView struct {
	TransactionID      string                  `json:"transactionId"`
	Match              gateway.SettlementMatch `json:"match"`
	TransactionKind    gateway.OperationKind   `json:"transactionKind,omitempty"`
	Amount             gateway.Money           `json:"amount"`
	PaymentID          string                  `json:"paymentId,omitempty"`
	PaymentAmount      *gateway.Money          `json:"paymentAmount,omitempty"`
	OrderID            string                  `json:"orderId,omitempty"`
	ProcessorReference string                  `json:"processorReference,omitempty"`
	CardType           gateway.Brand           `json:"cardType,omitempty"`
	Last4Digits        string                  `json:"last4Digits,omitempty"`
	BatchNumber        string                  `json:"batchNumber,omitempty"`
	CreatedAt          time.Time               `json:"createdAt"`
	SettledAt          time.Time               `json:"settledAt,omitzero"`
}

func (s *Server) settlementReport(c *fiber.Ctx) error {
	asked := settlementQuery{}
	if err := readQuery(c, asked.apply); err != nil {
		return err
	}
	query, err := asked.judge()
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	query.MerchantID = principal(c).MerchantID
	report, err := s.gateway.SettlementReport(ctx, query)
	if err != nil {
		return err
	}
	if asked.form == formCSV {
		return writeSettlementCSV(c, report)
	}
	view := viewOfSettlement(report)
	view.RequestID = requestID(c)
	return writeJSON(c, http.StatusOK, view)
}

// settlementQuery is what stands in the query.
type settlementQuery struct {
	date, from, to time.Time
	form           string
}

func (q *settlementQuery) apply(name, value string) string {
	switch name {
	case "settlementDate":
		return readDate(value, &q.date)
	case "settledFrom":
		return readDate(value, &q.from)
	case "settledTo":
		return readDate(value, &q.to)
	case "outputFormat":
		if q.form = value; value != formJSON && value != formCSV {
			return "expected json or csv"
		}
		return ""
	default:
		return unknownParameter
	}
}

func readDate(value string, date *time.Time) string {
	var err error
	if *date, err = time.Parse(time.DateOnly, value); err != nil || date.Year() < firstYear {
		return "expected a date, such as 2026-03-02"
	}
	return ""
}

// judge finds the days that are meant.
func (q *settlementQuery) judge() (gateway.SettlementQuery, error) {
	wrong := func(name, message string) (gateway.SettlementQuery, error) {
		return gateway.SettlementQuery{}, fieldProblem(codeInvalidRequest, name, message)
	}
	ranged := !q.from.IsZero() || !q.to.IsZero()
	switch {
	case !q.date.IsZero() && ranged:
		return wrong("settlementDate", "expected either this, or settledFrom and settledTo")
	case !q.date.IsZero():
		return gateway.SettlementQuery{From: q.date, To: q.date}, nil
	case !ranged:
		return wrong("settlementDate", "expected this, or settledFrom and settledTo: the days whose settlements are asked for")
	case q.from.IsZero():
		return wrong("settledFrom", "expected the first day beside settledTo, which is the last")
	case q.to.IsZero():
		return wrong("settledTo", "expected the last day beside settledFrom, which is the first")
	case q.to.Before(q.from):
		return wrong("settledTo", "expected a day that is not before settledFrom")
	case !q.to.Before(q.from.AddDate(0, 0, gateway.ReportDays)):
		return wrong("settledTo", fmt.Sprintf("expected at most %d days from settledFrom on", gateway.ReportDays))
	}
	return gateway.SettlementQuery{From: q.from, To: q.to}, nil
}

func viewOfSettlement(r gateway.SettlementReport) settlementView {
	differences := r.Differences()
	v := settlementView{
		MerchantID: r.Merchant.ID, LiveMode: r.Merchant.LiveMode, CurrencyCode: r.Merchant.Currency,
		SettledFrom: r.From.Format(time.DateOnly), SettledTo: r.To.Format(time.DateOnly), TimeZone: r.TimeZone(),
		MadeFromAt: r.MadeFrom.UTC(), GeneratedAt: r.At.UTC(), Complete: r.Complete,
		Totals: totalsOf(r.Sums()), Days: []settlementDayView{}, Differences: []settledView{},
		TransactionCount: len(r.Transactions), DifferenceCount: len(differences),
	}
	for _, d := range r.Days() {
		day := settlementDayView{SettlementDate: d.Date, Totals: totalsOf(d.Sums)}
		for _, b := range d.Batches {
			day.Batches = append(day.Batches, settlementBatchView{b.Name, totalsOf(b.Sums)})
		}
		for _, c := range d.Cards {
			day.Cards = append(day.Cards, settlementCardsView{c.Name, totalsOf(c.Sums)})
		}
		v.Days = append(v.Days, day)
	}
	for _, t := range differences[:min(len(differences), largestDifferences)] {
		v.Differences = append(v.Differences, viewOfSettled(t))
	}
	return v
}

func totalsOf(s gateway.SettlementSums) settlementTotals {
	return settlementTotals{s.Charges, s.ChargeAmount, s.Refunds, s.RefundAmount, s.Net()}
}

func viewOfSettled(t gateway.SettledTransaction) settledView {
	v := settledView{
		TransactionID: t.TransactionID, Match: t.Match, TransactionKind: t.Kind, Amount: t.Amount, PaymentID: t.PaymentID,
		OrderID: t.OrderID, ProcessorReference: t.Reference, CardType: t.Card.Brand, Last4Digits: t.Card.LastFour,
		BatchNumber: t.Batch, CreatedAt: t.CreatedAt.UTC(), SettledAt: t.SettledAt.UTC(),
	}
	if t.PaymentID != "" {
		v.PaymentAmount = &t.LedgerAmount
	}
	return v
}

// settlementColumns are the columns of a report as CSV, one line for each transaction.
var settlementColumns = []string{
	"settlementDate", "settledAt", "batchNumber", "transactionId", "transactionKind", "amount", "currencyCode", "match",
	"paymentId", "paymentAmount", "orderId", "processorReference", "cardType", "last4Digits", "createdAt",
}

// SettlementTable is a report as CSV, one line for each transaction.
func SettlementTable(r gateway.SettlementReport) ([]byte, error) {
	var text bytes.Buffer
	lines := csv.NewWriter(&text)
	_ = lines.Write(settlementColumns) // a buffer takes everything
	for _, t := range r.Transactions {
		v := viewOfSettled(t)
		ours := ""
		if v.PaymentAmount != nil {
			ours = v.PaymentAmount.String()
		}
		_ = lines.Write([]string{
			r.Day(t), momentOf(v.SettledAt), v.BatchNumber, v.TransactionID, string(v.TransactionKind), v.Amount.String(), r.Merchant.Currency, string(v.Match),
			v.PaymentID, ours, plainCell(v.OrderID), plainCell(v.ProcessorReference), string(v.CardType), v.Last4Digits, momentOf(v.CreatedAt),
		})
	}
	lines.Flush()
	return text.Bytes(), lines.Error()
}

// SettlementJSON is a report as the contract shows it, outside of any request.
func SettlementJSON(r gateway.SettlementReport) ([]byte, error) {
	return json.MarshalIndent(viewOfSettlement(r), "", "  ")
}

func writeSettlementCSV(c *fiber.Ctx, r gateway.SettlementReport) error {
	text, err := SettlementTable(r)
	if err != nil {
		return err
	}
	// Salesforce imports a contract with this media type, and none with text/csv.
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(headerComplete, strconv.FormatBool(r.Complete))
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="settlement-%s-%s-%s.csv"`,
		r.Merchant.ID, r.From.Format(time.DateOnly), r.To.Format(time.DateOnly)))
	return c.Send(text)
}

func momentOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// plainCell keeps a spreadsheet from taking for a formula what somebody has typed at
// PayTrace's screens, or a shopper has had written into an order's number.
func plainCell(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@＝＋－＠\t\r", first) {
		return "'" + s
	}
	return s
}
