package simulator_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// served is an account whose simulator answers on a real port.
type served struct {
	*account
	scheme, address string
	client          *http.Client
}

func serve(t *testing.T, options simulator.Options) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := openAccount(t, options)
	ended := make(chan error, 1)
	go func() { ended <- a.sim.Serve(listener, nil) }()
	t.Cleanup(func() {
		if err := errors.Join(a.sim.Close(), <-ended); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	client := &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return &served{a, "http", listener.Addr().String(), client}
}

// sale sends a sale over the network and reads the whole answer.
func (s *served) sale() (status int, body string, err error) {
	return s.call("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"5",`+keyedVisa+`}`)
}

func (s *served) call(path, body string) (int, string, error) {
	r, err := http.NewRequest("POST", s.scheme+"://"+s.address+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	response, err := s.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, string(answer), err
}

func (s *served) countCharges() int {
	return len(rows(s.control("GET", "/charges", ""), "charges"))
}

func (s *served) lastRequest() map[string]any {
	requests := rows(s.control("GET", "/history", ""), "requests")
	return requests[len(requests)-1]
}

func TestFaults(t *testing.T) {
	cases := []struct {
		name, fault string
		broken      bool // the client sees a broken connection
		status      int
		body        string
		charges     int
		reply       string
	}{
		{"closes without acting", `"kind":"reset_before"`, true, 0, "", 0, "dropped"},
		{"acts and closes", `"kind":"reset_after"`, true, 0, "", 1, "dropped"},
		{"acts and closes within the body", `"kind":"truncated_body"`, true, 200, `{"success":true`, 1, "cut"},
		{"is down", `"kind":"status","status":503`, false, 503, "Service Unavailable", 0, "given"},
		{"acts and then is down", `"kind":"status_after"`, false, 502, "Bad Gateway", 1, "given"},
		{"acts and answers a page", `"kind":"html","status":200`, false, 200, "<html>", 1, "given"},
		{"answers a page without acting", `"kind":"html","acted":false`, false, 502, "<html>", 0, "given"},
		{"forgets the token", `"kind":"unauthorized"`, false, 401, `"error":"invalid_token"`, 0, "given"},
		{"denies the login", `"kind":"denied","errors":["998"]`, false, 400, `"998":["Log in failed."]`, 0, "given"},
		{"sends elsewhere", `"kind":"redirect","location":"http://127.0.0.1:1/"`, false, 307, "", 0, "given"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, simulator.Options{})
			s.control("PUT", "/faults", `{"faults":[{"operation":"sale","count":1,`+c.fault+`}]}`)
			status, body, err := s.sale()
			if (err != nil) != c.broken || status != c.status || !strings.Contains(body, c.body) {
				t.Errorf("got status %d, body %q, error %v", status, body, err)
			}
			if got := s.countCharges(); got != c.charges {
				t.Errorf("%d charges, want %d", got, c.charges)
			}
			if last := s.lastRequest(); last["acted"] != (c.charges > 0) || last["fault"] == "" || last["reply"] != c.reply {
				t.Errorf("history says acted %v, fault %v, reply %v, want %s", last["acted"], last["fault"], last["reply"], c.reply)
			}
			if status, _, err := s.sale(); status != 200 || err != nil {
				t.Errorf("after the count: status %d, error %v", status, err)
			}
		})
	}
}

func TestFaultsOfTheVault(t *testing.T) {
	create := `"customer_id":"c",` + keyedVisa + `,"billing_address":{"name":"Ann"}`
	for _, c := range []struct {
		operation, path, body, fault string
		profiles                     int
	}{
		{"customer_create", "create", create, "reset_before", 0},
		{"customer_create", "create", create, "reset_after", 1},
		{"customer_create", "create", create, "truncated_body", 1},
		{"customer_update", "update", `"customer_id":"walk-in"`, "reset_after", 1},
		{"customer_delete", "delete", `"customer_id":"walk-in"`, "reset_before", 1},
		{"customer_delete", "delete", `"customer_id":"walk-in"`, "reset_after", 0},
		{"customer_export", "export", `"customer_id":"walk-in"`, "reset_after", 1},
	} {
		t.Run(c.operation+" "+c.fault, func(t *testing.T) {
			s := serve(t, simulator.Options{})
			if c.path != "create" {
				s.control("POST", "/clerk", `{"kind":"customer_create","customerId":"walk-in"}`)
			}
			s.control("PUT", "/faults", `{"faults":[{"operation":"`+c.operation+`","kind":"`+c.fault+`"}]}`)
			if _, _, err := s.call("customer/"+c.path, "{"+c.body+"}"); err == nil {
				t.Error("the whole answer came")
			}
			if got := len(s.sim.Customers()); got != c.profiles {
				t.Errorf("%d profiles, want %d", got, c.profiles)
			}
			if last := s.lastRequest(); last["fault"] != c.fault || last["customerId"] == "" {
				t.Errorf("the history says %v", last)
			}
		})
	}
}

func TestWarmConnectionIsClosedAfterActingEachTime(t *testing.T) {
	const times = 100
	s := serve(t, simulator.Options{})
	for range times {
		s.control("PUT", "/faults", `{}`)
		if _, _, err := s.call("ping", `{}`); err != nil { // Warms the connection up.
			t.Fatal(err)
		}
		s.control("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"reset_after"}]}`)
		if _, _, err := s.sale(); err == nil {
			t.Fatal("the sale was answered")
		}
	}
	sales := 0
	for _, r := range rows(s.control("GET", "/history", ""), "requests") {
		if r["operation"] == "sale" {
			sales++
		}
	}
	if sales != times || s.countCharges() != times {
		t.Errorf("%d sales asked for, %d made, want %d of each", sales, s.countCharges(), times)
	}
}

func TestFaultsBreakTLSConnectionsToo(t *testing.T) {
	borrowed := httptest.NewTLSServer(http.NotFoundHandler())
	defer borrowed.Close()
	s := serve(t, simulator.Options{TLS: &tls.Config{Certificates: borrowed.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}})
	trusted := x509.NewCertPool()
	trusted.AddCert(borrowed.Certificate())
	s.scheme = "https"
	s.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, ServerName: "example.com"}, ForceAttemptHTTP2: true}
	if status, _, err := s.sale(); status != 200 {
		t.Fatalf("a sale over TLS: status %d, %v", status, err)
	}
	s.control("PUT", "/faults", `{"faults":[{"kind":"reset_after"}]}`)
	if _, _, err := s.sale(); err == nil || s.countCharges() != 2 {
		t.Errorf("error %v with %d charges, want a closed connection and 2", err, s.countCharges())
	}
	s.client.CloseIdleConnections()
}

