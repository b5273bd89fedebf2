package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// personRequest is the body of what a person decides without more words.
type personRequest struct {
	DecidedBy string `json:"decidedBy" validate:"required,max=100,printable"`
}

// skipRequest is the body of POST /api/v1/callbacks/{deliveryId}/skip.
type skipRequest struct {
	DecidedBy string `json:"decidedBy" validate:"required,max=100,printable"`
	Note      string `json:"note" validate:"max=500,printable"`
}

// leftoversRequest is the body of POST /api/v1/callbacks/skip.
type leftoversRequest struct {
	Subscriber string `json:"subscriber" validate:"required,max=32,printable"`
	DecidedBy  string `json:"decidedBy" validate:"required,max=100,printable"`
	Note       string `json:"note" validate:"max=500,printable"`
}

// leftoversAnswer is what came of one call.
type leftoversAnswer struct {
	SkippedCount int    `json:"skippedCount"`
	HasMore      bool   `json:"hasMore"`
	RequestID    string `json:"requestId,omitempty"`
}

// replayRequest is the body of POST /api/v1/callbacks/replay. It needs a
// beginning, so that nobody sends everything again by an empty body.
type replayRequest struct {
	Subscriber       string     `json:"subscriber" validate:"max=32,printable"`
	CreatedFrom      *time.Time `json:"createdFrom" validate:"required"`
	CreatedTo        *time.Time `json:"createdTo"`
	IncludeDelivered bool       `json:"includeDelivered"`
	DecidedBy        string     `json:"decidedBy" validate:"required,max=100,printable"`
	Cursor           string     `json:"cursor" validate:"max=200"`
}

// replayAnswer is what came of one part of the range.
type replayAnswer struct {
	ReplayedCount int    `json:"replayedCount"`
	LeftCount     int    `json:"leftCount"`
	NextCursor    string `json:"nextCursor,omitempty"`
	HasMore       bool   `json:"hasMore"`
	RequestID     string `json:"requestId,omitempty"`
}

// These calls move no money, so they need no key: what is replayed twice is
// told twice, which a subscriber has to bear anyhow.

func (s *Server) replayCallback(c *fiber.Ctx) error {
	return decideCallback(s, c, func(ctx context.Context, r personRequest) (gateway.Delivery, error) {
		return s.gateway.Replay(ctx, principal(c).MerchantID, decider(c, r.DecidedBy), param(c, "deliveryId"))
	})
}

func (s *Server) skipCallback(c *fiber.Ctx) error {
	return decideCallback(s, c, func(ctx context.Context, r skipRequest) (gateway.Delivery, error) {
		return s.gateway.Skip(ctx, principal(c).MerchantID, decider(c, r.DecidedBy), param(c, "deliveryId"), r.Note)
	})
}

func decideCallback[T any](s *Server, c *fiber.Ctx, decide func(context.Context, T) (gateway.Delivery, error)) error {
	request, ctx, cancel, err := decided[T](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	d, err := decide(ctx, request)
	if err != nil {
		return err
	}
	return writeDelivery(c, d)
}

func (s *Server) skipCallbacks(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[leftoversRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	done, err := s.gateway.SkipLeftovers(ctx, principal(c).MerchantID, decider(c, request.DecidedBy), request.Subscriber, request.Note)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, leftoversAnswer{SkippedCount: done.Skipped, HasMore: done.More, RequestID: requestID(c)})
}

func (s *Server) replayCallbacks(c *fiber.Ctx) error {
	request, err := decidedBody[replayRequest](c)
	if err != nil {
		return err
	}
	r, err := request.replayed()
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	done, err := s.gateway.ReplayRange(ctx, principal(c).MerchantID, decider(c, request.DecidedBy), r)
	if err != nil {
		return err
	}
	answer := replayAnswer{ReplayedCount: done.Replayed, LeftCount: done.Left, HasMore: done.Next != "", RequestID: requestID(c)}
	if answer.HasMore {
		answer.NextCursor = cursor(done.Next)
	}
	return writeJSON(c, http.StatusOK, answer)
}

func (r replayRequest) replayed() (gateway.ReplayRange, error) {
	replayed := gateway.ReplayRange{Subscriber: r.Subscriber, CreatedFrom: *r.CreatedFrom, Delivered: r.IncludeDelivered}
	if r.CreatedTo != nil {
		replayed.CreatedTo = *r.CreatedTo
	}
	if !replayed.CreatedTo.IsZero() && !replayed.CreatedTo.After(replayed.CreatedFrom) {
		return replayed, fieldProblem(codeInvalidRequest, "createdTo", "expected a time after createdFrom")
	}
	if r.Cursor != "" {
		var ok bool
		if replayed.Before, ok = readDeliveryCursor(r.Cursor); !ok {
			return replayed, fieldProblem(codeInvalidRequest, "cursor", "expected the nextCursor of the call before")
		}
	}
	return replayed, nil
}
