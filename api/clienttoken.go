package api

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// clientTokenView is a client key as the contract shows it.
type clientTokenView struct {
	ClientKey  string `json:"clientKey"`
	ScriptURL  string `json:"scriptUrl,omitempty"`
	MerchantID string `json:"merchantId"`
	LiveMode   bool   `json:"liveMode"`
	RequestID  string `json:"requestId"`
}

// createClientToken needs no Idempotency-Key: it moves no money, and asking
// again gives another key.
func (s *Server) createClientToken(c *fiber.Ctx) error {
	if _, err := bodyOf[noMembers](body(c)); err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	key, err := s.gateway.FormKey(ctx, principal(c).MerchantID, requestID(c))
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusCreated, clientTokenView{
		ClientKey: key.Key, ScriptURL: key.ScriptURL, MerchantID: key.MerchantID, LiveMode: key.LiveMode, RequestID: requestID(c),
	})
}
