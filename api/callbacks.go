package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// deliveryView is an event on its way to one subscriber, as the contract shows
// it. A page has the last attempt alone, the answer about one delivery has the
// whole log.
type deliveryView struct {
	DeliveryID     string    `json:"deliveryId"`
	MerchantID     string    `json:"merchantId"`
	LiveMode       bool      `json:"liveMode"`
	Subscriber     string    `json:"subscriber"`
	DeliveryStatus string    `json:"deliveryStatus"`
	EventID        string    `json:"eventId"`
	EventType      string    `json:"eventType"`
	OccurredAt     time.Time `json:"occurredAt"`
	PaymentID      string    `json:"paymentId,omitempty"`
	PaymentVersion int64     `json:"paymentVersion,omitempty"`
	// Of a stored card: whose it is, which, and the customer's version.
	CustomerID      string        `json:"customerId,omitempty"`
	PaymentMethodID string        `json:"paymentMethodId,omitempty"`
	CustomerVersion int64         `json:"customerVersion,omitempty"`
	DueAt           time.Time     `json:"dueAt,omitzero"`
	AttemptCount    int           `json:"attemptCount"`
	LastAttempt     *attemptView  `json:"lastAttempt,omitempty"`
	AttemptLog      []attemptView `json:"attemptLog,omitempty"`
	CreatedAt       time.Time     `json:"createdAt"`
	UpdatedAt       time.Time     `json:"updatedAt"`
	RequestID       string        `json:"requestId,omitempty"`
}

// attemptView is one entry of a delivery's log.
type attemptView struct {
	AttemptedAt time.Time               `json:"attemptedAt"`
	Outcome     gateway.DeliveryOutcome `json:"outcome"`
	StatusCode  int                     `json:"statusCode,omitempty"`
	TookMs      int64                   `json:"tookMs,omitempty"`
	Detail      string                  `json:"detail,omitempty"`
	Attention   string                  `json:"attention,omitempty"`
	AttemptedBy string                  `json:"attemptedBy,omitempty"`
}

func (s *Server) listCallbacks(c *fiber.Ctx) error {
	filter := gateway.DeliveryFilter{MerchantID: principal(c).MerchantID, Limit: defaultPage}
	err := readQuery(c, func(name, value string) string { return applyDeliveryFilter(&filter, name, value) })
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	found, more, err := s.gateway.Deliveries(ctx, filter)
	if err != nil {
		return err
	}
	return writePage(c, found, more, viewOfDelivery, func(d gateway.Delivery) string { return cursor(d.ID) })
}

// deliveryStatuses are those that a list can be narrowed to. What is parked is
// pending: whether a dead letter stands in front of it is seen only when it is
// read.
var deliveryStatuses = []gateway.DeliveryStatus{
	gateway.DeliveryPending, gateway.DeliveryDone, gateway.DeliveryDead, gateway.DeliverySkipped,
}

// parked is shown in place of pending.
const parked = "parked"

func applyDeliveryFilter(f *gateway.DeliveryFilter, name, value string) string {
	switch name {
	case "deliveryStatus":
		status := gateway.DeliveryStatus(value)
		if !slices.Contains(deliveryStatuses, status) {
			return "expected one of: pending (what is parked is among it), delivered, dead, skipped"
		}
		f.Statuses = []gateway.DeliveryStatus{status}
	case "subscriber":
		f.Subscriber = value
		return readName(value, longestSubscriber)
	case "paymentId":
		f.PaymentID = value
		return readName(value, 64)
	case "createdFrom":
		return readTime(value, &f.CreatedFrom)
	case "createdTo":
		return readTime(value, &f.CreatedTo)
	case "pageSize":
		return readPageSize(value, &f.Limit)
	case "cursor":
		var ok bool
		if f.Before, ok = readDeliveryCursor(value); !ok {
			return wrongCursor
		}
	default:
		return unknownParameter
	}
	return ""
}

func readDeliveryCursor(value string) (id string, ok bool) {
	id, ok = readCursor(value)
	return id, ok && strings.HasPrefix(id, "dlv_")
}

func (s *Server) getCallback(c *fiber.Ctx) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	d, err := s.gateway.Delivery(ctx, principal(c).MerchantID, param(c, "deliveryId"))
	if err != nil {
		return err
	}
	return writeDelivery(c, d)
}

func writeDelivery(c *fiber.Ctx, d gateway.Delivery) error {
	v := viewOfDelivery(d)
	for _, a := range d.Log {
		v.AttemptLog = append(v.AttemptLog, viewOfAttempt(a))
	}
	v.RequestID = requestID(c)
	return writeJSON(c, http.StatusOK, v)
}

func viewOfDelivery(d gateway.Delivery) deliveryView {
	v := deliveryView{
		DeliveryID: d.ID, MerchantID: d.MerchantID, LiveMode: d.LiveMode, Subscriber: d.Subscriber, DeliveryStatus: string(d.Status),
		EventID: d.Event.ID, EventType: d.Event.Type, OccurredAt: d.Event.At,
		DueAt: d.Due, AttemptCount: d.Attempts, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	if news := d.Event.Vault; news != nil {
		v.CustomerID, v.PaymentMethodID, v.CustomerVersion = news.CustomerID, news.Method.ID, d.Event.Version
	} else {
		v.PaymentID, v.PaymentVersion = d.Event.PaymentID, d.Event.Version
	}
	if d.Parked {
		// When it is due says nothing while it waits for a person.
		v.DeliveryStatus, v.DueAt = parked, time.Time{}
	}
	if len(d.Log) > 0 {
		last := viewOfAttempt(d.Log[len(d.Log)-1])
		v.LastAttempt = &last
	}
	return v
}

func viewOfAttempt(a gateway.Attempt) attemptView {
	return attemptView{
		AttemptedAt: a.At, Outcome: a.Outcome, StatusCode: a.StatusCode, TookMs: a.Took.Milliseconds(),
		Detail: a.Detail, Attention: a.Attention, AttemptedBy: a.By,
	}
}
