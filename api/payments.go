package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

func (s *Server) createPayment(c *fiber.Ctx) error {
	caller, err := s.caller(c)
	if err != nil {
		return err
	}
	var request createPaymentRequest
	if err := decodeStrict(body(c), &request); err != nil {
		return err
	}
	if request.PaymentMethod != nil && request.PaymentMethod.Card != nil {
		return fieldProblem(codeRawCard, "paymentMethod.card",
			"this gateway takes no card numbers; use hostedFields, encryptedCard or vault")
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
	answer, err := s.gateway.CreatePayment(ctx, caller, request.command())
	return writeAnswer(c, answer, err)
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
	page := pageView{Items: make([]paymentView, 0, len(payments)), HasMore: more, RequestID: requestID(c)}
	for _, p := range payments {
		page.Items = append(page.Items, viewOf(p))
	}
	if more {
		page.NextCursor = cursor(payments[len(payments)-1].ID)
	}
	return writeJSON(c, http.StatusOK, page)
}

const (
	defaultPage = 25
	largestPage = 100
)

// paymentFilter reads the query strictly: a filter that is misspelt would
// otherwise answer with everything.
func paymentFilter(c *fiber.Ctx) (gateway.PaymentFilter, error) {
	f := gateway.PaymentFilter{MerchantID: principal(c).MerchantID, Limit: defaultPage}
	seen := map[string]bool{}
	var fault *Problem
	c.Request().URI().QueryArgs().VisitAll(func(k, v []byte) {
		name, value := string(k), string(v)
		message := applyFilter(&f, name, value)
		if seen[name] {
			message = "this parameter stands twice"
		}
		seen[name] = true
		if message != "" && fault == nil {
			if !plainName.MatchString(name) {
				name = "query"
			}
			fault = fieldProblem(codeInvalidRequest, name, message)
		}
	})
	if fault != nil {
		return f, fault
	}
	return f, nil
}

func applyFilter(f *gateway.PaymentFilter, name, value string) string {
	var err error
	switch name {
	case "orderId":
		f.OrderID = value
		if value == "" || utf8.RuneCountInString(value) > 50 {
			return "expected 1 to 50 characters"
		}
	case "paymentStatus":
		if !gateway.KnownStatus(gateway.Status(value)) {
			return "there is no such status; see /openapi.yaml"
		}
		f.Statuses = hiddenStatuses(gateway.Status(value))
	case "createdFrom":
		if f.CreatedFrom, err = time.Parse(time.RFC3339, value); err != nil {
			return "expected a time such as 2026-11-21T08:00:00Z"
		}
	case "createdTo":
		if f.CreatedTo, err = time.Parse(time.RFC3339, value); err != nil {
			return "expected a time such as 2026-11-21T08:00:00Z"
		}
	case "needsAttention":
		if value != "true" && value != "false" {
			return "expected true or false"
		}
		wanted := value == "true"
		f.NeedsAttention = &wanted
	case "pageSize":
		if f.Limit, err = strconv.Atoi(value); err != nil || f.Limit < 1 || f.Limit > largestPage {
			return "expected a number from 1 to 100"
		}
	case "cursor":
		if f.Before, err = readCursor(value); err != nil {
			return "expected the nextCursor of the page before"
		}
	default:
		return "the contract has no such parameter"
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

// A cursor is opaque to callers: the last id of the page it ends.
func cursor(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

func readCursor(value string) (string, error) {
	id, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || !strings.HasPrefix(string(id), "pay_") || len(id) > 64 {
		return "", strconv.ErrSyntax
	}
	return string(id), nil
}
