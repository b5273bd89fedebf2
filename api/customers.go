package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

func (s *Server) createCustomer(c *fiber.Ctx) error {
	answer, err := store(s, c, func(ctx context.Context, caller gateway.Caller, r createCustomerRequest) (gateway.VaultAnswer, error) {
		return s.gateway.CreateCustomer(ctx, caller, r.command())
	})
	if err != nil {
		return err
	}
	status, call, err := callOf(c, answer, http.StatusCreated)
	if err != nil {
		return err
	}
	v := viewOfCustomer(answer.Customer)
	v.vaultCallView = call
	return writeJSON(c, status, v)
}

func (s *Server) getCustomer(c *fiber.Ctx) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	customer, err := s.gateway.Customer(ctx, principal(c).MerchantID, param(c, "customerId"))
	if err != nil {
		return err
	}
	return writeCustomer(c, customer)
}

func writeCustomer(c *fiber.Ctx, customer gateway.VaultCustomer) error {
	v := viewOfCustomer(customer)
	v.RequestID = requestID(c)
	return writeJSON(c, http.StatusOK, v)
}

// updateCustomer changes what the gateway alone keeps. PayTrace is not asked, and
// to ask for it twice changes nothing, so it needs no key.
func (s *Server) updateCustomer(c *fiber.Ctx) error {
	var request updateCustomerRequest
	if err := decodeStrict(body(c), &request); err != nil {
		return err
	}
	if err := check(request); err != nil {
		return err
	}
	if request.empty() {
		return nothingAsked("defaultPaymentMethodId or sourceRecords")
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	who := principal(c)
	caller := gateway.Caller{MerchantID: who.MerchantID, Channel: who.Channel}
	customer, err := s.gateway.UpdateCustomer(ctx, caller, request.command(param(c, "customerId")))
	if err != nil {
		return err
	}
	return writeCustomer(c, customer)
}

func nothingAsked(members string) *Problem {
	return fieldProblem(codeInvalidRequest, "body", "nothing would change; expected "+members)
}

// removeCustomer needs no key: what is removed twice is gone once.
func (s *Server) removeCustomer(c *fiber.Ctx) error {
	return s.remove(c, func(ctx context.Context, caller gateway.Caller) error {
		return s.gateway.RemoveCustomer(ctx, caller, param(c, "customerId"))
	})
}

func (s *Server) remove(c *fiber.Ctx, do func(context.Context, gateway.Caller) error) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	who := principal(c)
	if err := do(ctx, gateway.Caller{MerchantID: who.MerchantID, Channel: who.Channel}); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}

func (s *Server) listCustomers(c *fiber.Ctx) error {
	filter := gateway.CustomerFilter{MerchantID: principal(c).MerchantID, Limit: defaultPage}
	err := readQuery(c, func(name, value string) string { return applyCustomerFilter(&filter, name, value) })
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	found, more, err := s.gateway.Customers(ctx, filter)
	if err != nil {
		return err
	}
	return writePage(c, found, more, viewOfCustomer, customerCursor)
}

func applyCustomerFilter(f *gateway.CustomerFilter, name, value string) string {
	switch name {
	case "expiringBy":
		month, err := time.Parse("2006-01", value)
		if err != nil {
			return "expected a month such as 2027-01"
		}
		f.ExpiresBy = month.Year()*100 + int(month.Month())
	case "pageSize":
		return readPageSize(value, &f.Limit)
	case "cursor":
		return readCustomerCursor(f, value)
	default:
		return unknownParameter
	}
	return ""
}

// A customer's id can be any, so its place says what it is a place of.
const customerPlace = "customer "

func customerCursor(last gateway.VaultCustomer) string { return cursor(customerPlace + last.ID) }

func readCustomerCursor(f *gateway.CustomerFilter, value string) string {
	place, ok := readCursor(value)
	id, ours := strings.CutPrefix(place, customerPlace)
	if !ok || !ours || id == "" {
		return wrongCursor
	}
	f.After = id
	return ""
}
