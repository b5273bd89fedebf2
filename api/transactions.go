package api

import (
	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

func (s *Server) getTransaction(c *fiber.Ctx) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	p, err := s.gateway.Find(ctx, principal(c).MerchantID, param(c, "transactionId"))
	if err != nil {
		return err
	}
	return s.writePayment(c, p)
}

func (s *Server) capture(c *fiber.Ctx) error {
	return operate[amountRequest](s, c, func(o operation, r amountRequest) (gateway.Answer, error) {
		return s.gateway.Capture(o.ctx, o.caller, o.id, gateway.CapturePayment(r))
	})
}

func (s *Server) refund(c *fiber.Ctx) error {
	return operate[amountRequest](s, c, func(o operation, r amountRequest) (gateway.Answer, error) {
		return s.gateway.Refund(o.ctx, o.caller, o.id, gateway.RefundPayment(r))
	})
}

func (s *Server) void(c *fiber.Ctx) error {
	return operate[noMembers](s, c, func(o operation, _ noMembers) (gateway.Answer, error) {
		return s.gateway.Void(o.ctx, o.caller, o.id)
	})
}
