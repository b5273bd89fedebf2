package magento

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/egress"
	"paytrace-gateway/gateway"
)

const (
	// maxAnswer bounds what is read of an answer: an order of a thousand items
	// has some two megabytes.
	maxAnswer = 8 << 20
	// pageSize is below the largest page that shops can be set to allow.
	pageSize = 200
)

// client knows Magento's addresses. It sends each request once.
type client struct {
	door    *egress.Door
	base    string // where requests go
	signing string // what Magento takes itself for
	signer  signer
	now     func() time.Time
}

func newClient(c Config) (*client, error) {
	door, err := egress.New(egress.Config{LiveMode: c.LiveMode, AllowNetworks: c.AllowNetworks, AllowHosts: c.AllowHosts, Secrets: c.secrets(), RootCAs: c.RootCAs})
	if err != nil {
		return nil, err
	}
	if _, err := door.ParseURL(c.BaseURL); err != nil {
		return nil, fmt.Errorf("baseURL: %w", err)
	}
	return &client{
		door: door, base: c.BaseURL, signing: c.SigningURL, now: c.Now,
		signer: signer{c.ConsumerKey, c.ConsumerSecret, c.AccessToken, c.AccessTokenSecret},
	}, nil
}

// orders finds at most two orders with that number: one more than there may be.
func (c *client) orders(ctx context.Context, incrementID string, storeID int64) ([]order, error) {
	query := filter(0, "increment_id", incrementID)
	if storeID > 0 {
		query = append(query, filter(1, "store_id", strconv.FormatInt(storeID, 10))...)
	}
	return list[order](ctx, c, "/orders", append(query, pair{"searchCriteria[pageSize]", "2"}))
}

func (c *client) invoices(ctx context.Context, orderID int64) ([]invoice, error) {
	return list[invoice](ctx, c, "/invoices", ofOrder(orderID))
}

func (c *client) creditMemos(ctx context.Context, orderID int64) ([]creditMemo, error) {
	return list[creditMemo](ctx, c, "/creditmemos", ofOrder(orderID))
}

func (c *client) transactions(ctx context.Context, orderID int64) ([]transaction, error) {
	return list[transaction](ctx, c, "/transactions", ofOrder(orderID))
}

func (c *client) comments(ctx context.Context, orderID int64) ([]comment, error) {
	return list[comment](ctx, c, fmt.Sprintf("/orders/%d/comments", orderID), nil)
}

// comment writes a remark into the order's history. It takes the order's status
// with it, and never moves its state.
func (c *client) comment(ctx context.Context, orderID int64, words, status string) error {
	body := commentBody{statusHistory{Comment: words, Status: status}}
	return c.confirm(ctx, fmt.Sprintf("/orders/%d/comments", orderID), body)
}

// invoice makes a paid invoice of the items without asking the payment method
// for a capture.
func (c *client) invoice(ctx context.Context, orderID int64, items []itemQty) error {
	return c.write(ctx, fmt.Sprintf("/order/%d/invoice", orderID), invoiceBody{Items: items}, new(documentID))
}

// refund makes an offline credit memo.
func (c *client) refund(ctx context.Context, orderID int64, items []itemQty, shipping gateway.Money) error {
	body := refundBody{Items: items, Arguments: refundArguments{Shipping: json.Number(shipping.String()), Positive: "0", Negative: "0"}}
	return c.write(ctx, fmt.Sprintf("/order/%d/refund", orderID), body, new(documentID))
}

// cancel asks for the order's cancellation. Magento answers false, with
// success, when it does not cancel.
func (c *client) cancel(ctx context.Context, orderID int64) error {
	return c.write(ctx, fmt.Sprintf("/orders/%d/cancel", orderID), struct{}{}, new(bool))
}

// save overwrites state and status of an order, past all of Magento's rules.
func (c *client) save(ctx context.Context, o order, to place) error {
	body := saveBody{savedOrder{EntityID: o.EntityID, IncrementID: o.IncrementID, State: to.state, Status: to.status}}
	var saved order
	err := c.write(ctx, "/orders", body, &saved)
	if err == nil && saved.EntityID != o.EntityID {
		err = &trouble{asked: asked(http.MethodPost, "/orders"), status: http.StatusOK, strange: true}
	}
	return err
}

// tell hands an event to the gateway's own module.
func (c *client) tell(ctx context.Context, e moduleEvent) (moduleAnswer, error) {
	var answer moduleAnswer
	err := c.write(ctx, "/paytrace-gateway/events", moduleBody{e}, &answer)
	return answer, err
}

