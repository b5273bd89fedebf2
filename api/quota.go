package api

import (
	"context"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// quotaTimeout bounds what counting a request may cost it.
const quotaTimeout = 250 * time.Millisecond

// takeQuota takes the request out of its client's own limit, and refuses it
// when nothing is left. Nothing has been read or stored by then, so its key is
// unused.
func (s *Server) takeQuota(c *fiber.Ctx, client string) error {
	if s.quotas == nil || s.quota == nil {
		return nil
	}
	quota, limited := s.quota(client)
	if !limited {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), quotaTimeout)
	defer cancel()
	left, err := s.quotas.Take(ctx, client, quota)
	if err != nil {
		// A limit must not stop a checkout. Whoever counts tells the operator
		// that it cannot.
		return nil
	}
	// The form of the IETF's draft, in which a policy has a name.
	c.Set("RateLimit-Policy", fmt.Sprintf(`"client";q=%d;w=%d`, quota.Requests, seconds(quota.Per)))
	c.Set("RateLimit", fmt.Sprintf(`"client";r=%d;t=%d`, left.Remaining, seconds(left.Reset)))
	if left.Allowed {
		return nil
	}
	p := problem(gateway.CodeTooManyRequests, fmt.Sprintf(
		"this client's own limit of %d requests in %s is used up and nothing was done; wait, then repeat with the same key",
		quota.Requests, quota.Per))
	// No outcome: the key may have been sent by an earlier request, and a shop
	// that reads `not_sent` might take another key.
	p.Retryable, p.RetryAfterSeconds = true, max(seconds(left.RetryAfter), 1)
	return p
}
