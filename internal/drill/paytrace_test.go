package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// payTrace is a running paytrace-sim, seen from its control port.
type payTrace struct {
	*process
	t            testing.TB
	api, control string
}

// payTraceUser is the account as whom the gateways act.
const payTraceUser = "simulator@paytrace.test"

func startPayTrace(t testing.TB) *payTrace {
	t.Helper()
	p := &payTrace{t: t, api: freeAddress(t), control: freeAddress(t)}
	p.process = launch(t, command("paytrace-sim", "--listen", p.api, "--control", p.control, "--no-auto-settle", "--quiet"))
	p.ready("http://" + p.control + "/healthz")
	return p
}

// send makes one request, over a connection of its own.
func send(ctx context.Context, method, url, body string) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

// try asks the control port. It is for goroutines, which must not end the test.
func (p *payTrace) try(method, path, body string, into any) error {
	ctx, cancel := within(patience)
	defer cancel()
	status, answer, err := send(ctx, method, "http://"+p.control+path, body)
	// On a machine that is very busy the port closes connections that it has
	// not got round to reading. Nothing that is asked of it does harm twice.
	for again := 0; err != nil && again < 3; again++ {
		status, answer, err = send(ctx, method, "http://"+p.control+path, body)
	}
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("%s %s: status %d: %s", method, path, status, answer)
	case into == nil:
		return nil
	}
	return json.Unmarshal([]byte(answer), into)
}

func (p *payTrace) ask(method, path, body string, into any) {
	p.t.Helper()
	if err := p.try(method, path, body, into); err != nil {
		p.t.Fatal(err)
	}
}

// misbehave replaces the faults; none makes it well-behaved again.
func (p *payTrace) misbehave(faults ...string) {
	p.t.Helper()
	p.ask(http.MethodPut, "/faults", `{"faults":[`+strings.Join(faults, ",")+`]}`, nil)
}

// hostedFields is a payment method as PayTrace's script hands it to a shop's
// page. It is good for one charge.
func (p *payTrace) hostedFields() (string, error) {
	var fields json.RawMessage
	err := p.try(http.MethodPost, "/hosted_fields",
		`{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`, &fields)
	return `{"hostedFields":` + string(fields) + `}`, err
}

// request is a line of GET /history.
type request struct {
	At                                            time.Time
	Operation, TransactionID, CustomerReferenceID string
	InvoiceID, Fault, Reply                       string
	HTTPStatus, Answer                            int
	Acted                                         bool
}

// transaction is a line of GET /transactions.
type transaction struct {
	TransactionID, ParentTransactionID, Kind, State string
	Amount, OriginalAmount                          string
	InvoiceID, CustomerReferenceID, CreatedBy       string
	CreatedAt, CapturedAt                           time.Time
}

func (p *payTrace) requests() []request {
	p.t.Helper()
	var answer struct{ Requests []request }
	p.ask(http.MethodGet, "/history", "", &answer)
	return answer.Requests
}

func (p *payTrace) transactions() []transaction {
	p.t.Helper()
	var answer struct{ Transactions []transaction }
	p.ask(http.MethodGet, "/transactions", "", &answer)
	return answer.Transactions
}

// arrived is how many requests for an operation have reached it.
func (p *payTrace) arrived(operation string) int {
	p.t.Helper()
	n := 0
	for _, r := range p.requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

// books are PayTrace's view of what happened.
func (p *payTrace) books() (arrivals []history.Arrival, transactions []history.Transaction) {
	p.t.Helper()
	for _, r := range p.requests() {
		arrivals = append(arrivals, history.Arrival{
			At: r.At, Operation: r.Operation, Reference: r.CustomerReferenceID, TransactionID: r.TransactionID,
			HTTPStatus: r.HTTPStatus, Answer: r.Answer, Acted: r.Acted, Fault: r.Fault,
		})
	}
	for _, row := range p.transactions() {
		transactions = append(transactions, history.Transaction{
			ID: row.TransactionID, Kind: row.Kind, State: row.State, Of: row.ParentTransactionID,
			Amount: cents(p.t, row.Amount), Authorized: cents(p.t, row.OriginalAmount), Captured: !row.CapturedAt.IsZero(),
			Reference: row.CustomerReferenceID, Order: row.InvoiceID, ByClerk: row.CreatedBy != payTraceUser, At: row.CreatedAt,
		})
	}
	return arrivals, transactions
}
