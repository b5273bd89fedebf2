package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// Who decides is named with every decision. A person with a session is known,
// and cannot say another name.

// decision is a body that names who decides.
type decision interface{ decidedBy(name string) }

func (r *resolveRequest) decidedBy(name string)     { r.DecidedBy = name }
func (r *personRequest) decidedBy(name string)      { r.DecidedBy = name }
func (r *skipRequest) decidedBy(name string)        { r.DecidedBy = name }
func (r *leftoversRequest) decidedBy(name string)   { r.DecidedBy = name }
func (r *replayRequest) decidedBy(name string)      { r.DecidedBy = name }
func (r *addClientRequest) decidedBy(name string)   { r.DecidedBy = name }
func (r *rotateRequest) decidedBy(name string)      { r.DecidedBy = name }
func (r *returnRequest) decidedBy(name string)      { r.DecidedBy = name }
func (r *secretsRequest) decidedBy(name string)     { r.DecidedBy = name }
func (r *eraseRequest) decidedBy(name string)       { r.DecidedBy = name }
func (r *addOperatorRequest) decidedBy(name string) { r.DecidedBy = name }
func (r *assignRequest) decidedBy(name string)      { r.DecidedBy = name }

// decidedBody is the body of a decision, which has to be there.
func decidedBody[T any](c *fiber.Ctx) (T, error) {
	var request T
	if err := decodeStrict(body(c), &request); err != nil {
		return request, err
	}
	if who := principal(c); who.Role != "" {
		if d, ok := any(&request).(decision); ok {
			d.decidedBy(who.ClientID)
		}
	}
	return request, check(request)
}

// decided is the body of a decision, and the time that there is for it.
func decided[T any](s *Server, c *fiber.Ctx) (request T, ctx context.Context, cancel context.CancelFunc, err error) {
	if request, err = decidedBody[T](c); err != nil {
		return request, nil, nil, err
	}
	ctx, cancel, err = s.budget(c)
	return request, ctx, cancel, err
}

// decider names the person of a session; else the person whom the request names,
// and the client through which it was said. It tells from where, too.
func decider(c *fiber.Ctx, person string) gateway.Actor {
	who := principal(c)
	if who.Role != "" {
		person = ""
	}
	return gateway.Actor{Client: who.ClientID, Person: person, From: callerAddress(c)}
}
