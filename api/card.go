package api

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/tokenization"
)

// cardRoutes are all that the listener for card data serves: what takes a card,
// or a bank account, the token that this needs, and whether it lives.
func (s *Server) cardRoutes(app *fiber.App) {
	app.Post("/oauth/token", s.token)
	app.Post("/api/v1/payments", s.needs(auth.PaymentsWrite), s.createCardPayment)
	app.Get("/healthz", s.health)
}

func (s *Server) createCardPayment(c *fiber.Ctx) error {
	return s.create(c, raw{cards: s.rawCards, accounts: s.rawAccounts})
}

// raw says of a merchant what may be told in the clear on a listener: its
// shoppers' cards, their bank accounts.
type raw struct{ cards, accounts func(merchantID string) bool }

var nothingRaw = raw{cards: none, accounts: none}

func none(string) bool { return false }

// digitsProblem names the members of a card or an account that are wrong, and
// quotes none.
func digitsProblem(what string, err error) error {
	var faults tokenization.FieldErrors
	if !errors.As(err, &faults) {
		return err
	}
	p := problem(codeInvalidRequest, "the "+what+" cannot be one; see errors")
	for _, fault := range faults {
		p.Errors = append(p.Errors, FieldError{Field: fault.Field, Message: fault.Message})
	}
	return p
}
