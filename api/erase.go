package api

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// eraseRequest is the body of POST /api/v1/customer_vault/{customerId}/erase.
type eraseRequest struct {
	DryRun    bool   `json:"dryRun"`
	DecidedBy string `json:"decidedBy" validate:"required,max=100,printable"`
	Cursor    string `json:"cursor" validate:"max=200"`
}

// eraseAnswer is what came of one step.
type eraseAnswer struct {
	DryRun             bool   `json:"dryRun"`
	CustomerCount      int    `json:"customerCount"`
	PaymentMethodCount int    `json:"paymentMethodCount"`
	VaultChangeCount   int    `json:"vaultChangeCount"`
	PaymentCount       int    `json:"paymentCount"`
	ArchivedCount      int    `json:"archivedCount"`
	KeyAnswerCount     int    `json:"keyAnswerCount"`
	EventCount         int    `json:"eventCount"`
	DeliveryCount      int    `json:"deliveryCount"`
	OpenCount          int    `json:"openCount"`
	UntoldCount        int    `json:"untoldCount"`
	LaterCount         int    `json:"laterCount"`
	NextCursor         string `json:"nextCursor,omitempty"`
	HasMore            bool   `json:"hasMore"`
	RequestID          string `json:"requestId,omitempty"`
}

// eraseCustomer takes one step. It needs no key: what is erased twice is erased
// once.
func (s *Server) eraseCustomer(c *fiber.Ctx) error {
	request, err := decidedBody[eraseRequest](c)
	if err != nil {
		return err
	}
	step := gateway.EraseStep{CustomerID: param(c, "customerId"), DryRun: request.DryRun}
	if request.Cursor != "" {
		var ok bool
		if step.Place, ok = readCursor(request.Cursor); !ok || !s.gateway.IsErasurePlace(principal(c).MerchantID, step) {
			return fieldProblem(codeInvalidRequest, "cursor", "expected the nextCursor of the call before")
		}
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	done, next, err := s.gateway.Erase(ctx, principal(c).MerchantID, decider(c, request.DecidedBy), step)
	if err != nil {
		return err
	}
	answer := eraseAnswer{
		DryRun: request.DryRun, CustomerCount: done.Customers, PaymentMethodCount: done.Methods, VaultChangeCount: done.VaultChanges,
		PaymentCount: done.Payments, ArchivedCount: done.Archived, KeyAnswerCount: done.Answers,
		EventCount: done.Events, DeliveryCount: done.Deliveries,
		OpenCount: done.Open, UntoldCount: done.Untold, LaterCount: done.Later,
		HasMore: next != "", RequestID: requestID(c),
	}
	if answer.HasMore {
		answer.NextCursor = cursor(next)
	}
	return writeJSON(c, http.StatusOK, answer)
}
