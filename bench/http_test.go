package bench

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"paytrace-gateway/gateway/processortest"
)

// shop is a client that keeps its connections.
type shop struct {
	*fasthttp.HostClient
	token string
	// body has %s where the order's id belongs.
	body string
}

// The two bodies that the benchmarks send.
const (
	checkoutBody = `{"amount":"19.99","orderId":"%s","storeCode":"default","channel":"magento",` +
		`"paymentMethod":{"hostedFields":{"hpfToken":"c9b6d5d3-8e6f-4a0b-9f0e-2b7f3f1c8a55","encKey":"Zm9ydHktZm91ci1jaGFyYWN0ZXJzLW9mLWJhc2U2NA=="}},` +
		`"billingAddress":{"name":"Alex Shopper","street":"8320 E. West St.","city":"Spokane","state":"WA","postalCode":"85284","countryCode":"US"},` +
		`"metadata":{"quoteId":"4711","storeView":"en"}}`
	vaultBody = `{"amount":"19.99","orderId":"%s","paymentMethod":{"vault":{"customerId":"` + customer + `"}}}`
)

func newShop(address, token, body string) *shop {
	return &shop{&fasthttp.HostClient{Addr: address, MaxConns: 1024}, token, body}
}

// caller makes requests one after the other, and gives each answer to seen.
func (s *shop) caller(seen func(body []byte) error) call {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	request.SetRequestURI("http://" + s.Addr + "/api/v1/payments")
	request.Header.SetMethod(fasthttp.MethodPost)
	request.Header.SetContentType("application/json")
	request.Header.Set("Authorization", "Bearer "+s.token)
	before, after, _ := strings.Cut(s.body, "%s")
	return func(n int) error {
		request.Header.Set("Idempotency-Key", keyOf(n))
		request.SetBodyString(before + orderOf(n) + after)
		if err := s.Do(request, response); err != nil {
			return err
		}
		if response.StatusCode() != fasthttp.StatusCreated {
			return fmt.Errorf("request %d: HTTP %d %s", n, response.StatusCode(), response.Body())
		}
		return seen(response.Body())
	}
}

func approved(body []byte) error {
	if !bytes.Contains(body, []byte(`"status":"approved"`)) {
		return fmt.Errorf("not approved: %s", body)
	}
	return nil
}

func anything([]byte) error { return nil }

// BenchmarkHTTP measures the whole path of a checkout over loopback, beside a
// bare fiber handler that takes the same request and gives as many bytes: the
// difference is what the gateway adds to HTTP.
func BenchmarkHTTP(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var answer []byte
			var bare time.Duration
			b.Run("bare", func(b *testing.B) {
				if answer == nil {
					answer = oneAnswer(b)
				}
				s := newShop(serveBare(b, answer), "of the same length or so", checkoutBody)
				took := drive(b, callers, "requests/s", func() call { return s.caller(anything) })
				took.report(b)
				bare = took.quantile(0.5)
			})
			b.Run("gateway", func(b *testing.B) {
				s := checkout(b)
				took := drive(b, callers, "requests/s", func() call { return s.caller(approved) })
				took.report(b)
				if bare > 0 {
					b.ReportMetric(float64(took.quantile(0.5))/float64(bare), "p50/bare")
				}
			})
		})
	}
}

// checkout is a shop at a gateway whose processor answers at once.
func checkout(b testing.TB) *shop {
	address, token := serve(b, newGateway(b, processortest.New(time.Now)))
	return newShop(address, token, checkoutBody)
}

// oneAnswer is what the gateway says to a payment.
func oneAnswer(b *testing.B) (answer []byte) {
	err := checkout(b).caller(func(body []byte) error {
		answer = bytes.Clone(body)
		return nil
	})(0)
	if err != nil {
		b.Fatal(err)
	}
	return answer
}

func serveBare(b *testing.B, answer []byte) string {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Post("/api/v1/payments", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Status(fiber.StatusCreated).Send(answer)
	})
	app.Server().CloseOnShutdown = true
	return listen(b, app.Listener, app.Shutdown)
}
