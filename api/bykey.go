package api

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// outcomeCancelled is the outcome of a key that was given up before any
// request came with it.
const outcomeCancelled = "cancelled"

// getByKey is the call to make after a timeout.
func (s *Server) getByKey(c *fiber.Ctx) error {
	key, err := keyInPath(c)
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	answer, err := s.gateway.ByKey(ctx, principal(c).MerchantID, key)
	if err != nil {
		return err
	}
	if answer.KeyClosed {
		return writeJSON(c, http.StatusOK, closedKey(c, key, false))
	}
	v := answerView(c, answer)
	if answer.Operation().Undecided() {
		askAgain(c, &v)
	}
	return writeJSON(c, http.StatusOK, v)
}

func closedKey(c *fiber.Ctx, key string, replayed bool) paymentView {
	markReplay(c, replayed)
	return paymentView{
		IdempotencyKey: key, Outcome: outcomeCancelled,
		RequestID: requestID(c), IdempotentReplay: replayed,
	}
}

// voidByKey gives a key up, whatever became of it.
func (s *Server) voidByKey(c *fiber.Ctx) error {
	key, err := keyInPath(c)
	if err != nil {
		return err
	}
	if _, err := bodyOf[noMembers](body(c)); err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	answer, err := s.gateway.Cancel(ctx, principal(c).MerchantID, key)
	if err != nil {
		return err
	}
	if answer.KeyClosed {
		return writeJSON(c, http.StatusCreated, closedKey(c, key, answer.Replayed))
	}
	v := answerView(c, answer)
	status := http.StatusCreated
	if answer.Operation().Cancel == gateway.CancelRequested {
		status = http.StatusAccepted
		askAgain(c, &v)
	}
	return writeJSON(c, status, v)
}
