package paytrace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// exportRow is a transaction in an export.
type exportRow struct {
	TransactionID int64      `json:"transaction_id"`
	CreditCard    exportCard `json:"credit_card"`
	Type          word       `json:"transaction_type"`
	Amount        word       `json:"amount"`
	Description   word       `json:"description"`
	InvoiceID     word       `json:"invoice_id"`
	Reference     word       `json:"customer_reference_id"`
	StatusCode    word       `json:"status_code"`
	StatusMessage word       `json:"status_message"`
	Settled       word       `json:"settled"`
	Created       struct {
		At word `json:"at"`
		By word `json:"by"`
	} `json:"created"`
}

type exportCard struct {
	MaskedNumber    word `json:"masked_number"`
	ExpirationMonth word `json:"expiration_month"`
	ExpirationYear  word `json:"expiration_year"`
}

// Transaction looks one transaction up. It returns gateway.ErrNotFound only
// when PayTrace itself says that it has none.
func (c *Client) Transaction(ctx context.Context, transactionID string) (gateway.Record, error) {
	a, err := c.export(ctx, exportIDPath, exportRequest{TransactionID: transactionID, IncludeBIN: true}, "58", "811")
	if err != nil {
		return gateway.Record{}, err
	}
	if a.Transactions == nil {
		return gateway.Record{}, errNoRows
	}
	if len(a.Transactions) == 0 {
		return gateway.Record{}, gateway.ErrNotFound
	}
	for _, row := range a.Transactions {
		if strconv.FormatInt(row.TransactionID, 10) == transactionID {
			return c.record(row)
		}
	}
	return gateway.Record{}, errors.New("PayTrace's export shows other transactions than the one asked for")
}

