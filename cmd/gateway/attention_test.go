package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
)

// operate runs a command for the operator at the machine of this gateway.
func (s *serving) operate(args ...string) finished {
	s.t.Helper()
	cmd := command("gateway", append(args, "--config", s.config)...)
	cmd.Env = append(append(cmd.Env, shopEnvironment...), s.environment...)
	return finish(s.t, cmd)
}

// whileStopped changes the ledger between two runs of the gateway.
func (s *serving) whileStopped(change func(context.Context, *ledger.Ledger)) {
	s.t.Helper()
	s.stop()
	s.rewriteLedger(change)
	s.start()
}

// rewriteLedger changes the ledger of a gateway that does not run.
func (s *serving) rewriteLedger(change func(context.Context, *ledger.Ledger)) {
	s.t.Helper()
	l, err := ledger.OpenSQLite(s.t.Context(), s.ledger(), ledger.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	change(s.t.Context(), l)
	if err := l.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// attend puts a payment's first operation on the attention list, as a look in
// vain would after a day.
func (s *serving) attend(paymentID, why string) {
	s.t.Helper()
	s.whileStopped(func(ctx context.Context, l *ledger.Ledger) {
		p, err := l.Payment(ctx, "main", paymentID)
		if err != nil {
			s.t.Fatal(err)
		}
		base := p.Version
		p.Version, p.NeedsAttention = base+1, true
		p.Operations[0].Attention, p.Operations[0].Due = why, time.Time{}
		if err := l.Apply(ctx, gateway.Change{Payment: p, Base: base, Operation: p.Operations[0].ID}); err != nil {
			s.t.Fatal(err)
		}
	})
}

func (f finished) says(t *testing.T, code int, words ...string) {
	t.Helper()
	if f.code != code {
		t.Errorf("exit code %d, want %d: %s%s", f.code, code, f.stdout, f.stderr)
	}
	for _, word := range words {
		if !strings.Contains(f.stdout+f.stderr, word) {
			t.Errorf("it does not say %q:\n%s%s", word, f.stdout, f.stderr)
		}
	}
}

func (f finished) doesNotSay(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(f.stdout+f.stderr, word) {
			t.Errorf("it says %q:\n%s%s", word, f.stdout, f.stderr)
		}
	}
}

var toPaste = regexp.MustCompile(`(?m)^ +gateway (attention resolve .*)$`)

func TestAPersonFindsAndDecidesAtTheCommandLine(t *testing.T) {
	t.Parallel()
	gateway, paytrace, shop := serve(t)
	gateway.operate("attention", "list").says(t, 0, "nothing waits for a person")
	// Were its books to be read, the sale would be found before this machine came to the next step.
	paytrace.misbehave(`{"operation":"sale","kind":"reset_after"}`, `{"operation":"export","kind":"status","status":503}`)
	made := shop.pay("sale", "lost", paytrace.hostedFields(), 0)
	want(t, "a sale whose answer is lost", made, "202 unknown")
	const why = "PayTrace's books have not shown what became of this sale"
	gateway.attend(made.PaymentID, why)
	paytrace.misbehave()

	gateway.operate("attention", "list").says(t, 0, made.PaymentID, "lost", "19.99", "sale", "unknown", why)
	shown := gateway.operate("attention", "show", made.PaymentID)
	shown.says(t, 0, made.PaymentID, "main, test", why, "look at PayTrace for: sale of 19.99", "customer_reference_id", "order lost")
	commands := toPaste.FindAllStringSubmatch(shown.stdout, -1)
	if len(commands) != 2 || !strings.Contains(commands[0][1], "--done --transaction ID") || !strings.Contains(commands[1][1], "--not-done") {
		t.Fatalf("the choices are %q", commands)
	}
	if !strings.Contains(commands[0][1], "--config "+gateway.config) {
		t.Errorf("the command cannot be pasted, since it lacks the configuration: %s", commands[0][1])
	}

	charges := paytrace.charges()
	paste := func(command string) []string {
		words := strings.Fields(strings.Replace(command, " ID", " "+charges[len(charges)-1].TransactionID, 1))
		return append(words[:len(words)-2], "--by", "Ada Byron", "--note", "found by its reference")
	}
	gateway.operate(paste(commands[0][1])...).says(t, 0, "is decided: the sale of 19.99 is approved", made.PaymentID+" is approved")
	gateway.operate(paste(commands[0][1])...).says(t, 0, "was decided before")
	if after := shop.byKey("lost"); after.tells() != "200 approved" {
		t.Errorf("the shop is told %s", after.tells())
	}
	gateway.operate("attention", "list").says(t, 0, "nothing waits for a person")
	gateway.operate("attention", "show", made.PaymentID).
		says(t, 0, "done by Ada Byron (operator:", "found by its reference", "nothing about this payment waits")
	if n := paytrace.arrived("sale"); n != 1 {
		t.Errorf("%d sales have reached PayTrace, want 1", n)
	}
}

func TestADecisionThatIsRefusedSaysWhy(t *testing.T) {
	t.Parallel()
	gateway, paytrace, shop := serve(t)
	made := shop.pay("sale", "good", paytrace.hostedFields(), 0)
	want(t, "a sale", made, "201 approved")
	resolve := func(args ...string) finished {
		return gateway.operate(append([]string{"attention", "resolve"}, args...)...)
	}
	resolve(made.PaymentID, "--operation", "op_none", "--seen").says(t, 1, "no operation with this id", "not_found", "req_")
	resolve("pay_none", "--operation", "op_none", "--seen").says(t, 1, "not_found")
	resolve(made.PaymentID, "--operation", "op_1", "--seen", "--note", "card 4111 1111 1111 1111").says(t, 1, "card_number_refused")
	resolve(made.PaymentID, "--seen").says(t, 1, "operation")
	resolve(made.PaymentID, "--operation", "op_1").says(t, 1, "done", "not-done", "seen")
	resolve(made.PaymentID, "--operation", "op_1", "--seen", "--done").says(t, 1, "done", "seen")
	resolve("--operation", "op_1", "--seen").says(t, 1, "accepts 1 arg")
	finish(t, command("gateway", "attention", "lst")).says(t, 1, `unknown command "lst"`)
	gateway.operate("attention", "show", "pay_none").says(t, 1, "not_found")
	gateway.operate("attention", "list", "--merchant", "nobody").says(t, 1, `no merchant "nobody"`, "there are: main")
	gateway.operate("attention", "list", "--address", "nowhere").says(t, 1, "--address", "host:port")
}

func TestWhatPayTraceHasBesidesIsListed(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	eventually(t, "the books were read", func() bool {
		return strings.Contains(s.operate("unmatched").stdout, "PayTrace's books were read up to 2")
	})
	s.operate("unmatched").says(t, 0, "every transaction that PayTrace has shown belongs to a payment", "and are every 5m0s; what is newer is not judged yet")
	seen := time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC)
	s.whileStopped(func(ctx context.Context, l *ledger.Ledger) {
		for i := range 130 { // more than a page
			if err := l.KeepUnmatched(ctx, gateway.UnmatchedTransaction{
				MerchantID: "main", FirstSeen: seen, LastSeen: seen,
				Record: gateway.Record{
					TransactionID: fmt.Sprint(450583900 + i), Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999,
					OrderID: "phone\x1b[2J", CreatedBy: "clerk@example.com", CreatedAt: seen,
				},
			}, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
	got := s.operate("unmatched")
	got.says(t, 0, "450583900", "450584029", "clerk@example.com", "19.99", "phone?[2J")
	if n := strings.Count(got.stdout, "pending_settlement"); n != 130 {
		t.Errorf("%d transactions are listed, want 130", n)
	}
}

// That nothing is listed says nothing before the books were read, as when PayTrace has
// not answered since the first start.
func TestAListThatNobodyCouldMakeIsNotTakenForAnEmptyOne(t *testing.T) {
	t.Parallel()
	s := configure(t, freeAddress(t)) // where no PayTrace is
	s.start()
	got := s.operate("unmatched")
	got.says(t, 0, "nothing is known yet of what PayTrace has on its books", "have not been read to their end yet", "watch.failed")
	if strings.Contains(got.stdout, "belongs to a payment") {
		t.Errorf("it says that all is well:\n%s", got.stdout)
	}
}

func TestOperatorsCommandsSayWhyTheyCannotCall(t *testing.T) {
	t.Parallel()
	t.Run("no gateway has run", func(t *testing.T) {
		configure(t, freeAddress(t)).operate("attention", "list").says(t, 1, "no signing key", "no gateway has run with this configuration")
	})
	t.Run("no gateway runs", func(t *testing.T) {
		s := configure(t, freeAddress(t))
		s.start()
		s.stop()
		s.operate("attention", "list").says(t, 1, "no gateway runs at "+s.address, "--address")
		s.operate("unmatched").says(t, 1, "no gateway runs at "+s.address)
	})
	t.Run("a gateway with another key", func(t *testing.T) {
		one, other := configure(t, freeAddress(t)), configure(t, freeAddress(t))
		one.start()
		other.start()
		one.operate("attention", "list", "--address", other.address).says(t, 1, "does not take a token", "another configuration")
	})
	t.Run("another program", func(t *testing.T) {
		s := configure(t, freeAddress(t))
		s.start()
		stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
		defer stranger.Close()
		s.operate("attention", "list", "--address", strings.TrimPrefix(stranger.URL, "http://")).says(t, 1, "is no gateway", "--address")
	})
	t.Run("no configuration", func(t *testing.T) {
		cmd := command("gateway", "attention", "list", "--config", filepath.Join(t.TempDir(), "none.yaml"))
		finish(t, cmd).says(t, 1, "none.yaml")
	})
}

// The token is made for one call: neither the key nor the token is printed or
// left behind.
func TestOperatorsCommandsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	before, err := os.ReadDir(filepath.Join(s.folder, "data"))
	if err != nil {
		t.Fatal(err)
	}
	got := s.operate("attention", "list")
	after, err := os.ReadDir(filepath.Join(s.folder, "data"))
	if err != nil {
		t.Fatal(err)
	}
	name := func(e os.DirEntry) string { return e.Name() }
	if len(after) > len(before) {
		t.Errorf("the folder holds %v, and held %v", mapped(after, name), mapped(before, name))
	}
	if strings.Contains(got.stdout+got.stderr, "eyJ") {
		t.Errorf("a token is printed: %s%s", got.stdout, got.stderr)
	}
}

func mapped[T, U any](all []T, f func(T) U) []U {
	var made []U
	for _, one := range all {
		made = append(made, f(one))
	}
	return made
}

func TestSeveralMerchantsHaveToBeToldApart(t *testing.T) {
	t.Parallel()
	s := configure(t, freeAddress(t))
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	_, first, _ := strings.Cut(string(config), "merchants:\n")
	second := strings.NewReplacer("id: main", "id: second", "id: shop", "id: second-shop").Replace(first)
	s.write(string(config) + second)
	s.start()
	s.operate("attention", "list").says(t, 1, "--merchant: say which one: main, second")
	s.operate("attention", "list", "--merchant", "second").says(t, 0, "nothing waits for a person")
}

func TestChoicesAreThoseThatTheGatewayTakes(t *testing.T) {
	for name, c := range map[string]struct {
		p     payment
		op    operation
		flags []string
	}{
		"an unknown sale":            {op: operation{OperationKind: "sale", OperationStatus: "unknown"}, flags: []string{"--done --transaction ID", "--not-done"}},
		"an unknown authorization":   {op: operation{OperationKind: "authorize", OperationStatus: "unknown"}, flags: []string{"--done --transaction ID", "--not-done"}},
		"an unknown capture":         {op: operation{OperationKind: "capture", OperationStatus: "unknown"}, flags: []string{"--done", "--not-done"}},
		"an unknown void":            {op: operation{OperationKind: "void", OperationStatus: "unknown"}, flags: []string{"--done", "--not-done"}},
		"an unknown refund":          {op: operation{OperationKind: "refund", OperationStatus: "unknown"}, flags: []string{"--done --transaction ID", "--not-done"}},
		"an unknown refund by void":  {op: operation{OperationKind: "refund", OperationStatus: "unknown", ProcessedAs: "void"}, flags: []string{"--done", "--not-done"}},
		"a refund that waits long":   {op: operation{OperationKind: "refund", OperationStatus: "waiting_settlement", Attention: "?"}, flags: []string{"--done --transaction ID", "--not-done", "--seen"}},
		"a refund that waits":        {op: operation{OperationKind: "refund", OperationStatus: "waiting_settlement"}},
		"a sale given up in vain":    {p: payment{Outcome: "cancelled"}, op: operation{OperationKind: "sale", OperationStatus: "approved", Attention: "?"}, flags: []string{"--done", "--seen"}},
		"a sale beside other money":  {op: operation{OperationKind: "sale", OperationStatus: "unknown", Attention: heldThere}, flags: []string{"--done --transaction ID", "--not-done"}},
		"a sale that is contested":   {op: operation{OperationKind: "sale", OperationStatus: "approved", Attention: "?"}, flags: []string{"--seen"}},
		"an unknown bank payment":    {p: payment{BankAccount: &bankSummary{}}, op: operation{OperationKind: "sale", OperationStatus: "unknown"}, flags: []string{"--done --transaction chk_ID", "--not-done"}},
		"a sale that is as it seems": {op: operation{OperationKind: "sale", OperationStatus: "approved"}},
	} {
		got := mapped(choicesOf(c.p, c.op), func(c choice) string { return c.flags })
		if !slices.Equal(got, c.flags) {
			t.Errorf("%s: the choices are %q, want %q", name, got, c.flags)
		}
	}
}

// heldThere is why an operation waits of which PayTrace shows another amount.
const heldThere = "transaction 450583925 at PayTrace bears the reference gw-1, but another amount: 70.00"

// What the gateway would refuse is not offered without what has to be done first.
func TestMoneyThatPayTraceHoldsIsToBeVoidedThereFirst(t *testing.T) {
	const first = "void at PayTrace's screens first what is there, or refund what is settled"
	for why, held := range map[string]bool{heldThere: true, "PayTrace's books have not shown what became of this sale": false} {
		p := payment{PaymentID: "pay_1", NeedsAttention: true, Operations: []operation{{OperationID: "op_1", OperationKind: "sale", OperationStatus: "unknown", Attention: why}}}
		var shown strings.Builder
		if err := printPayment(&shown, p, books{}, ""); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(shown.String(), first); got != held {
			t.Errorf("%s: what comes first is said: %t, want %t\n%s", why, got, held, shown.String())
		}
	}
}

func TestABankPaymentIsLookedForAmongTheChecks(t *testing.T) {
	p := payment{TransactionID: "chk_981619", OrderID: "42", BankAccount: &bankSummary{"8206", "checking", "business"}}
	for want, op := range map[string]operation{
		"a check of 5.00 for order 42, made": {OperationKind: "sale"}, "check 981619 among the checks, whether it is voided": {OperationKind: "void"},
		"check 981619 among the checks, whether it is funded, for 5.00": {OperationKind: "capture"}, "a refund of 5.00 of check 981619, made": {OperationKind: "refund"},
	} {
		op.Amount = "5.00"
		said := lookFor(p, op, books{field: "customer_reference_id", user: "shop", zone: "UTC"})
		if !strings.HasPrefix(said, want) || strings.Contains(said, "customer_reference_id") {
			t.Errorf("%s: %s", op.OperationKind, said)
		}
		if op.OperationKind == "sale" && !strings.HasSuffix(said, "drawn on the account business checking 8206") {
			t.Errorf("the account is not named: %s", said)
		}
	}
}

func TestWordsToPasteAreOneWordEach(t *testing.T) {
	for text, want := range map[string]string{
		"gateway.yaml": "gateway.yaml", "/etc/gate way.yaml": "'/etc/gate way.yaml'", "a'b": `'a'\''b'`, "": "''",
		"$(rm)": "'$(rm)'", "127.0.0.1:8080": "127.0.0.1:8080", "a;b": "'a;b'", "ü": "'ü'",
	} {
		if got := shellWord(text); got != want {
			t.Errorf("%q is written %s, want %s", text, got, want)
		}
	}
}

func TestHelpOfTheOperatorsCommands(t *testing.T) {
	for _, line := range []string{"attention --help", "attention", "attention list --help", "attention show --help", "attention resolve --help", "attention return --help", "unmatched --help"} {
		finish(t, command("gateway", strings.Fields(line)...)).says(t, 0, "gateway "+strings.Fields(line)[0])
	}
}
