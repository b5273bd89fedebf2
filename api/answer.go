package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

const (
	headerReplayed = "Idempotent-Replayed"
	// askAgainSeconds is what a 202 tells its caller to wait.
	askAgainSeconds = 2
)

func writeJSON(c *fiber.Ctx, status int, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.Status(status)
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(encoded)
}

// writeAnswer tells a caller what became of its key.
func writeAnswer(c *fiber.Ctx, a gateway.Answer, err error) error {
	if err != nil {
		return err
	}
	if p := refusedOperation(a.Operation()); p != nil {
		markReplay(c, a.Replayed)
		return p
	}
	v := answerView(c, a)
	status := http.StatusCreated
	if a.Operation().Undecided() {
		status = http.StatusAccepted
		askAgain(c, &v)
	}
	return writeJSON(c, status, v)
}

// askAgain tells a caller when to ask what has become of its payment.
func askAgain(c *fiber.Ctx, v *paymentView) {
	v.RetryAfterSeconds = askAgainSeconds
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(askAgainSeconds))
}

func answerView(c *fiber.Ctx, a gateway.Answer) paymentView {
	v := viewOf(a.Payment)
	made := viewOfOperation(a.Operation())
	v.Operation, v.Outcome = &made, outcomeOf(a.Operation())
	v.RequestID = requestID(c)
	v.IdempotentReplay = a.Replayed
	markReplay(c, a.Replayed)
	return v
}

func markReplay(c *fiber.Ctx, replayed bool) {
	if replayed {
		c.Set(headerReplayed, "true")
	}
}

// refusedOperation is the problem that an operation's end is, nil when it is
// an answer. A declined charge is an answer, since a shop shows it to the
// shopper; a declined capture, void or refund must not be booked.
func refusedOperation(op gateway.Operation) *Problem {
	switch {
	case op.GivenUp():
		p := problem(gateway.CodeKeyCancelled, "this idempotency key was given up; whatever it took is given back. Use a new key")
		p.Outcome = outcomeCancelled
		return p
	case op.Status == gateway.OpDeclined && !op.Charges():
		p := problem(gateway.CodeProcessorDeclined, "PayTrace declined the "+string(op.Kind)+"; nothing has changed")
		p.Outcome = string(gateway.Declined)
		return p
	case op.Status == gateway.OpNotSent:
		return notSentProblem()
	case op.Status != gateway.OpRejected || op.Rejection == nil:
		return nil
	case op.Rejection.Code == gateway.RejectedByState && op.Kind == gateway.KindVoid:
		p := problem(gateway.CodeAlreadySettled, op.Rejection.Message)
		p.Outcome = string(gateway.Rejected)
		return p
	default:
		return rejectionProblem(*op.Rejection)
	}
}

func notSentProblem() *Problem {
	p := problem(gateway.CodeProcessorUnavailable,
		"PayTrace could not be reached and nothing was sent; repeat with the same key")
	p.Outcome, p.Retryable, p.RetryAfterSeconds = string(gateway.NotSent), true, askAgainSeconds
	return p
}

// rejectionProblem tells what PayTrace refused, and who has to mend it.
func rejectionProblem(r gateway.Rejection) *Problem {
	var p *Problem
	switch {
	case r.Again:
		p = problem(gateway.CodeProcessorCredentials,
			"PayTrace refuses the gateway's credentials; the operator has to mend them, then repeat with the same key")
		p.Retryable, p.RetryAfterSeconds = true, 60
	case r.Credentials:
		p = problem(gateway.CodeProcessorCredentials,
			"PayTrace refuses the gateway's set-up and did nothing; the operator has to mend it, then send the request with a new key")
	default:
		p = problem(gateway.CodeProcessorRejected, "PayTrace refused the data and did nothing: "+r.Message)
		if r.Field != "" {
			p.Errors = []FieldError{{Field: r.Field, Message: r.Message}}
		}
	}
	p.Outcome = string(gateway.Rejected)
	return p
}
