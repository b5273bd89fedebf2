package api

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// operation is what capture, void and refund have in common.
type operation struct {
	ctx    context.Context
	caller gateway.Caller
	id     string
}

func operate[T any](s *Server, c *fiber.Ctx, do func(operation, T) (gateway.Answer, error)) error {
	caller, err := s.caller(c)
	if err != nil {
		return err
	}
	request, err := bodyOf[T](body(c))
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	answer, err := do(operation{ctx, caller, param(c, "transactionId")}, request)
	return writeAnswer(c, answer, err)
}

// caller is the principal with the key it must bring to move money, or to store
// a card.
func (s *Server) caller(c *fiber.Ctx) (gateway.Caller, error) {
	who := principal(c)
	value := strings.Clone(c.Get(headerKey))
	if value == "" {
		return gateway.Caller{}, fieldProblem(codeKeyMissing, headerKey,
			"every request that moves money or stores a card needs this header: a name of your own for it, kept and repeated with every retry")
	}
	key, err := readKey(headerKey, value)
	return gateway.Caller{MerchantID: who.MerchantID, Key: key, Channel: who.Channel}, err
}

func keyInPath(c *fiber.Ctx) (string, error) {
	return readKey("idempotencyKey", param(c, "idempotencyKey"))
}

const headerKey = "Idempotency-Key"

var keyForm = regexp.MustCompile(`^[A-Za-z0-9._~:-]{1,255}$`)

// readKey takes a key bare, as every client sends it, or in the quotes of the
// IETF draft.
func readKey(field, value string) (string, error) {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	if !keyForm.MatchString(value) || value == "." || value == ".." { // which clients take out of a path
		return "", fieldProblem(codeKeyInvalid, field, "expected 1 to 255 of A-Z a-z 0-9 . _ ~ : -, and neither . nor .. alone")
	}
	return value, nil
}

// The caller's budget, after which it is told what is known by then.
const (
	headerBudget   = "X-Request-Timeout-Ms"
	defaultBudget  = 9000 * time.Millisecond // Apex gives up at 10 s
	smallestBudget = 1000 * time.Millisecond
	largestBudget  = 55000 * time.Millisecond
)

// budget is the context in which the caller's waiting ends. It does not end
// the work.
func (s *Server) budget(c *fiber.Ctx) (context.Context, context.CancelFunc, error) {
	budget := defaultBudget
	if value := c.Get(headerBudget); value != "" {
		ms, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return nil, nil, fieldProblem(codeInvalidRequest, headerBudget, "expected a whole number of milliseconds")
		}
		budget = min(max(time.Duration(ms)*time.Millisecond, smallestBudget), largestBudget)
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), budget)
	return ctx, cancel, nil
}

// body is fasthttp's own buffer, which is overwritten once the request is
// answered. Decoding copies what it takes from it.
func body(c *fiber.Ctx) []byte { return c.Request().Body() }

// param is a copy of a path parameter, unescaped after the path was cut: an
// escaped slash must not lead to another route.
func param(c *fiber.Ctx, name string) string {
	return nameable(strings.Clone(unescape(c.Params(name))))
}

// nobodys is in no id and in no name of ours.
const nobodys = "\uFFFD"

// nameable keeps from the ledger what PostgreSQL does not take for text, and would
// fail on: nothing is called so, and it is not found.
func nameable(id string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(id, nobodys), "\x00", nobodys)
}

func unescape(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}
