package api

import (
	"context"
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
		return err
	}
	return writeJSON(c, http.StatusOK, readiness{Status: "ready", Degraded: s.degraded()})
}
