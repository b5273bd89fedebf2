package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"paytrace-gateway/api/auth"
)

// routes is every path of the contract on one screen.
func (s *Server) routes(app *fiber.App) {
	app.Post("/oauth/token", s.token)
	app.Get("/.well-known/jwks.json", s.jwks)

	app.Post("/sessions", s.withPeople, s.logIn)
	app.Get("/sessions/oidc", s.withPeople, s.beginSignIn)
	app.Get("/sessions/oidc/callback", s.withPeople, s.finishSignIn)
	app.Get("/api/v1/session", s.ofPerson(s.session))
	app.Delete("/api/v1/session", s.ofPerson(s.logOut))

	app.Post("/api/v1/payments", s.needs(auth.PaymentsWrite), s.createPayment)
	app.Get("/api/v1/payments", s.needs(auth.PaymentsRead, auth.RoleViewer), s.listPayments)
	app.Get("/api/v1/payments/:paymentId", s.needs(auth.PaymentsRead, auth.RoleViewer), s.getPayment)
	app.Get("/api/v1/payments/by-key/:idempotencyKey", s.needs(auth.PaymentsRead, auth.RoleViewer), s.getByKey)
	app.Post("/api/v1/payments/by-key/:idempotencyKey/void", s.needs(auth.PaymentsWrite), s.voidByKey)
	app.Post("/api/v1/payments/:paymentId/resolve", s.needs(auth.Admin, auth.RoleOperator), s.resolve)

	app.Get("/api/v1/transactions/:transactionId", s.needs(auth.PaymentsRead, auth.RoleViewer), s.getTransaction)
	app.Post("/api/v1/transactions/:transactionId/capture", s.needs(auth.PaymentsWrite), s.capture)
	app.Post("/api/v1/transactions/:transactionId/void", s.needs(auth.PaymentsWrite), s.void)
	app.Post("/api/v1/transactions/:transactionId/refund", s.needs(auth.PaymentsWrite), s.refund)
	app.Post("/api/v1/transactions/:transactionId/return", s.needs(auth.Admin, auth.RoleOperator), s.returnPayment)

	app.Post("/api/v1/client_tokens", s.needs(auth.PaymentsWrite), s.createClientToken)

	app.Post("/api/v1/customer_vault", s.needs(auth.VaultWrite), s.createCustomer)
	app.Get("/api/v1/customer_vault", s.needs(auth.VaultRead, auth.RoleViewer), s.listCustomers)
	app.Get("/api/v1/customer_vault/:customerId", s.needs(auth.VaultRead, auth.RoleViewer), s.getCustomer)
	app.Patch("/api/v1/customer_vault/:customerId", s.needs(auth.VaultWrite), s.updateCustomer)
	app.Delete("/api/v1/customer_vault/:customerId", s.needs(auth.VaultWrite), s.removeCustomer)
	app.Post("/api/v1/customer_vault/:customerId/erase", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.eraseCustomer)
	app.Post("/api/v1/customer_vault/:customerId/payments", s.needs(auth.VaultWrite), s.addMethod)
	app.Get("/api/v1/customer_vault/:customerId/payments", s.needs(auth.VaultRead, auth.RoleViewer), s.listMethods)
	app.Get("/api/v1/customer_vault/:customerId/payments/:paymentMethodId", s.needs(auth.VaultRead, auth.RoleViewer), s.getMethod)
	app.Patch("/api/v1/customer_vault/:customerId/payments/:paymentMethodId", s.needs(auth.VaultWrite), s.updateMethod)
	app.Delete("/api/v1/customer_vault/:customerId/payments/:paymentMethodId", s.needs(auth.VaultWrite), s.removeMethod)

	app.Get("/api/v1/unmatched_transactions", s.needs(auth.PaymentsRead, auth.RoleViewer), s.listUnmatched)
	app.Get("/api/v1/reports/settlement", s.needs(auth.ReportsRead, auth.RoleViewer), s.settlementReport)

	app.Get("/api/v1/callbacks", s.needs(auth.CallbacksRead, auth.RoleViewer), s.listCallbacks)
	app.Post("/api/v1/callbacks/replay", s.needs(auth.CallbacksWrite, auth.RoleOperator), s.replayCallbacks)
	app.Post("/api/v1/callbacks/skip", s.needs(auth.CallbacksWrite, auth.RoleOperator), s.skipCallbacks)
	app.Get("/api/v1/callbacks/:deliveryId", s.needs(auth.CallbacksRead, auth.RoleViewer), s.getCallback)
	app.Post("/api/v1/callbacks/:deliveryId/replay", s.needs(auth.CallbacksWrite, auth.RoleOperator), s.replayCallback)
	app.Post("/api/v1/callbacks/:deliveryId/skip", s.needs(auth.CallbacksWrite, auth.RoleOperator), s.skipCallback)
	app.Get("/api/v1/subscribers", s.needs(auth.CallbacksRead, auth.RoleViewer), s.listSubscribers)
	app.Post("/api/v1/subscribers/:subscriber/enable", s.needs(auth.CallbacksWrite, auth.RoleOperator), s.enableSubscriber)

	app.Get("/api/v1/clients", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.listClients)
	app.Post("/api/v1/clients", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.addClient)
	app.Post("/api/v1/clients/:clientId/rotate", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.rotateClient)
	app.Post("/api/v1/clients/:clientId/revoke", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.revokeClient)

	app.Get("/api/v1/secrets", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.listSecrets)
	app.Post("/api/v1/secrets", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.changeSecrets)
	app.Get("/api/v1/operators", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.withPeople, s.listOperators)
	app.Post("/api/v1/operators", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.withPeople, s.addOperator)
	app.Post("/api/v1/operators/:operatorName/role", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.withPeople, s.assignOperator)
	app.Post("/api/v1/operators/:operatorName/reset", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.withPeople, s.resetOperator)
	app.Post("/api/v1/operators/:operatorName/disable", s.needs(auth.Admin, auth.RoleAdmin), ofOperators, s.withPeople, s.disableOperator)

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
	if s.metrics != nil {
		app.Get("/metrics", adaptor.HTTPHandler(s.metrics))
	}
}

// Routes are the patterns of all paths.
func (s *Server) Routes() []string {
	var patterns []string
	for _, app := range []*fiber.App{s.public, s.operator} {
		for _, route := range app.GetRoutes(true) {
			if !slices.Contains(patterns, route.Path) {
				patterns = append(patterns, route.Path)
			}
		}
	}
	return patterns
}