func TestFaultStrikesItsOperationAlone(t *testing.T) {
	s := serve(t, simulator.Options{})
	s.control("PUT", "/faults", `{"faults":[{"operation":"void","kind":"status"}]}`)
	if status, _, _ := s.sale(); status != 200 {
		t.Errorf("a sale got status %d", status)
	}
	if status, _, _ := s.call("transactions/void", `{"transaction_id":"1"}`); status != 502 {
		t.Errorf("a void got status %d, want 502", status)
	}
	faults := rows(s.control("GET", "/faults", ""), "faults")
	if fmt.Sprint(faults[0]["fired"]) != "1" {
		t.Errorf("it fired %v times, want once", faults[0]["fired"])
	}
}

func TestProbabilityIsRepeatableBySeed(t *testing.T) {
	pattern := func(seed string) string {
		s := serve(t, simulator.Options{})
		s.control("PUT", "/faults", `{"seed":`+seed+`,"faults":[{"kind":"status","probability":0.5}]}`)
		var b strings.Builder
		for range 32 {
			status, _, _ := s.call("ping", "{}")
			fmt.Fprint(&b, status, " ")
		}
		return b.String()
	}
	first := pattern("7")
	if !strings.Contains(first, "200") || !strings.Contains(first, "502") {
		t.Errorf("of 32 requests at one half: %s", first)
	}
	if second := pattern("7"); second != first {
		t.Errorf("the same seed gave\n%s and\n%s", first, second)
	}
	if other := pattern("8"); other == first {
		t.Error("another seed gave the same faults")
	}
}

