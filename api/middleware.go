package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// What travels with a request, between the middleware and the handlers.
const (
	localRequestID = "requestId"
	localPrincipal = "principal"
	localCode      = "code"
	localEndTrace  = "endTrace"
	localHeldCard  = "heldCard"
)

func requestID(c *fiber.Ctx) string {
	if id, ok := c.Locals(localRequestID).(string); ok {
		return id
	}
	// A request that could not be parsed never met the middleware.
	return nameRequest(c, time.Now())
}

func nameRequest(c *fiber.Ctx, at time.Time) string {
	id := gateway.NewRequestID(at)
	c.Locals(localRequestID, id)
	c.Set("X-Request-Id", id)
	return id
}

func principal(c *fiber.Ctx) auth.Principal {
	who, _ := c.Locals(localPrincipal).(auth.Principal)
	return who
}

// observe writes the one log line of a request. The path is told as its
// route, since what stands in a path is the caller's.
func (s *Server) observe(c *fiber.Ctx) error {
	arrived := s.now()
	id := nameRequest(c, arrived)
	if err := c.Next(); err != nil {
		if err := s.handleError(c, err); err != nil {
			return err
		}
	}
	s.answered(c, id, arrived)
	return nil
}

// answered tells of a request in one line. It is no part of observe, whose stack
// stands for as long as a request waits.
func (s *Server) answered(c *fiber.Ctx, id string, arrived time.Time) {
	who, status, took := principal(c), c.Response().StatusCode(), s.now().Sub(arrived)
	code, _ := c.Locals(localCode).(gateway.Code)
	// Attributes of their own types, since each value in an interface is an allocation.
	s.log.LogAttrs(c.UserContext(), slog.LevelInfo, "http.request", slog.String("requestId", id),
		slog.String("method", c.Method()), slog.String("route", c.Route().Path), slog.Int("status", status),
		slog.String("code", string(code)), slog.String("client", who.ClientID), slog.String("merchant", who.MerchantID),
		slog.Duration("took", took))
	s.told(c.Route().Path, c.Method(), status, took)
	if end, traced := c.Locals(localEndTrace).(func(int)); traced {
		end(status)
	}
}

// beginTrace begins the span of a call as soon as its route is known; observe
// ends it.
func (s *Server) beginTrace(c *fiber.Ctx) {
	if s.trace == nil {
		return
	}
	ctx, end := s.trace(context.Background(), callersTrace(strings.Clone(c.Get("traceparent"))), c.Route().Path)
	c.SetUserContext(ctx)
	c.Locals(localEndTrace, end)
}

// callersTrace is the caller's trace, unless an id of it spells a number that
// may be a card's: collectors show ids to everybody. An id that is random, as
// it has to be, has letters.
func callersTrace(traceparent string) string {
	for id := range strings.SplitSeq(traceparent, "-") {
		if tokenization.FindCardNumber(id) || (len(id) == 32 && !strings.ContainsAny(id, "abcdef")) {
			return ""
		}
	}
	return traceparent
}

// recoverPanic answers for a handler that panicked. The panic's value may hold
// what nobody may read, so only its type is told.
func (s *Server) recoverPanic(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("http.panic", "requestId", requestID(c), "type", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			err = internalProblem()
		}
	}()
	return c.Next()
}

// single are the headers that two parties could read differently if they
// stood twice.
var single = [...]string{
	lengthAt:   fiber.HeaderContentLength,
	encodingAt: fiber.HeaderTransferEncoding,
	keyAt:      headerKey,
	budgetAt:   headerBudget,

	fiber.HeaderAuthorization, fiber.HeaderContentType, fiber.HeaderHost,
}

// The places in single of those that more is asked of.
const (
	lengthAt = iota
	encodingAt
	keyAt
	budgetAt
)

// chunked is what fasthttp has for the length of a chunked body.
const chunked = -1

// refuseAmbiguity refuses a request whose end, or whose meaning, two parties
// could read differently, and closes its connection.
func refuseAmbiguity(c *fiber.Ctx) error {
	if err := ambiguity(c); err != nil {
		return err
	}
	return c.Next()
}

func ambiguity(c *fiber.Ctx) error {
	refuse := func(field, message string) error {
		c.Context().SetConnectionClose()
		return fieldProblem(codeInvalidRequest, field, message)
	}
	header := &c.Request().Header
	if version := string(header.Protocol()); version != "HTTP/1.1" && version != "HTTP/1.0" {
		return refuse("version", "this server speaks HTTP/1.1")
	}
	// Counted by place, for a map of names in lower case is an allocation or two for
	// each header.
	var seen [len(single)]int
	for line := range bytes.Lines(header.RawHeaders()) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		name = bytes.TrimSpace(name)
		if !bytes.HasSuffix(line, []byte("\r\n")) || bytes.ContainsAny(name, " \t") {
			return refuse("headers", "a line must end with CRLF, and a name may hold no blank")
		}
		for i := range single {
			if len(name) == len(single[i]) && strings.EqualFold(string(name), single[i]) {
				seen[i]++
			}
		}
	}
	if seen[lengthAt] > 0 && seen[encodingAt] > 0 {
		return refuse(fiber.HeaderTransferEncoding, "may not stand beside Content-Length")
	}
	if seen[encodingAt] > 0 && header.ContentLength() != chunked {
		// fasthttp takes "identity" for a request without a body.
		return refuse(fiber.HeaderTransferEncoding, "only chunked is taken")
	}
	for _, own := range []int{keyAt, budgetAt} {
		// fasthttp puts what a chunked body's trailer says beside the headers.
		if seen[own] == 0 && len(header.Peek(single[own])) > 0 {
			return refuse(single[own], "may not stand in a trailer")
		}
	}
	for i, name := range single {
		if seen[i] > 1 {
			return refuse(name, "this header stands twice")
		}
	}
	return nil
}

