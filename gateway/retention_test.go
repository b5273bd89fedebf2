package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

const aYear = 400 * 24 * time.Hour

var rules = gateway.RetentionRules{ArchiveAfter: aYear}

// keeper is a house whose finished payments leave after more than a year.
type keeper struct {
	*house
	path   string
	log    *bytes.Buffer
	logger *slog.Logger
}

func kept(t *testing.T, test func(t *testing.T, k *keeper)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		log := &bytes.Buffer{}
		k := &keeper{
			house: open(t, path, "one", processortest.New(time.Now)), path: path,
			log: log, logger: slog.New(slog.NewTextHandler(log, nil)),
		}
		k.Gateway = k.another("one", rules)
		test(t, k)
		synctest.Wait()
		k.ledger.Close()
	})
}

// another is one more gateway on the same ledger.
func (k *keeper) another(instance string, rules gateway.RetentionRules) *gateway.Gateway {
	return gateway.New(gateway.Config{
		Ledger: k.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": k.processor}, Secret: secret,
		Instance: instance, Now: time.Now, MaxInFlight: 256, Log: k.logger, Retention: rules,
	})
}

// lives lets the gateway's own work go on for a time.
func (k *keeper) lives(d time.Duration) {
	k.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { k.RunDue(ctx, time.Minute) })
	work.Go(func() { k.RunWatch(ctx, time.Minute) })
	work.Go(func() { k.RunTelling(ctx, time.Minute) })
	time.Sleep(d)
	cancel()
	work.Wait()
}

// archives is what is done a good year later.
func (k *keeper) archives(want int) {
	k.t.Helper()
	time.Sleep(aYear + 24*time.Hour)
	done, err := k.Retain(context.Background(), anna)
	if err != nil || done.Archived != want {
		k.t.Fatalf("%d payments were archived, %d kept, want %d: %v", done.Archived, done.Kept, want, err)
	}
}

func (k *keeper) files() []string {
	k.t.Helper()
	files, err := filepath.Glob(filepath.Join(archiveOf(k.path), "*.ndjson.gz"))
	if err != nil {
		k.t.Fatal(err)
	}
	return files
}

// everyKind makes a payment of every kind that is finished, and says with which
// key and request each was made.
func (k *keeper) everyKind() map[string]gateway.CreatePayment {
	t, ctx := k.t, context.Background()
	t.Helper()
	half := gateway.Money(500)
	made := map[string]gateway.CreatePayment{
		"settled": sale(1000), "voided": sale(1001), "captured": authorization(1002), "expired": authorization(1003),
		"refunded": sale(1004), "partly": sale(1006), "waited": sale(1008), "declined": sale(1010), "given up": sale(1012),
	}
	for key, cmd := range made {
		cmd.OrderID = "order " + key
		made[key] = cmd
		k.processor.SetBefore(func(context.Context, string) *gateway.Result {
			if key != "declined" {
				return nil
			}
			return &gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{Category: "card_declined", Message: "Declined"}}
		})
		k.create(key, cmd)
	}
	k.processor.SetBefore(nil)
	must := func(_ gateway.Answer, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(k.Void(ctx, as("v"), k.byKey("voided").Payment.ID))
	must(k.Capture(ctx, as("c"), k.byKey("captured").Payment.ID, gateway.CapturePayment{Amount: &half}))
	must(k.Refund(ctx, as("w"), k.byKey("waited").Payment.ID, gateway.RefundPayment{Amount: &half}))
	must(k.Cancel(ctx, "main", "given up"))
	must(k.Void(ctx, as("x"), k.byKey("expired").Payment.ID))
	k.processor.Settle()
	k.lives(2 * time.Hour)
	must(k.Refund(ctx, as("r"), k.byKey("refunded").Payment.ID, gateway.RefundPayment{}))
	must(k.Refund(ctx, as("p"), k.byKey("partly").Payment.ID, gateway.RefundPayment{Amount: &half}))
	k.lives(time.Hour)
	return made
}

