package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// demo is `gateway demo` on free addresses. It can be ended and started again
// on the same data.
type demo struct {
	*process
	t                          *testing.T
	listen, simulator, control string
	front                      string // of the small shop
	data                       string
}

func newDemo(t *testing.T) *demo {
	return &demo{
		t: t, listen: freeAddress(t), simulator: freeAddress(t), control: freeAddress(t), front: freeAddress(t),
		data: filepath.Join(t.TempDir(), "demo"),
	}
}

func (d *demo) command(args ...string) *exec.Cmd {
	return command("gateway", append([]string{"demo", "--listen", d.listen, "--simulator", d.simulator,
		"--simulator-control", d.control, "--shop", d.front, "--data", d.data}, args...)...)
}

func (d *demo) start(args ...string) {
	d.t.Helper()
	d.process = launch(d.t, d.command(args...))
	d.ready("http://" + d.listen + "/readyz")
}

func startDemo(t *testing.T) *demo {
	t.Helper()
	d := newDemo(t)
	d.start()
	return d
}

func (d *demo) processor() *processor { return at(d.t, d.control) }

func (d *demo) shop() *shop {
	d.t.Helper()
	return openShop(d.t, d.listen, demoClient, demoSecret)
}

const demoVisa = `{"vault":{"customerId":"demo-visa"}}`

// simulatorGone waits until nobody listens where the simulator did.
func (d *demo) simulatorGone() {
	d.t.Helper()
	eventually(d.t, "the simulator has ended", func() bool { return refuses(d.simulator) && refuses(d.control) })
}

// needShell skips a test that needs what the README asks for, but not where
// everything has to be there.
func needShell(t *testing.T) {
	t.Helper()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing: the README asks for it", program)
			}
			t.Skipf("SKIPPED: %s is missing, so what the README says was NOT tried", program)
		}
	}
}

func TestBannerPrintsARequestThatWorks(t *testing.T) {
	needShell(t)
	d := startDemo(t)
	// It answers before it prints, and what it prints comes through a pipe.
	var banner string
	eventually(t, "the whole banner is there", func() bool {
		banner = d.stdout.String()
		return strings.Contains(banner, "Ctrl-C stops all of it")
	})
	for _, words := range []string{d.listen, d.simulator, d.control, demoClient + " / " + demoSecret, "demo-visa", d.data, "/docs"} {
		if !strings.Contains(banner, words) {
			t.Errorf("the banner lacks %q", words)
		}
	}
	request := pasted(t, banner)
	ids := map[string]bool{}
	for range 2 {
		status, a := paste(t, request)
		if status != "201" || a.Status != "approved" || a.TransactionID == "" || a.CardType != "visa" || a.Last4Digits != "5439" || a.IdempotentReplay {
			t.Errorf("the pasted request is answered with %s: %+v", status, a)
		}
		ids[a.PaymentID] = true
	}
	if n := d.processor().charged("sale"); len(ids) != 2 || n != 2 {
		t.Errorf("two pastes made %d payments and %d charges, want 2 of each: every paste has a key of its own", len(ids), n)
	}
	finish(t, command("gateway", "attention", "list", "--config", filepath.Join(d.data, demoConfig))).
		says(t, 0, "nothing waits for a person")
	d.stop()
	d.simulatorGone()
}

// pasted is the request in the banner: the indented lines after the invitation.
func pasted(t *testing.T, banner string) string {
	t.Helper()
	_, request, ok := strings.Cut(banner, "Paste this into another terminal to take a payment:\n\n")
	request, _, ended := strings.Cut(request, "\n\n")
	if !ok || !ended || !strings.Contains(request, "curl") {
		t.Fatalf("no request in the banner:\n%s", banner)
	}
	return request
}

// paste runs the request as it was printed. curl's own configuration makes it
// tell the HTTP status of each answer, on standard error.
func paste(t *testing.T, request string) (status string, a answer) {
	t.Helper()
	home := t.TempDir()
	put(t, filepath.Join(home, ".curlrc"), []byte(`write-out = "%{stderr}%{http_code} "`+"\n"))
	cmd := exec.Command("bash", "-c", request)
	cmd.Env = append(os.Environ(), "CURL_HOME="+home)
	got := finish(t, cmd)
	statuses := strings.Fields(got.stderr)
	if got.code != 0 || len(statuses) != 2 || statuses[0] != "200" {
		t.Fatalf("exit code %d, HTTP statuses %q, answer %s", got.code, got.stderr, got.stdout)
	}
	if err := json.Unmarshal([]byte(got.stdout), &a); err != nil {
		t.Fatalf("%v in %s", err, got.stdout)
	}
	return statuses[1], a
}

