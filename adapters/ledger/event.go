package ledger

import (
	"cmp"
	"database/sql"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

const insertEventSQL = `INSERT INTO events
	(id, merchant_id, payment_id, subject, operation_id, type, version, at, body)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

// insertUnheardEventSQL spreads an event at once where nobody is to hear of it:
// whose subscription was kept before is seen by the statement itself.
const insertUnheardEventSQL = `INSERT INTO events
	(id, merchant_id, payment_id, subject, operation_id, type, version, at, body, spread)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,
		NOT EXISTS (SELECT 1 FROM subscriptions WHERE merchant_id = ? AND seen_at >= ?))`

const eventColumns = `events.id, events.merchant_id, events.payment_id, events.subject, events.operation_id,
	events.type, events.version, events.at, events.body`

// eventRow is an event, and what it tells as JSON: a payment, the transaction
// that belongs to none, or the news of the vault.
type eventRow struct {
	gateway.Event
	body string
	// heardSince is that of the change.
	heardSince time.Time
}

func (e eventRow) write(s *session) error {
	values := []any{e.ID, e.MerchantID, orNull(e.PaymentID), orNull(e.subject()), e.OperationID, e.Type, e.Version, e.At.UnixMicro(), e.body}
	if e.heardSince.IsZero() {
		return s.put(insertEventSQL, values...)
	}
	return s.put(insertUnheardEventSQL, append(values, e.MerchantID, e.heardSince.UnixMicro())...)
}

// subject is what the event's queue is when it is neither payment nor event.
func (e eventRow) subject() string {
	if e.Vault == nil {
		return ""
	}
	return e.Queue()
}

// storedEvent takes what eventColumns has of an event.
type storedEvent struct {
	event            gateway.Event
	payment, subject sql.NullString
	at               int64
	body             string
}

func (s *storedEvent) columns() []any {
	e := &s.event
	return []any{&e.ID, &e.MerchantID, &s.payment, &s.subject, &e.OperationID, &e.Type, &e.Version, &s.at, &s.body}
}

// queue is Event.Queue, of an event that may be unreadable.
func (s *storedEvent) queue() string {
	return cmp.Or(s.payment.String, s.subject.String, s.event.ID)
}

func (s *storedEvent) decode() (gateway.Event, error) {
	e := s.event
	e.PaymentID, e.At = s.payment.String, timeOf(s.at)
	var err error
	switch {
	case s.payment.Valid:
		e.Payment, err = decodePayment(s.body)
	case s.subject.Valid:
		var news gateway.VaultNews
		if news, err = decodeVault[gateway.VaultNews](s.body); err != nil {
			news = s.unreadNews()
		}
		e.Vault = &news
	default:
		var record gateway.Record
		record, err = decodeRecord(s.body)
		e.Transaction = &record
	}
	return e, err
}

// unreadNews is as much of the news as the queue says.
func (s *storedEvent) unreadNews() gateway.VaultNews {
	mode, customer, _ := strings.Cut(strings.TrimPrefix(s.subject.String, "vault:"+s.event.MerchantID+":"), ":")
	return gateway.VaultNews{LiveMode: mode == "true", CustomerID: customer}
}