// answers are all that callers can be told of the payments, as text.
func (k *keeper) answers(made map[string]gateway.CreatePayment) map[string]string {
	k.t.Helper()
	all := map[string]string{}
	add := func(name string, answer any, err error) {
		text, encodeErr := json.Marshal(answer)
		if encodeErr != nil {
			k.t.Fatal(encodeErr)
		}
		all[name] = fmt.Sprintf("%s %v", text, err)
	}
	ctx := context.Background()
	for key, cmd := range made {
		p := k.byKey(key).Payment
		add("payment "+key, k.payment(p.ID), nil)
		a, err := k.CreatePayment(ctx, as(key), cmd)
		add("repeat "+key, a, err)
		page, _, err := k.Payments(ctx, gateway.PaymentFilter{MerchantID: "main", OrderID: cmd.OrderID, Limit: 10})
		add("list "+key, page, err)
		for _, o := range p.Operations {
			a, err := k.ByKey(ctx, "main", o.Key)
			add("by key "+o.Key, a, err)
			if o.TransactionID != "" {
				found, err := k.Find(ctx, "main", o.TransactionID)
				add("by transaction "+o.TransactionID, found, err)
			}
		}
	}
	for _, key := range []string{"w", "p"} {
		half := gateway.Money(500)
		a, err := k.Refund(ctx, as(key), k.byKey(key).Payment.ID, gateway.RefundPayment{Amount: &half})
		add("repeat "+key, a, err)
	}
	page, more, err := k.Payments(ctx, gateway.PaymentFilter{MerchantID: "main", Limit: 100})
	add("list", []any{page, more}, err)
	return all
}

func TestEveryAnswerIsTheSameFromTheArchive(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		made := k.everyKind()
		before := k.answers(made)
		calls := k.processor.Calls("charge") + k.processor.Calls("refund") + k.processor.Calls("void")
		k.archives(len(made))
		after := k.answers(made)
		for name, want := range before {
			if after[name] != want {
				t.Errorf("%s\n is %s\nwas %s", name, after[name], want)
			}
		}
		if len(after) != len(before) || len(before) < 4*len(made) {
			t.Errorf("%d answers, were %d", len(after), len(before))
		}
		if n := k.processor.Calls("charge") + k.processor.Calls("refund") + k.processor.Calls("void"); n != calls {
			t.Errorf("%d calls were made again", n-calls)
		}
		if n := len(k.files()); n != 1 {
			t.Errorf("%d files", n)
		}
	})
}

func TestWhatIsArchivedIsWorkedOnAsEver(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		made := k.everyKind()
		k.archives(len(made))
		ctx, some := t.Context(), gateway.Money(100)
		settled := k.byKey("settled").Payment
		a, err := k.Refund(ctx, as("late"), settled.TransactionID, gateway.RefundPayment{Amount: &some})
		k.expect(a, err, gateway.PartiallyRefunded, gateway.OpApproved)
		again, err := k.Refund(ctx, as("late"), settled.TransactionID, gateway.RefundPayment{Amount: &some})
		if err != nil || !again.Replayed || again.OperationID != a.OperationID {
			t.Errorf("the refund's repeat: %+v, %v", again, err)
		}
		_, err = k.Refund(ctx, as("too much"), settled.ID, gateway.RefundPayment{})
		if err != nil {
			t.Errorf("the rest: %v", err)
		}
		_, err = k.Refund(ctx, as("of nothing"), k.byKey("refunded").Payment.ID, gateway.RefundPayment{})
		if codeOf(err) != gateway.CodeRefundExceeds {
			t.Errorf("a refund of what is refunded: %v", err)
		}
		_, err = k.Capture(ctx, as("again"), k.byKey("captured").Payment.ID, gateway.CapturePayment{})
		if codeOf(err) != gateway.CodeAlreadyCaptured {
			t.Errorf("a capture of what is captured: %v", err)
		}
		a, err = k.Void(ctx, as("void again"), k.byKey("voided").Payment.ID)
		k.expect(a, err, gateway.Voided, gateway.OpApproved)
		_, err = k.CreatePayment(ctx, as("settled"), sale(5))
		if codeOf(err) != gateway.CodeKeyReused {
			t.Errorf("an archived key with another request: %v", err)
		}
		k.lives(time.Hour)
		k.archives(2) // those that came back
		k.expect(k.byKey("late"), nil, gateway.Refunded, gateway.OpApproved)
	})
}

