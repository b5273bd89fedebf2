package api

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// resolveRequest is the body of POST /api/v1/payments/{paymentId}/resolve.
type resolveRequest struct {
	OperationID   string `json:"operationId" validate:"required,max=64,printable"`
	Decision      string `json:"decision" validate:"required,oneof=done not_done seen"`
	TransactionID string `json:"transactionId" validate:"max=64,printable"`
	DecidedBy     string `json:"decidedBy" validate:"required,max=100,printable"`
	Note          string `json:"note" validate:"max=500,printable"`
}

// resolve writes down what a person has decided. It sends nothing to PayTrace,
// so it needs no key: the second of two decisions finds nothing to decide.
func (s *Server) resolve(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[resolveRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	answer, err := s.gateway.Resolve(ctx, principal(c).MerchantID, decider(c, request.DecidedBy), param(c, "paymentId"), gateway.ResolveOperation{
		OperationID: request.OperationID, Decision: gateway.Decision(request.Decision),
		TransactionID: request.TransactionID, Note: request.Note,
	})
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, answerView(c, answer))
}
