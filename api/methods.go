package api

import (
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

func (s *Server) addMethod(c *fiber.Ctx) error {
	answer, err := store(s, c, func(ctx context.Context, caller gateway.Caller, r addMethodRequest) (gateway.VaultAnswer, error) {
		return s.gateway.AddMethod(ctx, caller, r.command(param(c, "customerId")))
	})
	return writeMethodAnswer(c, answer, err, http.StatusCreated)
}

// updateMethod needs a key for a card only: the same address is the same however
// often it is sent.
func (s *Server) updateMethod(c *fiber.Ctx) error {
	request, err := storingBody[updateMethodRequest](c)
	if err != nil {
		return err
	}
	if request.empty() {
		return nothingAsked("paymentMethod, makeDefault, billingAddress or shippingAddress")
	}
	who := principal(c)
	caller := gateway.Caller{MerchantID: who.MerchantID, Channel: who.Channel}
	if request.PaymentMethod != nil || c.Get(headerKey) != "" {
		if caller, err = s.caller(c); err != nil {
			return err
		}
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	answer, err := s.gateway.UpdateMethod(ctx, caller, request.command(param(c, "customerId"), param(c, "paymentMethodId")))
	return writeMethodAnswer(c, answer, err, http.StatusOK)
}

// writeMethodAnswer tells what became of a method.
func writeMethodAnswer(c *fiber.Ctx, a gateway.VaultAnswer, err error, done int) error {
	if err != nil {
		return err
	}
	status, call, err := callOf(c, a, done)
	if err != nil {
		return err
	}
	v := viewOfOneMethod(a.Customer, a.Method())
	v.vaultCallView = call
	return writeJSON(c, status, v)
}

func (s *Server) getMethod(c *fiber.Ctx) error {
	return s.readMethods(c, func(customer gateway.VaultCustomer) error {
		m, found := customer.Choose(param(c, "paymentMethodId")) // which is not empty, or the path were another
		if !found {
			return missingTarget(gateway.CodeMethodNotFound, "the customer has no such payment method")
		}
		v := viewOfOneMethod(customer, m)
		v.RequestID = requestID(c)
		return writeJSON(c, http.StatusOK, v)
	})
}

func (s *Server) listMethods(c *fiber.Ctx) error {
	return s.readMethods(c, func(customer gateway.VaultCustomer) error {
		return writeJSON(c, http.StatusOK, methodList{Items: viewOfMethods(customer), RequestID: requestID(c)})
	})
}

func (s *Server) readMethods(c *fiber.Ctx, show func(gateway.VaultCustomer) error) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	customer, err := s.gateway.Customer(ctx, principal(c).MerchantID, param(c, "customerId"))
	if err != nil {
		return err
	}
	return show(customer)
}

func (s *Server) removeMethod(c *fiber.Ctx) error {
	return s.remove(c, func(ctx context.Context, caller gateway.Caller) error {
		return s.gateway.RemoveMethod(ctx, caller, param(c, "customerId"), param(c, "paymentMethodId"))
	})
}