func TestANotSentPaymentIsContinuedFromTheArchiveByItsOwnKey(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.processor.SetBefore(func(context.Context, string) *gateway.Result { return &gateway.Result{Outcome: gateway.NotSent} })
		k.expect(k.create("k", sale(1000)), nil, gateway.Failed, gateway.OpNotSent)
		k.processor.SetBefore(nil)
		k.lives(time.Hour)
		k.archives(1)
		for range 2 {
			k.expect(k.create("k", sale(1000)), nil, gateway.StatusApproved, gateway.OpApproved)
		}
		if n := len(k.processor.Records()); n != 1 {
			t.Errorf("%d charges", n)
		}
	})
}

func TestFiftyCallsWithAnArchivedKeyChargeNothing(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		p := k.create("k", sale(1999)).Payment
		k.processor.Settle()
		k.lives(time.Hour)
		archived := make(chan struct{})
		time.Sleep(aYear + 24*time.Hour)
		go func() {
			defer close(archived)
			if done, err := k.Retain(context.Background(), anna); err != nil || done.Archived != 1 {
				t.Errorf("%d archived, %v", done.Archived, err)
			}
		}()
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				a, err := k.CreatePayment(t.Context(), as("k"), sale(1999))
				if err != nil || !a.Replayed || a.Payment.ID != p.ID {
					t.Errorf("a repeat: payment %s, replayed %v, %v", a.Payment.ID, a.Replayed, err)
				}
			})
		}
		callers.Wait()
		<-archived
		if n := k.processor.Calls("charge"); n != 1 {
			t.Errorf("%d charges", n)
		}
	})
}

func TestClerksAreFollowedIntoTheArchive(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		p := k.create("k", sale(1000)).Payment
		k.processor.Settle()
		k.lives(time.Hour)
		k.archives(1)
		k.clerkRefunds(k.payment(p.ID), 400)
		k.lives(2 * time.Hour)
		now := k.payment(p.ID)
		if len(externals(now)) != 1 || now.Status != gateway.PartiallyRefunded || len(k.unmatched()) != 0 {
			t.Errorf("%s, %+v, unmatched %+v", now.Status, now.Operations, k.unmatched())
		}
	})
}

func TestAnArchiveThatIsNotThereChargesNothing(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		p := k.create("k", sale(1000)).Payment
		k.processor.Settle()
		k.lives(time.Hour)
		k.archives(1)
		file := k.files()[0]
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(whole)
		damaged[len(damaged)/2] ^= 1
		for what, spoil := range map[string]func() error{
			"missing": func() error { return os.Remove(file) },
			"shorter": func() error { return os.WriteFile(file, whole[:len(whole)-9], 0o600) },
			"damaged": func() error { return os.WriteFile(file, damaged, 0o600) },
		} {
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			_, err := k.Gateway.Payment(t.Context(), "main", p.ID)
			_, repeated := k.CreatePayment(t.Context(), as("k"), sale(1000))
			_, refunded := k.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
			for _, err := range []error{err, repeated, refunded} {
				if codeOf(err) != gateway.CodeArchiveUnavailable || strings.Contains(err.Error(), file) {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		k.archives(0)
		if log := k.log.String(); strings.Count(log, "archive.file_missing") != 1 || !strings.Contains(log, filepath.Base(file)) {
			t.Errorf("the log says\n%s", log)
		}
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		k.create("k", sale(1000))
		if n := k.processor.Calls("charge"); n != 1 {
			t.Errorf("%d charges", n)
		}
	})
}

func TestWhatIsOpenStaysInTheLedger(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.create("authorized", authorization(1000))
		k.create("not settled", sale(1001))
		waits := k.create("waits", sale(1002)).Payment
		some := gateway.Money(100)
		a, err := k.Refund(t.Context(), as("w"), waits.ID, gateway.RefundPayment{Amount: &some})
		k.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		k.create("young", sale(1003))
		k.lives(time.Hour)
		k.archives(0)
		p := k.payment(waits.ID)
		for name, spoil := range map[string]func(*gateway.Payment){
			"unknown":     func(p *gateway.Payment) { p.Operations[0].Status = gateway.OpUnknown },
			"sending":     func(p *gateway.Payment) { p.Operations[0].Status = gateway.OpSending },
			"waiting":     func(p *gateway.Payment) { p.Operations[0].Status = gateway.OpWaiting },
			"due":         func(p *gateway.Payment) { p.Operations[0].Due = p.CreatedAt },
			"attention":   func(p *gateway.Payment) { p.Operations[0].Attention = "look" },
			"needs":       func(p *gateway.Payment) { p.NeedsAttention = true },
			"being given": func(p *gateway.Payment) { p.Operations[0].Cancel = gateway.CancelRequested },
			"approved":    func(p *gateway.Payment) { p.Status = gateway.StatusApproved },
		} {
			open := p
			open.Status, open.Operations = gateway.Settled, []gateway.Operation{p.First()}
			open.Operations[0].Due, open.Operations[0].Attention = time.Time{}, ""
			if !open.Finished() {
				t.Fatalf("it is finished: %+v", open)
			}
			if spoil(&open); open.Finished() {
				t.Errorf("%s is called finished", name)
			}
		}
	})
}

