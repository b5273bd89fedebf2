package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
)

// receiver is a webhook of one's own, which answers as it is told.
type receiver struct {
	*httptest.Server
	answer atomic.Int64
	asked  atomic.Int64
}

func startReceiver(t *testing.T, answer int) *receiver {
	r := &receiver{}
	r.answer.Store(int64(answer))
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		r.asked.Add(1)
		w.WriteHeader(int(r.answer.Load()))
	}))
	t.Cleanup(r.Close)
	return r
}

// telling is a gateway that tells a receiver named erp.
func telling(t *testing.T, r *receiver) (*serving, *processor, *shop) {
	t.Helper()
	paytrace := startProcessor(t)
	s := configure(t, paytrace.api)
	content, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(string(content) + fmt.Sprintf(`    callbacks:
      webhooks:
        - name: erp
          url: %s
          secret: ${ERP_SECRET}
          allowNetworks: [127.0.0.0/8]
`, r.URL))
	s.environment = append(s.environment, "ERP_SECRET=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	s.start()
	return s, paytrace, openShop(t, s.address, shopID, shopSecret)
}

// buries makes dead letters of the oldest delivery of each payment, as a day of
// attempts in vain would.
func (s *serving) buries() {
	s.t.Helper()
	s.whileStopped(func(ctx context.Context, l *ledger.Ledger) {
		all, err := l.Deliveries(ctx, gateway.DeliveryFilter{MerchantID: "main", Limit: 1000})
		if err != nil || len(all) == 0 {
			s.t.Fatalf("%d deliveries: %v", len(all), err)
		}
		oldest := map[string]gateway.Delivery{}
		for _, d := range all {
			if o, ok := oldest[d.Event.PaymentID]; !ok || d.Event.Version < o.Event.Version {
				oldest[d.Event.PaymentID] = d
			}
		}
		for _, d := range oldest {
			d.Version, d.Status, d.Due, d.UpdatedAt = d.Version+1, gateway.DeliveryDead, time.Time{}, time.Now().UTC()
			d.Log = append(d.Log, gateway.Attempt{
				At: d.UpdatedAt, Took: time.Second, Outcome: gateway.Later, StatusCode: 500, Detail: "it does not feel well\x1b[2J", By: "one",
			})
			if err := l.SaveDelivery(ctx, d); err != nil {
				s.t.Fatal(err)
			}
		}
	})
}

// metrics are what a scrape gets.
func (s *serving) metrics() string {
	s.t.Helper()
	scraped, err := http.Get("http://" + s.address + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer scraped.Body.Close()
	text, err := io.ReadAll(scraped.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *serving) callbacks(args ...string) finished {
	s.t.Helper()
	return s.operate(append([]string{"callbacks"}, args...)...)
}

var deliveryIDs = regexp.MustCompile(`dlv_[0-9a-z]{26}`)

// theDead are the ids of the dead letters, the newest first.
func (s *serving) theDead() []string {
	s.t.Helper()
	return deliveryIDs.FindAllString(s.callbacks("list", "--status", "dead").stdout, -1)
}

var offered = regexp.MustCompile(`(?m)^  gateway (callbacks .*)$`)

func TestAPersonFindsADeadLetterAndReplaysItAtTheCommandLine(t *testing.T) {
	t.Parallel()
	erp := startReceiver(t, 500)
	s, paytrace, shop := telling(t, erp)
	s.callbacks("list").says(t, 0, "nothing is owed to anybody")
	s.callbacks("subscribers").says(t, 0, "erp", "active")
	made := shop.pay("sale", "order-1", paytrace.hostedFields(), 0)
	want(t, "a sale", made, "201 approved")
	eventually(t, "erp was asked", func() bool { return erp.asked.Load() > 0 })
	s.buries()

	s.callbacks("list").says(t, 0, "erp", "payment.approved", made.PaymentID, "dead", "it does not feel well?[2J", "gateway callbacks show DELIVERY --config "+s.config)
	s.callbacks("subscribers").says(t, 0, "erp", "the dead letters of erp: gateway callbacks list --status dead --subscriber erp --config")
	dead := s.theDead()
	if len(dead) != 1 {
		t.Fatalf("the dead letters are %v", dead)
	}
	shown := s.callbacks("show", dead[0])
	shown.says(t, 0, "main, test", "payment.approved evt_", made.PaymentID, "later 500 it does not feel well", "once the cause is mended")
	commands := offered.FindAllStringSubmatch(shown.stdout, -1)
	if len(commands) != 2 || !strings.HasPrefix(commands[0][1], "callbacks replay "+dead[0]) || !strings.HasPrefix(commands[1][1], "callbacks skip "+dead[0]) {
		t.Fatalf("the choices are %q", commands)
	}
	erp.answer.Store(http.StatusNoContent)
	words := strings.Fields(commands[0][1])
	s.operate(append(words[:len(words)-2], "--by", "Ada Byron")...).says(t, 0, dead[0]+" is sent to erp again", "gateway callbacks show "+dead[0])
	eventually(t, "nothing is owed", func() bool { return strings.Contains(s.callbacks("list").stdout, "nothing is owed to anybody") })
	s.callbacks("show", dead[0]).says(t, 0, "delivered", "Ada Byron (operator:", "replayed")
	s.callbacks("list", "--status", "all", "--payment", made.PaymentID, "--subscriber", "erp", "--from", "1h").says(t, 0, dead[0], "delivered")
	s.callbacks("list", "--status", "all", "--to", "2026-01-01T00:00:00Z").says(t, 0, "there are no such deliveries")
}

func TestADeliveryIsGivenUpAtTheCommandLineOnce(t *testing.T) {
	t.Parallel()
	erp := startReceiver(t, 500)
	s, paytrace, shop := telling(t, erp)
	made := shop.pay("sale", "order-1", paytrace.hostedFields(), 0)
	eventually(t, "erp was asked", func() bool { return erp.asked.Load() > 0 })
	s.buries()
	dead := s.theDead()[0]
	s.callbacks("skip", dead, "--note", "the order was deleted").says(t, 0, dead+" is given up: erp is never told of payment.approved "+made.PaymentID)
	s.callbacks("show", dead).says(t, 0, "skipped", "the order was deleted", "nothing is left to be done about it")
	s.callbacks("skip", dead).says(t, 1, "not_replayable", "already")
	s.callbacks("replay", dead).says(t, 1, "not_replayable")
	s.callbacks("show", "dlv_none").says(t, 1, "not_found")
}

func TestTheDeadLettersOfATimeAreReplayedAtTheCommandLine(t *testing.T) {
	t.Parallel()
	erp := startReceiver(t, 500)
	s, paytrace, shop := telling(t, erp)
	for i := range 3 {
		want(t, "a sale", shop.pay("sale", fmt.Sprintf("order-%d", i), paytrace.hostedFields(), 0), "201 approved")
	}
	eventually(t, "all is owed", func() bool {
		return strings.Count(s.callbacks("list").stdout, "payment.approved") == 3
	})
	s.buries()
	erp.answer.Store(http.StatusNoContent)
	s.callbacks("replay", "--from", "1h", "--subscriber", "nobody").says(t, 0, "0 deliveries are sent again")
	s.callbacks("replay", "--from", "2026-01-01T00:00:00Z", "--to", "0s").says(t, 0, "3 deliveries are sent again", "gateway callbacks list --config")
	eventually(t, "nothing is owed", func() bool { return strings.Contains(s.callbacks("list").stdout, "nothing is owed to anybody") })
	s.callbacks("replay", "--from", "1h", "--delivered").says(t, 0, "deliveries are sent again", "are left as they are")
}

func TestASubscriberThatWasGoneIsEnabledAtTheCommandLine(t *testing.T) {
	t.Parallel()
	erp := startReceiver(t, http.StatusGone)
	s, paytrace, shop := telling(t, erp)
	s.callbacks("enable", "erp").says(t, 1, "not_found", "no disabled subscriber")
	want(t, "a sale", shop.pay("sale", "order-1", paytrace.hostedFields(), 0), "201 approved")
	eventually(t, "erp is disabled", func() bool { return strings.Contains(s.callbacks("subscribers").stdout, "disabled") })
	s.callbacks("subscribers").says(t, 0, "410", "once erp takes events again: gateway callbacks enable erp --config "+s.config)
	if figures := s.metrics(); !strings.Contains(figures, `paytrace_gateway_subscriber_disabled{merchant="main",subscriber="erp"} 1`) ||
		!strings.Contains(figures, `paytrace_gateway_deliveries_total{merchant="main",outcome="later",subscriber="erp"} 1`) {
		t.Errorf("the metrics do not tell of erp:\n%s", figures)
	}
	erp.answer.Store(http.StatusOK)
	s.callbacks("enable", "erp").says(t, 0, "erp is told again")
	eventually(t, "nothing is owed", func() bool { return strings.Contains(s.callbacks("list").stdout, "nothing is owed to anybody") })
	s.callbacks("subscribers").says(t, 0, "active")
}

func TestCallbacksCommandsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for line, words := range map[string][]string{
		"list --status parked":           {"--status: expected owed, dead"},
		"list --from yesterday":          {"--from: expected a time such as", "12h"},
		"list --to -1h":                  {"--to: expected a time such as"},
		"replay":                         {"name a delivery, or a time with --from"},
		"replay --to 1h":                 {"name a delivery, or a time with --from"},
		"replay dlv_1 --from 1h":         {"not both"},
		"replay dlv_1 --delivered":       {"not both"},
		"replay --from noon":             {"--from: expected a time such as"},
		"replay dlv_1 dlv_2":             {"accepts at most 1 arg"},
		"skip":                           {"name a delivery, or with --subscriber"},
		"skip dlv_1 --subscriber erp":    {"not both"},
		"skip dlv_1 dlv_2":               {"accepts at most 1 arg"},
		"enable":                         {"accepts 1 arg"},
		"lst":                            {`unknown command "lst"`},
		"list --config nowhere.yaml":     {"nowhere.yaml"},
		"subscribers --config none.yaml": {"none.yaml"},
	} {
		finish(t, command("gateway", append([]string{"callbacks"}, strings.Fields(line)...)...)).says(t, 1, words...)
	}
	for _, line := range []string{"", "list --help", "show --help", "replay --help", "skip --help", "subscribers --help", "enable --help"} {
		finish(t, command("gateway", append([]string{"callbacks"}, strings.Fields(line)...)...)).says(t, 0, "gateway callbacks")
	}
}

func TestListsSayInWhichOrderTheyAre(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"callbacks list --help", "attention list --help", "unmatched --help"} {
		finish(t, command("gateway", strings.Fields(line)...)).says(t, 0, "The newest come first, and no more than 1000")
	}
}

func TestAMerchantWithoutCallbacksHasNoSubscribers(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	s.callbacks("subscribers").says(t, 0, "nobody is told of payments")
}

// What waits behind a dead letter is shown with the way to that one.
func TestChoicesOfADeliveryAreThoseThatTheGatewayTakes(t *testing.T) {
	for status, want := range map[string][]string{
		"dead": {"replay", "skip"}, "pending": {"replay", "skip"}, "delivered": {"replay"}, "skipped": nil, "parked": {"list"},
	} {
		var text strings.Builder
		if err := printDeliveryChoices(&text, delivery{DeliveryID: "dlv_1", Subscriber: "erp", PaymentID: "pay_1", DeliveryStatus: status}, ""); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, command := range offered.FindAllStringSubmatch(text.String(), -1) {
			got = append(got, strings.Fields(command[1])[1])
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the choices are %v, want %v", status, got, want)
		}
	}
}

// Of a stored card there is no payment to look for.
func TestWhatWaitsBehindADeadLetterOfACustomerIsLookedForWithoutAPayment(t *testing.T) {
	var text strings.Builder
	d := delivery{DeliveryID: "dlv_1", Subscriber: "erp", CustomerID: "main-7", DeliveryStatus: "parked"}
	if err := printDeliveryChoices(&text, d, ""); err != nil || strings.Contains(text.String(), "--payment") || !strings.Contains(text.String(), "of its customer") {
		t.Errorf("%v: %s", err, text.String())
	}
}

// A range up to now holds what was made within this second, too.
func TestATimeThatAPersonTypesIsReadToTheFraction(t *testing.T) {
	now := time.Date(2026, 3, 2, 15, 4, 5, 250_000_000, time.UTC)
	for text, want := range map[string]string{
		"": "", "0s": "2026-03-02T15:04:05.25Z", "12h": "2026-03-02T03:04:05.25Z", "2026-03-02T16:00:00.5+01:00": "2026-03-02T15:00:00.5Z",
	} {
		if got, err := readMoment("--from", text, now); got != want || err != nil {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}