func TestSecondDemoIsRefusedAndTheFirstUnharmed(t *testing.T) {
	t.Parallel()
	first := startDemo(t)
	shop := first.shop()
	want(t, "a payment", shop.pay("sale", "before", demoVisa, 0), "201 approved")

	elsewhere := newDemo(t)
	elsewhere.data = first.data
	for name, c := range map[string]struct {
		second *demo
		args   []string
		words  string
	}{
		"same addresses":                  {first, nil, "is in use by another program; end it, or name another address"},
		"same addresses, --keep":          {first, []string{"--keep"}, "is in use by another program; end it, or name another address"},
		"other addresses, same data":      {elsewhere, nil, "another gateway (pid"},
		"other addresses, same data kept": {elsewhere, []string{"--keep"}, "another gateway (pid"},
	} {
		second := finish(t, c.second.command(c.args...))
		if second.code != 1 || !strings.Contains(second.stderr, c.words) {
			t.Errorf("%s: exit code %d, want 1 and %q:\n%s", name, second.code, c.words, second.stderr)
		}
	}
	want(t, "the payment from before", shop.byKey("before"), "200 approved")
	want(t, "a payment afterwards", shop.pay("sale", "after", demoVisa, 0), "201 approved")
	first.stop()
	first.start("--keep")
	want(t, "after a new start", first.shop().byKey("after"), "200 approved")
	if n := first.processor().charged("sale"); n != 2 {
		t.Errorf("%d charges are kept, want 2", n)
	}
}

func TestKeepKeepsBothAndWithoutItBothStartEmpty(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	made := d.shop().pay("sale", "kept", demoVisa, 0)
	want(t, "a payment", made, "201 approved")
	d.stop()
	d.simulatorGone()

	d.start("--keep")
	if found := d.shop().byKey("kept"); found.tells() != "200 approved" || found.PaymentID != made.PaymentID {
		t.Errorf("with --keep: %s %s, want %s", found.tells(), found.PaymentID, made.PaymentID)
	}
	if charges := d.processor().charges(); len(charges) != 1 || charges[0].TransactionID != made.TransactionID {
		t.Errorf("with --keep the simulator has %v", charges)
	}
	want(t, "a void of what was kept", d.shop().operate("void", made.PaymentID, "kept-void", `{}`, 0), "201 voided")
	d.stop()
	d.simulatorGone()

	d.start()
	want(t, "without --keep", d.shop().byKey("kept"), "404 not_found")
	if charges := d.processor().charges(); len(charges) != 0 {
		t.Errorf("without --keep the simulator has %v", charges)
	}
}

func TestSimulatorDoesNotOutliveAKilledDemo(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	d.kill()
	d.simulatorGone()
	d.start()
	want(t, "a payment after the kill", d.shop().pay("sale", "again", demoVisa, 0), "201 approved")
}

func TestDemoStopsOnlyWhenItsPaymentHasLanded(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	shop, paytrace := d.shop(), d.processor()
	paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":1}`)
	done := make(chan struct{})
	var a answer
	var err error
	go func() {
		defer close(done)
		a, err = shop.try(http.MethodPost, paymentsPath, "under-way", order("sale", "under-way", demoVisa), 0)
	}()
	eventually(t, "the payment is under way", func() bool { return paytrace.arrived("sale") == 1 })
	d.signal(syscall.SIGTERM)
	<-done
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the payment under way", a, "201 approved")
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	d.simulatorGone()
}

func TestDemoWithoutItsSimulatorSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ binary, words string }{
		"no such program":      {"/no/such/paytrace-sim", "cannot start the simulated PayTrace"},
		"a program that fails": {filepath.Join(programs, "gateway"), "the simulated PayTrace did not start; its own message stands above"},
	} {
		d := newDemo(t)
		got := finish(t, d.command("--simulator-binary", c.binary))
		if got.code != 1 || !strings.Contains(got.stderr, c.words) {
			t.Errorf("%s: exit code %d, want 1 and %q:\n%s", name, got.code, c.words, got.stderr)
		}
	}
}

func TestDemoReadsItsEnvironment(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	cmd := command("gateway", "demo")
	cmd.Env = append(cmd.Env, "GATEWAY_DEMO_LISTEN="+d.listen, "GATEWAY_DEMO_SIMULATOR="+d.simulator,
		"GATEWAY_DEMO_SIMULATOR_CONTROL="+d.control, "GATEWAY_DEMO_SHOP="+d.front, "GATEWAY_DEMO_DATA="+d.data)
	d.process = launch(t, cmd)
	d.ready("http://" + d.listen + "/readyz")
	want(t, "a payment", d.shop().pay("sale", "environment", demoVisa, 0), "201 approved")
	if _, err := os.Stat(filepath.Join(d.data, "ledger.db")); err != nil {
		t.Errorf("the ledger is not in the folder that the environment names: %v", err)
	}
	d.stop()
}
