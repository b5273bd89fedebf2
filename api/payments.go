package api

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// createPayment takes no plain card and no plain account: those have a listener of
// their own.
func (s *Server) createPayment(c *fiber.Ctx) error { return s.create(c, nothingRaw) }

// create makes a payment; may says what may be told in the clear on this listener.
func (s *Server) create(c *fiber.Ctx, may raw) error {
	caller, err := s.caller(c)
	if err != nil {
		return err
	}
	request := new(createPaymentRequest)
	defer func() {
		c.Locals(localHeldCard, request.card() != nil || request.account().raw())
		request.card().Wipe()
		request.account().wipe()
	}()
	if err := request.read(body(c), may, caller.MerchantID); err != nil {
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
	cmd, err := request.ask()
	if err != nil {
		return err
	}
	answer, err := s.gateway.CreatePayment(ctx, caller, *cmd)
	return writeAnswer(c, answer, err)
}

// read and ask are no part of create, whose stack stands for as long as PayTrace
// takes.
func (r *createPaymentRequest) read(body []byte, may raw, merchantID string) error {
	if err := decodeStrict(body, r); err != nil {
		return err
	}
	if r.card() != nil && !may.cards(merchantID) {
		return rawCardProblem("hostedFields, encryptedCard or vault")
	}
	if r.account().raw() && !may.accounts(merchantID) {
		return rawAccountProblem("encryptedAccountNumber or vault")
	}
	return check(*r)
}

func (r *createPaymentRequest) ask() (*gateway.CreatePayment, error) {
	cmd := r.command()
	if entry := r.card(); entry != nil {
		card, err := entry.Card()
		if err != nil {
			return nil, digitsProblem("card", err)
		}
		cmd.Method.Card = card // the gateway's to wipe from here on
	}
	if entry := r.account(); entry.raw() {
		account, err := entry.entered()
		if err != nil {
			return nil, digitsProblem("bank account", err)
		}
		cmd.Method.BankAccount = account // as a card is
	}
	return &cmd, nil
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