func TestOneOfTwoGatewaysArchivesOnceADay(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		for i := range 120 {
			k.create(fmt.Sprint(i), sale(1000+gateway.Money(i)))
		}
		k.processor.Settle()
		k.lives(time.Hour)
		time.Sleep(aYear)
		ctx, cancel := context.WithCancel(t.Context())
		var work sync.WaitGroup
		for _, instance := range []string{"two", "three"} {
			g := k.another(instance, rules)
			work.Go(func() { g.RunRetention(ctx, time.Minute) })
		}
		time.Sleep(time.Minute)
		if _, err := k.Retain(ctx, anna); err != nil {
			t.Errorf("the person at the machine, once the run is over: %v", err)
		}
		time.Sleep(3*24*time.Hour - 10*time.Minute)
		cancel()
		work.Wait()
		if n := strings.Count(k.log.String(), "retention.finished"); n != 4 {
			t.Errorf("%d runs in three days, want three and one by hand:\n%s", n, k.log)
		}
		if !strings.Contains(k.log.String(), "archived=120") {
			t.Errorf("the log says\n%s", k.log)
		}
	})
}

func TestTheTurnOfADeadGatewayIsTakenOver(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		now := time.Now().UTC().Truncate(time.Microsecond)
		dead := gateway.Retention{StartedAt: now, Due: now.Add(10 * time.Minute), Version: 1}
		if err := k.ledger.SaveRetention(t.Context(), dead); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Retain(t.Context(), anna); err != gateway.ErrRetaining {
			t.Errorf("while another has the turn: %v", err)
		}
		time.Sleep(11 * time.Minute)
		if _, err := k.Retain(t.Context(), anna); err != nil {
			t.Errorf("when it has not been heard of for longer: %v", err)
		}
	})
}

func TestWhatWasToldIsForgottenAndThenSaidSo(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.Gateway = k.another("one", gateway.RetentionRules{ForgetAfter: 90 * 24 * time.Hour})
		p := k.create("k", sale(1000)).Payment
		k.processor.Settle()
		k.lives(time.Hour)
		time.Sleep(100 * 24 * time.Hour)
		done, err := k.Retain(t.Context(), anna)
		if err != nil || done.Forgotten == 0 || done.Archived != 0 {
			t.Errorf("%+v, %v", done, err)
		}
		_, err = k.Replay(t.Context(), "main", anna, "dlv_1")
		if codeOf(err) != gateway.CodeNotFound || !strings.Contains(err.Error(), "forgotten") {
			t.Errorf("a replay of what is gone: %v", err)
		}
		k.payment(p.ID)
	})
}

