package api

import (
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// returnRequest is the body of POST /api/v1/transactions/{transactionId}/return.
type returnRequest struct {
	ReturnCode string    `json:"returnCode" validate:"required,max=3,printable"`
	ReturnedAt time.Time `json:"returnedAt"`
	DecidedBy  string    `json:"decidedBy" validate:"required,max=100,printable"`
	Note       string    `json:"note" validate:"max=500,printable"`
}

// returnPayment writes down what a bank has returned. It sends nothing to
// PayTrace, so it needs no key: the same return is entered once.
func (s *Server) returnPayment(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[returnRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	answer, err := s.gateway.Return(ctx, principal(c).MerchantID, decider(c, request.DecidedBy), param(c, "transactionId"), gateway.ReturnPayment{
		Code: request.ReturnCode, Note: request.Note, ReturnedAt: request.ReturnedAt,
	})
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, answerView(c, answer))
}

// returnView is what a bank has returned, as a person has entered it.
type returnView struct {
	ReturnCode string    `json:"returnCode"`
	ReturnedAt time.Time `json:"returnedAt,omitzero"`
	EnteredBy  string    `json:"enteredBy"`
	Note       string    `json:"note,omitempty"`
	EnteredAt  time.Time `json:"enteredAt"`
}

// viewOfReturn is nil for what no bank has returned.
func viewOfReturn(r *gateway.BankReturn) *returnView {
	if r == nil {
		return nil
	}
	return &returnView{ReturnCode: r.Code, ReturnedAt: r.ReturnedAt, EnteredBy: r.By, Note: r.Note, EnteredAt: r.At}
}
