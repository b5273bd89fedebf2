package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// storing is the body of a request that may bring a card or a bank account.
type storing interface {
	rawCard() bool
	account() *bankAccount
}

// storingBody decodes and checks such a body. A plain card, or a plain account, is
// refused before anything else is said of it.
func storingBody[R storing](c *fiber.Ctx) (R, error) {
	var request R
	if err := decodeStrict(body(c), &request); err != nil {
		return request, err
	}
	if request.rawCard() {
		return request, rawCardProblem("hostedFields or encryptedCard")
	}
	if account := request.account(); account.raw() {
		account.wipe()
		return request, rawAccountProblem("encryptedAccountNumber")
	}
	return request, check(request)
}

// store is what the two calls that store a new card have in common.
func store[R storing](s *Server, c *fiber.Ctx, do func(context.Context, gateway.Caller, R) (gateway.VaultAnswer, error)) (gateway.VaultAnswer, error) {
	caller, err := s.caller(c)
	if err != nil {
		return gateway.VaultAnswer{}, err
	}
	request, err := storingBody[R](c)
	if err != nil {
		return gateway.VaultAnswer{}, err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return gateway.VaultAnswer{}, err
	}
	defer cancel()
	return do(ctx, caller, request)
}

// callOf says how a vault request ended: with which status and words, or with a
// problem.
func callOf(c *fiber.Ctx, a gateway.VaultAnswer, done int) (status int, v vaultCallView, err error) {
	markReplay(c, a.Replayed)
	if p := refusedVaultOperation(a.Operation); p != nil {
		return 0, v, p
	}
	v = vaultCallView{RequestID: requestID(c), IdempotentReplay: a.Replayed}
	if a.Operation.ID == "" { // PayTrace was not asked for anything
		return done, v, nil
	}
	made := viewOfVaultOperation(a.Operation)
	v.Operation = &made
	if made.OperationStatus != gateway.OpUnknown {
		return done, v, nil
	}
	v.RetryAfterSeconds = askAgainSeconds
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(askAgainSeconds))
	return http.StatusAccepted, v, nil
}

// refusedVaultOperation is the problem that an operation's end is, nil when it
// is an answer.
func refusedVaultOperation(op gateway.VaultOperation) *Problem {
	if op.Status == gateway.OpNotSent {
		return notSentProblem()
	}
	if op.Rejection == nil {
		return nil
	}
	r := *op.Rejection
	switch op.Status {
	case gateway.OpFailed:
		p := problem(gateway.CodeNotStored, r.Message)
		p.Outcome = string(gateway.OpFailed)
		return p
	case gateway.OpRejected:
		r.Field = vaultField(r.Field)
		return rejectionProblem(r)
	}
	return nil
}

// vaultField is where a request of the vault has what a payment has elsewhere. A
// stored card stands in its path.
func vaultField(field string) string {
	switch field {
	case "transactionId":
		return "paymentMethod.earlierPayment.transactionId"
	case "paymentMethod.vault.customerId":
		return ""
	default:
		return field
	}
}
