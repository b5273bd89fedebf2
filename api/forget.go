package api

import (
	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// What a request has left in memory is overwritten as soon as it is answered,
// on every path, so that a card number does not wait for its buffer to be used
// again. docs/pci.md says what cannot be reached.

// forget overwrites the body of every request once it is answered. Where the
// whole request has to go, what was read from its connection is overwritten too,
// and the connection ends: what lies behind such a request is not read.
func forget(whole func(*fiber.Ctx) bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		defer func() {
			wipeBody(c)
			from, ok := c.Context().Conn().(*forgetful)
			if !ok {
				return
			}
			all := whole(c)
			if all {
				c.Context().SetConnectionClose()
			}
			from.leave(all)
		}()
		return c.Next()
	}
}

// forgetAll overwrites all of a request that no handler has met. Its connection
// ends.
func forgetAll(c *fiber.Ctx) {
	wipeBody(c)
	if from, ok := c.Context().Conn().(*forgetful); ok {
		from.leave(true)
	}
}

// wipeBody overwrites more than the body's length: the buffer may have been
// longer for a request before it.
func wipeBody(c *fiber.Ctx) {
	body := c.Request().Body()
	clear(body[:cap(body)])
}

func always(*fiber.Ctx) bool { return true }

// heldCard says that there was card data in the request, or what looks like it, or
// the number of a bank account.
func heldCard(c *fiber.Ctx) bool {
	if held, _ := c.Locals(localHeldCard).(bool); held {
		return true
	}
	code, _ := c.Locals(localCode).(gateway.Code)
	return code == codeCardNumber || code == codeOrderNumber || code == codeRawCard || code == codeRawAccount
}