func TestChargesOfOtherSystemsAreForgotten(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.Gateway = k.another("one", gateway.RetentionRules{ForgetAfter: 7 * day})
		clerk := func(kind gateway.OperationKind, reference string) {
			r := gateway.Record{Kind: kind, State: gateway.RecordPending, Amount: 700, Reference: reference}
			r.TransactionID = fmt.Sprint(kind, reference)
			u := gateway.UnmatchedTransaction{MerchantID: "main", LiveMode: merchants[0].LiveMode, Record: r, FirstSeen: time.Now(), LastSeen: time.Now()}
			if err := k.ledger.KeepUnmatched(t.Context(), u, nil); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 150 { // more than a step
			clerk(gateway.KindSale, fmt.Sprint("T-", i))
		}
		clerk(gateway.KindAuthorize, "POS")
		clerk(gateway.KindRefund, "POS")
		clerk(gateway.KindSale, gateway.NewReference(time.Now()))
		time.Sleep(60 * day)
		clerk(gateway.KindSale, "T-0")
		wantUnmatched := func(when string, want int) {
			page, err := k.Unmatched(t.Context(), gateway.UnmatchedFilter{MerchantID: "main", Limit: 200})
			if err != nil || len(page.Transactions) != want {
				t.Errorf("%s: %d listed, %v, want %d", when, len(page.Transactions), err, want)
			}
		}
		retain := func() {
			if _, err := k.Retain(t.Context(), anna); err != nil {
				t.Fatal(err)
			}
		}
		retain()
		wantUnmatched("after 60 days, when a reading may show them again", 153)
		time.Sleep(5 * day)
		retain()
		wantUnmatched("after 65 days: a refund, one with a reference of ours, one that was seen since", 3)
		if !strings.Contains(k.log.String(), "unlisted=150") {
			t.Error("the run does not say that it has forgotten 150")
		}
	})
}

func TestWhatWasToldIsForgottenThoughTheArchiveIsAway(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.create("first", sale(1000))
		k.processor.Settle()
		k.lives(time.Hour)
		k.archives(1)
		k.create("second", sale(1001))
		k.processor.Settle()
		k.lives(time.Hour)
		if err := os.Remove(k.files()[0]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(aYear)
		k.Gateway = k.another("one", gateway.RetentionRules{ArchiveAfter: aYear - 24*time.Hour, ForgetAfter: 90 * 24 * time.Hour})
		done, err := k.Retain(t.Context(), anna)
		if err == nil || done.Archived != 0 || done.Forgotten == 0 || len(k.files()) != 0 {
			t.Errorf("%+v, %v, files %q", done, err, k.files())
		}
	})
}

// halfRead has one payment more, and cannot read it; on a page of its own it stands
// in front of all others.
type halfRead struct {
	gateway.Ledger
	alone bool
}

func (h halfRead) Archivable(ctx context.Context, before time.Time, after gateway.ArchivePlace, limit int) ([]gateway.Payment, error) {
	first := after == (gateway.ArchivePlace{})
	err := gateway.UnreadableError{{ID: "pay_0", At: time.UnixMicro(1), Err: fmt.Errorf("a newer program's")}}
	if first && h.alone {
		return nil, err
	}
	found, failed := h.Ledger.Archivable(ctx, before, after, limit)
	if first && failed == nil {
		return found, err
	}
	return found, failed
}

func TestAPaymentThatCannotBeReadKeepsNoOther(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprint("alone ", alone), func(t *testing.T) {
			kept(t, func(t *testing.T, k *keeper) {
				k.create("k", sale(1000))
				k.processor.Settle()
				k.lives(time.Hour)
				k.Gateway = gateway.New(gateway.Config{
					Ledger: halfRead{k.ledger, alone}, Merchants: merchants, Processors: map[string]gateway.Processor{"main": k.processor}, Secret: secret,
					Instance: "one", Now: time.Now, MaxInFlight: 256, Log: k.logger, Retention: rules,
				})
				k.archives(1)
				if log := k.log.String(); strings.Count(log, "retention.unreadable payments=1 payment=pay_0") != 1 || !strings.Contains(log, "kept=1") {
					t.Errorf("the log says\n%s", log)
				}
			})
		})
	}
}
