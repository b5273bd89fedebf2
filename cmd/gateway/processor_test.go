package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// processor is a running paytrace-sim, seen from its control port.
type processor struct {
	*process
	t            *testing.T
	api, control string
}

// charge is a line of GET /charges.
type charge struct {
	TransactionID, Kind, Amount, InvoiceID, State string
}

// arrival is a line of GET /history.
type arrival struct {
	Operation, InvoiceID, Fault string
	Acted                       bool
	Connection                  uint64
}

func startProcessor(t *testing.T, args ...string) *processor {
	t.Helper()
	s := &processor{t: t, api: freeAddress(t), control: freeAddress(t)}
	s.process = launch(t, command("paytrace-sim",
		append([]string{"--listen", s.api, "--control", s.control, "--no-auto-settle", "--quiet"}, args...)...))
	s.ready("http://" + s.control + "/healthz")
	return s
}

// at looks at a simulator that somebody else has started.
func at(t *testing.T, control string) *processor {
	return &processor{t: t, control: control}
}

func (s *processor) ask(method, path, body string, into any) {
	s.t.Helper()
	request, err := http.NewRequest(method, "http://"+s.control+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: status %d", method, path, answer.StatusCode)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// misbehave replaces the faults; none makes it well-behaved again.
func (s *processor) misbehave(faults ...string) {
	s.t.Helper()
	s.ask(http.MethodPut, "/faults", `{"faults":[`+strings.Join(faults, ",")+`]}`, nil)
}

func (s *processor) charges() []charge {
	s.t.Helper()
	var answer struct{ Charges []charge }
	s.ask(http.MethodGet, "/charges", "", &answer)
	return answer.Charges
}

// charged is how many charges of a kind were made.
func (s *processor) charged(kind string) int {
	s.t.Helper()
	n := 0
	for _, c := range s.charges() {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

func (s *processor) arrivals() []arrival {
	s.t.Helper()
	var answer struct{ Requests []arrival }
	s.ask(http.MethodGet, "/history", "", &answer)
	return answer.Requests
}

// arrived is how many requests for an operation have reached it.
func (s *processor) arrived(operation string) int {
	s.t.Helper()
	n := 0
	for _, a := range s.arrivals() {
		if a.Operation == operation {
			n++
		}
	}
	return n
}

// hostedFields is a payment method as PayTrace's script hands it to a shop's
// page. It is good for one charge.
func (s *processor) hostedFields() string {
	s.t.Helper()
	var fields json.RawMessage
	s.ask(http.MethodPost, "/hosted_fields",
		`{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`, &fields)
	return `{"hostedFields":` + string(fields) + `}`
}