// filter is one condition of a search; conditions of different groups hold
// together. Indexes have one digit: servers sort longer ones differently.
func filter(group int, field, value string) []pair {
	prefix := fmt.Sprintf("searchCriteria[filter_groups][%d][filters][0]", group)
	return []pair{{prefix + "[field]", field}, {prefix + "[value]", value}, {prefix + "[condition_type]", "eq"}}
}

func ofOrder(orderID int64) []pair {
	return append(filter(0, "order_id", strconv.FormatInt(orderID, 10)), pair{"searchCriteria[pageSize]", strconv.Itoa(pageSize)})
}

func list[T any](ctx context.Context, c *client, path string, query []pair) ([]T, error) {
	var answer page[T]
	if err := c.call(ctx, http.MethodGet, path, query, nil, &answer); err != nil {
		return nil, err
	}
	// An empty page of a search that has found something is an index, or a cache,
	// that does not keep up; it proves nothing.
	if answer.Total == nil || (len(answer.Items) == 0 && *answer.Total != 0) {
		return nil, &trouble{asked: asked(http.MethodGet, path), status: http.StatusOK, strange: true}
	}
	return answer.Items, nil
}

// confirm is a write that Magento answers with true.
func (c *client) confirm(ctx context.Context, path string, body any) error {
	var done bool
	err := c.write(ctx, path, body, &done)
	if err == nil && !done {
		err = &trouble{asked: asked(http.MethodPost, path), status: http.StatusOK, strange: true}
	}
	return err
}

func (c *client) write(ctx context.Context, path string, body, into any) error {
	return c.call(ctx, http.MethodPost, path, nil, body, into)
}

// call sends one request. Every error that it returns is a *trouble.
func (c *client) call(ctx context.Context, method, path string, query []pair, body, into any) error {
	answer, failed := c.ask(ctx, method, path, query, body)
	if failed != nil {
		return failed
	}
	if !answer.Whole || json.Unmarshal(answer.Body, into) != nil {
		return &trouble{asked: asked(method, path), status: answer.Status, strange: true}
	}
	return nil
}

// ask sends one request, and returns the answer beside the trouble that it is,
// if it is one.
func (c *client) ask(ctx context.Context, method, path string, query []pair, body any) (egress.Answer, *trouble) {
	failed := &trouble{asked: asked(method, path)}
	request, err := c.request(ctx, method, path, query, body)
	if err != nil {
		failed.said = c.door.Words(err.Error())
		return egress.Answer{}, failed
	}
	answer, err := c.door.Send(request, maxAnswer)
	if err != nil {
		failed.said = err.Error()
		return egress.Answer{}, failed
	}
	if answer.Status == http.StatusOK {
		return answer, nil
	}
	failed.status = answer.Status
	failed.retryAfter = answer.RetryAfter(c.now())
	c.read(failed, answer)
	return answer, failed
}

func (c *client) request(ctx context.Context, method, path string, query []pair, body any) (*http.Request, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	address := c.base + "/rest/V1" + path + rawQuery(query)
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	// net/http sends nothing twice of its own accord that it cannot rewind.
	request.GetBody = nil
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "paytrace-gateway")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Authorization", c.signer.authorization(method, c.signing+"/rest/V1"+path, query, newNonce(), c.now()))
	return request, nil
}

func rawQuery(query []pair) string {
	var parts []string
	for _, p := range query {
		parts = append(parts, encode(p.name)+"="+encode(p.value))
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// quotable bounds what is looked at of a text that may be shown.
const quotable = 4 << 10

// firstWords are those of a text that came with the answer.
func firstWords(answer egress.Answer, text string) string {
	answer.Body = []byte(text)
	if len(text) > quotable {
		answer.Body, answer.Whole = answer.Body[:quotable], false
	}
	return answer.Words()
}

// strangeWords are those of a page of a proxy. What is escaped in some way is
// not quoted: it may be a number once it is read.
func strangeWords(answer egress.Answer) string {
	if bytes.ContainsAny(answer.Body[:min(len(answer.Body), quotable)], "\\&%") {
		return "something that is no message of Magento's"
	}
	return firstWords(answer, string(answer.Body))
}

// asked names a call for a person, without the host.
func asked(method, path string) string { return method + " /V1" + path }

// read takes Magento's word on a failure out of an answer.
func (c *client) read(t *trouble, answer egress.Answer) {
	var body failureBody
	if !answer.Whole || json.Unmarshal(answer.Body, &body) != nil || (body.Message == "" && len(body.Messages.Error) == 0) {
		t.said = strangeWords(answer)
		return
	}
	t.magentos = true
	message := body.Message
	if message == "" {
		message = body.Messages.Error[0].Message
	}
	filled, resources := interpolate(message, body.Parameters)
	t.plain, t.said, t.right = message, firstWords(answer, filled), rightOf(resources)
}
