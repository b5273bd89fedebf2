package api

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/tokenization"
)

// cardRoutes are all that the listener for card data serves: what takes a card,
// the token that this needs, and whether it lives.
func (s *Server) cardRoutes(app *fiber.App) {
	app.Post("/oauth/token", s.token)
	app.Post("/api/v1/payments", s.needs(auth.PaymentsWrite), s.createCardPayment)
	app.Get("/healthz", s.health)
}

func (s *Server) createCardPayment(c *fiber.Ctx) error { return s.create(c, s.rawCards) }

// cardProblem names the members of a card that are wrong, and quotes none.
func cardProblem(err error) error {
	var faults tokenization.FieldErrors
	if !errors.As(err, &faults) {
		return err
	}
	p := problem(codeInvalidRequest, "the card cannot be one; see errors")
	for _, fault := range faults {
		p.Errors = append(p.Errors, FieldError{Field: fault.Field, Message: fault.Message})
	}
	return p
}
