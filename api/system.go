package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
)

func (s *Server) health(c *fiber.Ctx) error {
	return writeJSON(c, http.StatusOK, map[string]string{"status": "ok"})
}

// readiness is 200 while checkout can go on; degraded names what it goes on
// without.
type readiness struct {
	Status   string   `json:"status"`
	Degraded []string `json:"degraded,omitempty"`
}

const readyTimeout = 2 * time.Second

func (s *Server) ready(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	if err := s.gateway.Ready(ctx); err != nil {
		return notReady(err)
	}
	return writeJSON(c, http.StatusOK, readiness{Status: "ready", Degraded: s.degraded()})
}

// notReady tells the cause, which callers are not told: it is the operator who asks
// here, and who has to mend it.
func notReady(err error) *Problem {
	p := problemOf(err)
	if cause := errors.Unwrap(err); cause != nil {
		p.Detail = "payments cannot be taken: " + cause.Error()
	}
	return p
}