// Transactions returns what was made on the days from..to.
func (c *Client) Transactions(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
	a, err := c.export(ctx, exportDatesPath, exportRequest{
		StartDate: c.day(from), EndDate: c.day(to), IncludingText: text,
	})
	if err != nil {
		return nil, err
	}
	if a.Transactions == nil {
		return nil, errNoRows
	}
	records := make([]gateway.Record, 0, len(a.Transactions))
	for _, row := range a.Transactions {
		// One row that cannot be read spoils the export: what is missing from a
		// look-up would pass for what was never made.
		record, err := c.record(row)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// Books is Transactions, for a person.
func (c *Client) Books(ctx context.Context, from, to time.Time) ([]gateway.Record, error) {
	records, err := c.Transactions(ctx, from, to, "")
	if errors.Is(err, errCredentials) {
		err = fmt.Errorf("%w: %w", gateway.ErrCredentials, err)
	}
	return records, err
}

var errNoRows = errors.New("PayTrace's export has no list of transactions")

func (c *Client) day(t time.Time) string { return t.In(c.zone).Format("01/02/2006") }

// export asks for an export. The errors named in absent mean that what was
// asked for does not exist.
func (c *Client) export(ctx context.Context, path string, request exportRequest, absent ...string) (answer, error) {
	request.IntegratorID = c.config.IntegratorID
	body, err := json.Marshal(request)
	if err != nil {
		return answer{}, errors.New("the request cannot be written as JSON")
	}
	r := c.send(ctx, c.looks, path, plainBody(body), time.Time{}, maxExport)
	if r.err != nil {
		return answer{}, fmt.Errorf("asking PayTrace for an export: %w", r.err)
	}
	a, err := r.read()
	// Whether a profile is a card or a bank account nobody knows before the answer.
	a.bank = path == exportProfilePath
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("PayTrace's export, HTTP %d: %w", r.status, err)
	case r.status < 200 || (r.status >= 300 && r.status < 400) || serverFault(r.status) || !a.complete():
		return answer{}, fmt.Errorf("PayTrace's export failed with HTTP %d: %s", r.status, a.summary())
	case a.Success && a.ResponseCode == 1 && len(a.Errors) == 0:
		return a, nil
	case !a.Success && a.ResponseCode == 1 && a.onlyErrors(absent):
		return answer{}, gateway.ErrNotFound
	}
	return answer{}, fmt.Errorf("PayTrace's export failed: %s", a.summary())
}

// onlyErrors says that the answer has errors, all of them among these.
func (a answer) onlyErrors(among []string) bool {
	found := 0
	for _, number := range among {
		if _, ok := a.Errors[number]; ok {
			found++
		}
	}
	return found > 0 && found == len(a.Errors)
}

// record is a row as the gateway knows it.
func (c *Client) record(row exportRow) (gateway.Record, error) {
	broken := func(what string) (gateway.Record, error) {
		return gateway.Record{}, fmt.Errorf("PayTrace's export shows transaction %d with %s that cannot be read", row.TransactionID, what)
	}
	if row.TransactionID <= 0 {
		return broken("an id")
	}
	// Whether a refund's amount has a sign is not documented; its size counts.
	amount, err := gateway.ParseMoney(strings.TrimPrefix(string(row.Amount), "-"))
	if err != nil {
		return broken("an amount")
	}
	created, err := c.moment(row.Created.At)
	if err != nil {
		return broken("a creation date")
	}
	settled, err := c.moment(row.Settled)
	if err != nil {
		return broken("a settlement date")
	}
	record := gateway.Record{
		TransactionID: strconv.FormatInt(row.TransactionID, 10),
		Kind:          kindOf(row), State: stateOf(row), Amount: amount,
		Reference: string(row.Reference), OrderID: string(row.InvoiceID),
		Card:      gateway.CardSummary{Brand: brandOf(string(row.CreditCard.MaskedNumber)), LastFour: lastFour(string(row.CreditCard.MaskedNumber))},
		CreatedBy: string(row.Created.By), CreatedAt: created, SettledAt: settled, Batch: batchOf(row),
	}
	if c.config.ReferenceField == ReferenceInDescription {
		record.Reference = string(row.Description)
	}
	record.OrderID = strings.TrimSuffix(record.OrderID, c.invoiceSuffix(record.Reference))
	if order, start, ok := cutSuffix(record.OrderID); ok && c.config.InvoiceSuffix && !ours.MatchString(record.Reference) {
		record.OrderID, record.ReferenceStart = order, start
	}
	for _, text := range []*string{&record.OrderID, &record.Reference, &record.ReferenceStart, &record.CreatedBy} {
		if tokenization.FindCardNumber(*text) {
			*text = noCard
		}
	}
	return record, nil
}

// noCard stands for a text with a card number in it. Whoever works at PayTrace's
// own screens can type one into any field, and what is read there is kept, told
// and logged. Nothing of ours is lost: no order of a shop's has one.
const noCard = "[card number]"

// ours is a reference of a charge as the gateway makes it. A purchase order that
// was told as enhanced data stands in its place.
var ours = regexp.MustCompile(`^[A-Z2-7]{16}$`)

// cutSuffix takes the suffix of an attempt from an invoice. A refund's row bears
// its charge's invoice and no reference, and neither does the row of a charge
// whose purchase order PayTrace was told.
func cutSuffix(invoice string) (order, start string, ok bool) {
	m := suffixed.FindStringSubmatch(invoice)
	if m == nil {
		return invoice, "", false
	}
	return m[1], m[2], true
}

// suffixed is an invoice with the beginning of a reference, which is base32.
var suffixed = regexp.MustCompile(`^(.*)-([A-Z2-7]{6})$`)

// moment reads a US date with twelve hours and without a zone; the empty one
// is the zero time.
func (c *Client) moment(w word) (time.Time, error) {
	s := strings.TrimSpace(string(w))
	if s == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation("1/2/2006 3:04:05 PM", s, c.zone)
}

func kindOf(row exportRow) gateway.OperationKind {
	switch strings.ToUpper(strings.TrimSpace(string(row.Type))) {
	case "SALE", "STR/FWD":
		return gateway.KindSale
	case "AUTHORIZATION":
		return gateway.KindAuthorize
	case "REFUND":
		return gateway.KindRefund
	case "VOID":
		return gateway.KindVoid
	}
	return ""
}

// settledIn is the status code of a transaction settled in a batch.
var settledIn = regexp.MustCompile(`^GB(\d+)$`)

// batchOf is the number of the batch, which the code of a settled transaction has.
func batchOf(row exportRow) string {
	if in := settledIn.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(string(row.StatusCode)))); in != nil {
		return in[1]
	}
	return ""
}

// stateOf reads the state from the status. N alone says little: its message
// tells an authorization from what was voided or declined. What fits no
// documented pair is RecordOther, from which nothing is concluded.
func stateOf(row exportRow) gateway.RecordState {
	upper := func(w word) string { return strings.ToUpper(strings.TrimSpace(string(w))) }
	status, message := upper(row.StatusCode), upper(row.StatusMessage)
	settled := upper(row.Settled) != ""
	switch {
	case status == "N" && settled:
		return gateway.RecordOther
	case status == "N" && strings.Contains(message, "DECL"):
		return gateway.RecordDeclined
	case status == "N" && (strings.Contains(message, "VOID") || upper(row.Type) == "VOID"):
		return gateway.RecordVoided
	case status == "N" && message == "AUTHORIZATION ONLY":
		return gateway.RecordAuthorized
	case status == "N":
		return gateway.RecordOther
	case settledIn.MatchString(status), strings.Contains(status, "SETTLED"), settled:
		return gateway.RecordSettled
	case status == "Y":
		return gateway.RecordPending
	}
	return gateway.RecordOther
}
