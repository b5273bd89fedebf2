package api

import (
	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
)

// routes is every path of the contract on one screen.
func (s *Server) routes(app *fiber.App) {
	app.Post("/oauth/token", s.token)
	app.Get("/.well-known/jwks.json", s.jwks)

	app.Post("/api/v1/payments", s.needs(auth.PaymentsWrite), s.createPayment)
	app.Get("/api/v1/payments", s.needs(auth.PaymentsRead), s.listPayments)
	app.Get("/api/v1/payments/:paymentId", s.needs(auth.PaymentsRead), s.getPayment)
	app.Get("/api/v1/payments/by-key/:idempotencyKey", s.needs(auth.PaymentsRead), s.getByKey)
	app.Post("/api/v1/payments/by-key/:idempotencyKey/void", s.needs(auth.PaymentsWrite), s.voidByKey)

	app.Get("/api/v1/transactions/:transactionId", s.needs(auth.PaymentsRead), s.getTransaction)
	app.Post("/api/v1/transactions/:transactionId/capture", s.needs(auth.PaymentsWrite), s.capture)
	app.Post("/api/v1/transactions/:transactionId/void", s.needs(auth.PaymentsWrite), s.void)
	app.Post("/api/v1/transactions/:transactionId/refund", s.needs(auth.PaymentsWrite), s.refund)

	app.Get("/healthz", s.health)
	app.Get("/openapi.yaml", s.openapiYAML)
	app.Get("/openapi.json", s.openapiJSON)
	app.Get("/docs", s.docs)
	app.Get("/docs/*", s.docs)
}

// operatorRoutes are for the people who run the gateway, on a listener that
// shops cannot reach.
func (s *Server) operatorRoutes(app *fiber.App) {
	app.Get("/readyz", s.ready)
}