func TestRefusedConnections(t *testing.T) {
	s := serve(t, simulator.Options{})
	warm := s.warmConnection()
	s.control("PUT", "/faults", `{"faults":[{"kind":"refuse"}]}`)
	if n, err := warm.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the warm connection gave %d bytes, %v, want its end", n, err)
	}
	if _, _, err := s.sale(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while refusing: %v, want a refused connection", err)
	}
	s.control("PUT", "/faults", `{}`)
	if status, _, err := s.sale(); status != 200 {
		t.Errorf("afterwards: status %d, %v", status, err)
	}
	if got := s.countCharges(); got != 1 {
		t.Errorf("%d charges, want 1", got)
	}
}

// warmConnection has had one answer and is kept open by both sides.
func (s *served) warmConnection() net.Conn {
	s.t.Helper()
	connection, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { connection.Close() })
	fmt.Fprintf(connection, "POST /v1/ping HTTP/1.1\r\nHost: simulator\r\nContent-Length: 0\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		s.t.Fatal(err)
	}
	return connection
}

func TestConcurrentSalesEachHaveTheirOwnID(t *testing.T) {
	const callers, each = 16, 20
	s := serve(t, simulator.Options{})
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				if status, _, err := s.sale(); status != 200 {
					t.Errorf("status %d, %v", status, err)
				}
			}
		})
	}
	all.Go(func() {
		for range each {
			s.control("PUT", "/faults", `{"faults":[{"operation":"void","kind":"status"}]}`)
			s.control("POST", "/settle", "")
			s.control("GET", "/history", "")
		}
	})
	all.Wait()
	ids := map[any]bool{}
	for _, c := range rows(s.control("GET", "/charges", ""), "charges") {
		ids[c["transactionId"]] = true
	}
	if len(ids) != callers*each {
		t.Errorf("%d ids for %d sales", len(ids), callers*each)
	}
}

func TestConnectionsAreNumbered(t *testing.T) {
	s := serve(t, simulator.Options{})
	numbers := map[string]bool{}
	for range 2 {
		s.sale()
		numbers[fmt.Sprint(s.lastRequest()["connection"])] = true
	}
	if len(numbers) != 1 {
		t.Errorf("a warm connection has the numbers %v", numbers)
	}
	s.client.CloseIdleConnections()
	s.sale()
	if n := fmt.Sprint(s.lastRequest()["connection"]); numbers[n] || n == "0" {
		t.Errorf("a new connection has the number %s", n)
	}
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	cases := []struct{ body, want string }{
		{`{"faults":[{"kind":"delay"}]}`, "needs seconds"},
		{`{"faults":[{"kind":"explode"}]}`, "kind must be one of"},
		{`{"faults":[{"kind":"status","operation":"sail"}]}`, "operation must be"},
		{`{"faults":[{"kind":"status","probability":2}]}`, "probability"},
		{`{"faults":[{"kind":"status","count":-1}]}`, "count"},
		{`{"faults":[{"kind":"status","status":404}]}`, "from 500 to 599"},
		{`{"faults":[{"kind":"redirect"}]}`, "location"},
		{`{"faults":[{"kind":"denied","errors":["35"]}]}`, "981, 998 and 999"},
		{`{"faults":[{"kind":"refuse","operation":"sale","seconds":1}]}`, "for all"},
		{`{"faults":[{"kind":"status","often":true}]}`, "unknown field"},
		{`{"export":{"timeZone":"Mars/Olympus"}}`, "timeZone"},
		{`{"export":{"rowCap":-1}}`, "rowCap"},
		{`{"duplicateFilter":{"minutes":1000}}`, "999"},
		{`{"duplicateFilter":{"minutes":1,"answer":"shrug"}}`, "answer"},
		{`{"phishingFilter":{"enabled":true,"warnAt":3,"blockAt":2}}`, "blockAt"},
		{`{"faults":[]} {}`, "nothing after it"},
		{`{`, "cannot be read"},
	}
	for _, c := range cases {
		t.Run(c.body, func(t *testing.T) {
			status, answer := a.send(a.sim.Control(), "PUT", "/faults", "application/json", c.body)
			if message, _ := answer["error"].(string); status != 400 || !strings.Contains(message, c.want) {
				t.Errorf("status %d, %q, want 400 with %q", status, message, c.want)
			}
		})
	}
}
