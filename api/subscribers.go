package api

import (
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// longestSubscriber bounds a subscriber's name.
const longestSubscriber = 32

// subscriberView is how one subscriber stands, as the contract shows it.
type subscriberView struct {
	Subscriber       string    `json:"subscriber"`
	SubscriberStatus string    `json:"subscriberStatus"`
	PendingCount     int       `json:"pendingCount"`
	OldestPendingAt  time.Time `json:"oldestPendingAt,omitzero"`
	DeadCount        int       `json:"deadCount"`
	PausedUntil      time.Time `json:"pausedUntil,omitzero"`
	PausedAt         time.Time `json:"pausedAt,omitzero"`
	PausedReason     string    `json:"pausedReason,omitempty"`
	DisabledAt       time.Time `json:"disabledAt,omitzero"`
	DisabledReason   string    `json:"disabledReason,omitempty"`
	RequestID        string    `json:"requestId,omitempty"`
}

// subscriberList is all of a merchant's.
type subscriberList struct {
	Items     []subscriberView `json:"items"`
	RequestID string           `json:"requestId,omitempty"`
}

func (s *Server) listSubscribers(c *fiber.Ctx) error {
	err := readQuery(c, func(string, string) string { return unknownParameter })
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	standings, err := s.gateway.Subscribers(ctx, principal(c).MerchantID)
	if err != nil {
		return err
	}
	list := subscriberList{Items: make([]subscriberView, 0, len(standings)), RequestID: requestID(c)}
	for _, standing := range standings {
		list.Items = append(list.Items, viewOfSubscriber(standing))
	}
	return writeJSON(c, http.StatusOK, list)
}

func (s *Server) enableSubscriber(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[personRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	merchantID, name := principal(c).MerchantID, param(c, "subscriber")
	if err := s.gateway.EnableSubscriber(ctx, merchantID, decider(c, request.DecidedBy), name); err != nil {
		return err
	}
	standings, err := s.gateway.Subscribers(ctx, merchantID)
	if err != nil {
		return err
	}
	v := viewOfSubscriber(gateway.SubscriberStanding{Name: name})
	for _, standing := range standings {
		if standing.Name == name {
			v = viewOfSubscriber(standing)
		}
	}
	v.RequestID = requestID(c)
	return writeJSON(c, http.StatusOK, v)
}

func viewOfSubscriber(s gateway.SubscriberStanding) subscriberView {
	return subscriberView{
		Subscriber: s.Name, SubscriberStatus: subscriberStatus(s),
		PendingCount: s.Owed.Pending, OldestPendingAt: s.Owed.OldestPending, DeadCount: s.Owed.Dead,
		PausedUntil: s.PausedUntil, PausedAt: s.PausedAt, PausedReason: s.PausedReason, DisabledAt: s.State.DisabledAt, DisabledReason: s.State.Reason,
	}
}

// subscriberStatus names what keeps a subscriber from being told, the most
// lasting first.
func subscriberStatus(s gateway.SubscriberStanding) string {
	switch {
	case !s.Configured:
		return "not_configured"
	case !s.State.DisabledAt.IsZero():
		return "disabled"
	case !s.PausedUntil.IsZero():
		return "paused"
	default:
		return "active"
	}
}