// refuseEncoding refuses compressed bodies: unpacked they would pass every
// limit on their size.
func refuseEncoding(c *fiber.Ctx) error {
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return problem(codeEncoding, "send the body as it is, without Content-Encoding")
	}
	return c.Next()
}

// guardAddress refuses card numbers in paths, queries and keys, before
// anything could store or log them.
func guardAddress(c *fiber.Ctx) error {
	if tokenization.FindCardNumber(unescape(c.Path())) {
		return cardNumberProblem("path")
	}
	if tokenization.FindCardNumberIn(c.Request().Header.Peek(headerKey)) {
		return cardNumberProblem(headerKey)
	}
	inQuery := false
	c.Request().URI().QueryArgs().VisitAll(func(name, value []byte) {
		inQuery = inQuery || tokenization.FindCardNumberIn(name) || tokenization.FindCardNumberIn(value)
	})
	if inQuery {
		return cardNumberProblem("query")
	}
	return c.Next()
}

// needs lets only a bearer with that scope pass, and within its own limit; or a
// person, where a role is named, from which on it is allowed.
func (s *Server) needs(scope auth.Scope, from ...auth.Role) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := s.admit(c, scope, from); err != nil {
			return err
		}
		return c.Next()
	}
}

// admit is apart from the handler, so that its frame is gone while the handlers
// behind it wait.
func (s *Server) admit(c *fiber.Ctx, scope auth.Scope, from []auth.Role) error {
	s.beginTrace(c)
	who, err := s.authenticate(c)
	if err != nil {
		return s.refusedToken(c, err)
	}
	c.Locals(localPrincipal, who)
	if err := s.takeQuota(c, who.ClientID); err != nil {
		return err
	}
	if err := allowed(who, scope, from); err != nil {
		return err
	}
	if media := c.Get(fiber.HeaderContentType); len(c.Request().Body()) > 0 && !isJSON(media) {
		return problem(codeMediaType, "send the body as application/json")
	}
	return nil
}

// authenticate knows a client by its token, and a person by a session.
func (s *Server) authenticate(c *fiber.Ctx) (auth.Principal, error) {
	header := c.Get(fiber.HeaderAuthorization)
	if session, cookie := s.shown(c, header); session != "" {
		if cookie {
			if err := s.ownPage(c); err != nil {
				return auth.Principal{}, err
			}
		}
		ctx, cancel, err := s.budget(c)
		if err != nil {
			return auth.Principal{}, err
		}
		defer cancel()
		return s.people.Verify(ctx, session, strings.Clone(c.Get(auth.MerchantHeader)))
	}
	return s.verifier.VerifyFrom(bearerOf(header), certificate(c))
}

// refusedToken tells a bad token or session from what else kept its bearer out.
func (s *Server) refusedToken(c *fiber.Ctx, err error) error {
	var bad *auth.TokenError
	if !errors.As(err, &bad) {
		return err
	}
	s.log.Warn("auth.refused", "requestId", requestID(c), "reason", err)
	return unauthorized(bearerOf(c.Get(fiber.HeaderAuthorization)))
}

func bearerOf(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// allowed asks of a person the role, and of everybody else the scope.
func allowed(who auth.Principal, scope auth.Scope, from []auth.Role) error {
	switch {
	case who.Role == "" && !who.Has(scope):
		return forbidden(scope)
	case who.Role == "":
		return nil
	case len(from) == 0:
		return problem(codeForbiddenRole, "this call is for clients alone, which have a token from /oauth/token")
	case !who.Role.Reaches(from[0]):
		return problem(codeForbiddenRole, "this call is for the role "+string(from[0])+" or above, and yours is "+string(who.Role))
	}
	return nil
}

// unauthorized has a code in its challenge only where a token was shown, as RFC
// 6750 §3 asks: without one, nothing was wrong with it.
func unauthorized(token string) *Problem {
	p := problem(codeUnauthorized, "the bearer token is missing, expired or not valid; get a new one at /oauth/token")
	if token != "" {
		p.challenge = `, error="invalid_token"`
	}
	return p
}

func forbidden(scope auth.Scope) *Problem {
	p := problem(codeForbidden, "this client's token lacks the scope "+string(scope))
	p.challenge = `, error="insufficient_scope", scope="` + string(scope) + `"`
	return p
}

func isJSON(media string) bool {
	kind, _, _ := strings.Cut(media, ";")
	return strings.EqualFold(strings.TrimSpace(kind), fiber.MIMEApplicationJSON)
}
