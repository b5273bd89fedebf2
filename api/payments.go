package api

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// createPayment takes no plain card: those have a listener of their own.
func (s *Server) createPayment(c *fiber.Ctx) error {
	return s.create(c, func(string) bool { return false })
}

// create makes a payment; mayEnter says of a merchant whether its shoppers'
// cards may be told in the clear on this listener.
func (s *Server) create(c *fiber.Ctx, mayEnter func(merchantID string) bool) error {
	caller, err := s.caller(c)
	if err != nil {
		return err
	}
	var request createPaymentRequest
	defer func() {
		c.Locals(localHeldCard, request.card() != nil)
		request.card().Wipe()
	}()
	if err := decodeStrict(body(c), &request); err != nil {
		return err
	}
	if request.card() != nil && !mayEnter(caller.MerchantID) {
		return rawCardProblem("hostedFields, encryptedCard or vault")
	}
	if err := check(request); err != nil {
		return err
	}
	if request.Channel != "" {
		caller.Channel = request.Channel
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	cmd := request.command()
	if entry := request.card(); entry != nil {
		card, err := entry.Card()
		if err != nil {
			return cardProblem(err)
		}
		cmd.Method.Card = card // the gateway's to wipe from here on
	}
	answer, err := s.gateway.CreatePayment(ctx, caller, cmd)
	return writeAnswer(c, answer, err)
}

func rawCardProblem(others string) *Problem {
	return fieldProblem(codeRawCard, "paymentMethod.card", "no card numbers are taken here; use "+others)
}

func (s *Server) getPayment(c *fiber.Ctx) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	p, err := s.gateway.Payment(ctx, principal(c).MerchantID, param(c, "paymentId"))
	if err != nil {
		return err
	}
	return s.writePayment(c, p)
}

func (s *Server) writePayment(c *fiber.Ctx, p gateway.Payment) error {
	v := viewOf(p)
	v.RequestID = requestID(c)
	return writeJSON(c, http.StatusOK, v)
}

func (s *Server) listPayments(c *fiber.Ctx) error {
	filter, err := paymentFilter(c)
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	payments, more, err := s.gateway.Payments(ctx, filter)
	if err != nil {
		return err
	}
	return writePage(c, payments, more, viewOf, func(p gateway.Payment) string { return cursor(p.ID) })
}

func paymentFilter(c *fiber.Ctx) (gateway.PaymentFilter, error) {
	f := gateway.PaymentFilter{MerchantID: principal(c).MerchantID, Limit: defaultPage}
	err := readQuery(c, func(name, value string) string { return applyFilter(&f, name, value) })
	return f, err
}

func applyFilter(f *gateway.PaymentFilter, name, value string) string {
	switch name {
	case "orderId":
		f.OrderID = value
		return readName(value, 50)
	case "paymentStatus":
		if !gateway.KnownStatus(gateway.Status(value)) {
			return "there is no such status; see /openapi.yaml"
		}
		f.Statuses = hiddenStatuses(gateway.Status(value))
	case "createdFrom":
		return readTime(value, &f.CreatedFrom)
	case "createdTo":
		return readTime(value, &f.CreatedTo)
	case "needsAttention":
		if value != "true" && value != "false" {
			return "expected true or false"
		}
		wanted := value == "true"
		f.NeedsAttention = &wanted
	case "pageSize":
		return readPageSize(value, &f.Limit)
	case "cursor":
		var ok bool
		if f.Before, ok = readCursor(value); !ok || !strings.HasPrefix(f.Before, "pay_") {
			return wrongCursor
		}
	default:
		return unknownParameter
	}
	return ""
}

// hiddenStatuses are the states behind one that is shown: `sending` is shown as
// `unknown`.
func hiddenStatuses(shown gateway.Status) []gateway.Status {
	if shown == gateway.StatusUnknown {
		return []gateway.Status{shown, gateway.Sending}
	}
	return []gateway.Status{shown}
}
