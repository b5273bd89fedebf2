package load

import (
	"bytes"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// amount is what every payment is over.
const amount = "19.99"

// caller makes one request after the other, in buffers that it keeps.
type caller struct {
	*run
	// order posts and question gets: a request that had a body keeps its length.
	order, question *fasthttp.Request
	response        *fasthttp.Response
	body            []byte
}

func (r *run) newCaller() *caller {
	c := &caller{run: r, order: &fasthttp.Request{}, question: &fasthttp.Request{}, response: &fasthttp.Response{}}
	c.order.Header.SetMethod(fasthttp.MethodPost)
	c.order.Header.SetContentType("application/json")
	return c
}

// perform makes the n-th operation. The failure is empty when the answer was the
// expected one.
func (c *caller) perform(operation string, j job) (failure string) {
	n := j.n
	switch {
	case c.config.Drill != nil:
		return c.insist(j)
	case c.config.As == AsPayTrace:
		return c.saleAtPayTrace(n)
	}
	switch operation {
	case AuthorizeCapture:
		return c.authorizeAndCapture(n)
	case Refund:
		return c.refund(n)
	case ByKey:
		return c.lookUp(n)
	case Replay:
		return c.replay(n)
	}
	return c.sale(n)
}

// sale charges the card, and keeps the payment for operations on payments.
func (c *caller) sale(n int) string {
	failure := c.charge(c.turn(n), n, "sale")
	if failure != "" || !c.approved("approved") {
		return c.orElse(failure, fasthttp.StatusCreated)
	}
	c.shelf.put(paid{n, c.transaction()})
	return ""
}

func (c *caller) authorizeAndCapture(n int) string {
	failure := c.charge(c.turn(n), n, "authorize")
	if failure != "" || !c.approved("authorized") {
		return c.orElse(failure, fasthttp.StatusCreated)
	}
	return c.followUp(n, c.transaction(), "capture")
}

// refund gives back a payment of the run. When there is none that was not given
// back, it makes one, and the time that takes is counted with it.
func (c *caller) refund(n int) string {
	p, found := c.shelf.take()
	if !found {
		if failure := c.charge(c.turn(n), n, "sale"); failure != "" || !c.approved("approved") {
			return c.orElse(failure, fasthttp.StatusCreated)
		}
		p = paid{n, c.transaction()}
	}
	return c.followUp(n, p.transaction, "refund")
}

// lookUp asks what became of a key.
func (c *caller) lookUp(n int) string {
	p, found := c.shelf.look(scatter(uint64(n)))
	if !found {
		return c.sale(n)
	}
	failure := c.ask(c.turn(n), c.keyOf(p.n))
	if failure == "" && c.response.StatusCode() == fasthttp.StatusOK && c.says("outcome", "approved") {
		return ""
	}
	return c.orElse(failure, fasthttp.StatusOK)
}

// replay sends a payment that is finished once more.
func (c *caller) replay(n int) string {
	p, found := c.shelf.look(scatter(uint64(n)))
	if !found {
		return c.sale(n)
	}
	failure := c.charge(c.turn(n), p.n, "sale")
	again := len(c.response.Header.Peek("Idempotent-Replayed")) > 0
	if failure == "" && again && c.response.StatusCode() == fasthttp.StatusCreated && c.says("outcome", "approved") {
		return ""
	}
	return c.orElse(failure, fasthttp.StatusCreated)
}

// followUp captures or refunds a transaction as a whole.
func (c *caller) followUp(n int, transaction, verb string) string {
	c.body = append(c.body[:0], '{', '}')
	failure := c.post(c.turn(n), "/api/v1/transactions/"+transaction+"/"+verb, c.keyOf(n)+"-"+verb)
	if failure == "" && c.response.StatusCode() == fasthttp.StatusCreated {
		return ""
	}
	return c.orElse(failure, fasthttp.StatusCreated)
}

// charge asks the gateway for the payment with that number.
func (c *caller) charge(t *target, n int, intent string) string {
	b := append(c.body[:0], `{"intent":"`...)
	b = append(b, intent...)
	b = append(b, `","amount":"`+amount+`","orderId":"`...)
	b = strconv.AppendInt(append(b, c.prefix...), int64(n), 10)
	b = append(b, `","paymentMethod":{"vault":{"customerId":`...)
	b = append(b, c.customer(n)...)
	c.body = append(b, `}}}`...)
	return c.post(t, "/api/v1/payments", c.keyOf(n))
}

// saleAtPayTrace asks PayTrace itself for a charge, as the gateway would.
func (c *caller) saleAtPayTrace(n int) string {
	b := append(c.body[:0], `{"integrator_id":`...)
	b = append(b, c.integrator...)
	b = append(b, `,"amount":"`+amount+`","customer_id":`...)
	b = append(b, c.customer(n)...)
	b = append(b, `,"invoice_id":"`...)
	b = strconv.AppendInt(append(b, c.prefix...), int64(n), 10)
	b = append(b, `","customer_reference_id":"`...)
	b = strconv.AppendInt(append(b, c.prefix...), int64(n), 10)
	c.body = append(b, `"}`...)
	failure := c.post(c.turn(n), "/v1/transactions/sale/by_customer", "")
	if failure == "" && c.response.StatusCode() == fasthttp.StatusOK && bytes.Contains(c.response.Body(), []byte(`"success":true`)) {
		return ""
	}
	return c.orElse(failure, fasthttp.StatusOK)
}

// post sends the body that is in the buffer.
func (c *caller) post(t *target, path, key string) string {
	if key != "" {
		c.order.Header.Set("Idempotency-Key", key)
	}
	c.order.SetBodyRaw(c.body)
	return c.send(t, c.order, path)
}

// ask looks a key up.
func (c *caller) ask(t *target, key string) string {
	return c.send(t, c.question, "/api/v1/payments/by-key/"+key)
}

// list asks for the payments of an order.
func (c *caller) list(t *target, order string) string {
	return c.send(t, c.question, "/api/v1/payments?orderId="+order)
}

func (c *caller) send(t *target, request *fasthttp.Request, path string) string {
	request.SetRequestURI(t.base + path)
	request.Header.Set("Authorization", c.token.authorization())
	return t.send(request, c.response, c.config.Timeout)
}

// turn is the target whose turn it is.
func (c *caller) turn(n int) *target { return c.targets[n%len(c.targets)] }

// customer is whose card is charged: always the same for the same number, so
// that a repeat is the same request.
func (c *caller) customer(n int) []byte { return c.customers[n%len(c.customers)] }

// approved says that the payment was made, and has come to this state.
func (c *caller) approved(state string) bool {
	return c.response.StatusCode() == fasthttp.StatusCreated && c.says("status", state)
}

// says looks for a member of the answer without reading all of it, which would
// cost this process more than the answer cost the other.
func (c *caller) says(member, value string) bool {
	return bytes.Contains(c.response.Body(), []byte(`"`+member+`":"`+value+`"`))
}

// transaction is the id of the transaction in the answer.
func (c *caller) transaction() string {
	_, rest, _ := bytes.Cut(c.response.Body(), []byte(`"transactionId":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(id)
}

// orElse is the class of what went wrong: no answer, or not the expected one.
func (c *caller) orElse(failure string, expected int) string {
	if failure != "" {
		return failure
	}
	return status(c.response, expected)
}

// do makes one request that is due, and counts it.
func (c *caller) do(j job) {
	r := result{operation: c.operation(j), due: j.due, sent: time.Now()}
	r.failure = c.perform(r.operation, j)
	r.done = time.Now()
	c.recorder.end(r)
}
