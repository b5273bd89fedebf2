package simulator_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// during serves an account for as long as the function runs, then stops it.
func during(t *testing.T, options simulator.Options, do func(a *account)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sim := simulator.New(options)
	if err := sim.Load(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- sim.Serve(listener, nil) }()
	a := &account{t: t, sim: sim}
	a.token = a.logIn()
	do(a)
	if err := errors.Join(sim.Close(), <-ended); err != nil {
		t.Errorf("closing: %v", err)
	}
}

func TestStateFileCarriesEverythingAcrossARestart(t *testing.T) {
	options := simulator.Options{StateFile: filepath.Join(t.TempDir(), "state.json")}
	var sale, auth, token string
	during(t, options, func(a *account) {
		sale, auth, token = a.sell("10.00"), a.authorize("8.00"), a.token
		a.control("POST", "/settle", "")
		a.on("refund/for_transaction", sale, "4.00")
		a.post("customer/create", `{"customer_id":"c1",`+keyedVisa+`,"billing_address":{"name":"N"}}`)
		a.control("PUT", "/settings", `{"errorStatus":422}`)
		a.control("POST", "/clock", `{"advanceSeconds":60}`)
	})
	during(t, options, func(a *account) {
		a.token = token
		if got := result(a.on("refund/for_transaction", sale, "6.01")); got != "error 813" {
			t.Errorf("refunding more than remains: %s", got)
		}
		if got := result(a.on("authorization/capture", auth, "")); got != "112" {
			t.Errorf("capturing: %s", got)
		}
		if newest := a.approve("sale/by_customer", `"amount":"1","customer_id":"c1"`); newest <= auth {
			t.Errorf("new id %s is not above %s", newest, auth)
		}
		if status, _ := a.post("transactions/void", `{}`); status != 422 {
			t.Errorf("errorStatus was not kept: %d", status)
		}
		if got := len(rows(a.control("GET", "/charges", ""), "charges")); got != 5 {
			t.Errorf("%d charges, want 5", got)
		}
		if got := a.control("POST", "/settle", "")["transactionCount"]; got == nil || got.(interface{ String() string }).String() != "3" {
			t.Errorf("%v settled, want the refund, the capture and the sale", got)
		}
	})
}

func TestStateFileKeepsNoCardNumber(t *testing.T) {
	options := simulator.Options{StateFile: filepath.Join(t.TempDir(), "state.json"), DemoCustomers: true}
	during(t, options, func(a *account) {
		a.sell("10.00")
		a.control("POST", "/hosted_fields", `{"cardNumber":"4012000098765439","csc":"9997","expirationMonth":"12","expirationYear":"2030"}`)
	})
	state, err := os.ReadFile(options.StateFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"4012000098765439", "371449635392376"} {
		if strings.Contains(string(state), number) {
			t.Errorf("the state file holds a card number")
		}
	}
	if leftovers, _ := filepath.Glob(options.StateFile + ".*"); len(leftovers) != 0 {
		t.Errorf("left behind: %v", leftovers)
	}
}

func TestDamagedStateFileIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := simulator.New(simulator.Options{StateFile: path}).Load()
	if err == nil || !strings.Contains(err.Error(), "delete it to start afresh") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}

func TestIDsAreNotRepeatedByARestartWithoutState(t *testing.T) {
	highest := ""
	for range 3 {
		a := openAccount(t, simulator.Options{})
		for range 100 {
			id := a.sell("1")
			if len(id) < len(highest) || len(id) == len(highest) && id <= highest {
				t.Fatalf("id %s after %s", id, highest)
			}
			highest = id
		}
	}
	if first := openAccount(t, simulator.Options{FirstTransactionID: 125391271}).sell("1"); first != "125391271" {
		t.Errorf("the first id is %s, want the one that was fixed", first)
	}
}
