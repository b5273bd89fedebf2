package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
)

// token speaks OAuth's own errors (RFC 6749), not problems: its callers are
// OAuth libraries.
func (s *Server) token(c *fiber.Ctx) error {
	request, refusal := auth.ReadTokenRequest(
		strings.Clone(c.Get(fiber.HeaderAuthorization)), strings.Clone(c.Get(fiber.HeaderContentType)),
		string(c.Request().URI().QueryString()), string(c.Request().Body()))
	var granted auth.TokenResponse
	request.Address, request.Certificate = callerAddress(c), certificate(c)
	if refusal == nil {
		granted, refusal = s.issuer.Token(context.Background(), request)
	}
	if refusal != nil {
		if refusal.Challenge != "" {
			c.Set(fiber.HeaderWWWAuthenticate, refusal.Challenge)
		}
		if refusal.RetryAfter > 0 {
			c.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds(refusal.RetryAfter)))
		}
		s.log.Warn("token.refused", "requestId", requestID(c), "client", refusal.Client, "address", callerAddress(c), "reason", refusal.Error())
		return writeJSON(c, refusal.Status, refusal)
	}
	return writeJSON(c, http.StatusOK, granted)
}

func (s *Server) jwks(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	return c.Send(s.issuer.JWKS())
}
