package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/api"
	"paytrace-gateway/gateway"
)

// silent is a sink that nobody asks: these tests write the outcomes.
type silent struct{}

func (silent) Lane(gateway.Event) string { return "" }
func (silent) Deliver(context.Context, gateway.Delivery) gateway.Verdict {
	panic("nobody is told in these tests")
}

// spread makes a delivery to the subscriber of every event that has none, as
// the dispatcher would, and gives those of that payment in their order.
func (h *house) spread(subscriber, paymentID string) []gateway.Delivery {
	h.t.Helper()
	events := must(h.ledger.Unspread(h.t.Context(), []string{"main"}, 1000))(h.t)
	var all, of []gateway.Delivery
	for _, e := range events {
		id := must(newDeliveryID())(h.t)
		now := time.Now().UTC().Truncate(time.Microsecond)
		all = append(all, gateway.Delivery{
			ID: id, MerchantID: e.MerchantID, Subscriber: subscriber, Event: e, Status: gateway.DeliveryPending,
			Due: now, Version: 1, CreatedAt: now, UpdatedAt: now,
		})
	}
	must(0, h.ledger.Spread(h.t.Context(), events, all))(h.t)
	for _, d := range all {
		if d.Event.PaymentID == paymentID {
			of = append(of, d)
		}
	}
	return of
}

// deliveryTimes never gives the same millisecond twice, so that deliveries stand
// in lists in the order of their making.
var deliveryTimes = clock()

func newDeliveryID() (string, error) { return gateway.NewDeliveryID(deliveryTimes()), nil }

// ends writes what came of an attempt.
func (h *house) ends(d gateway.Delivery, status gateway.DeliveryStatus, a gateway.Attempt) {
	h.t.Helper()
	d.Version++
	d.Status, d.Due, d.Attempts, d.Log = status, time.Time{}, d.Attempts+1, append(d.Log, a)
	d.UpdatedAt = a.At
	must(0, h.ledger.SaveDelivery(h.t.Context(), d))(h.t)
}

// refusedByERP is an attempt after which a delivery is dead.
func refusedByERP() gateway.Attempt {
	return gateway.Attempt{
		At: time.Now().UTC().Truncate(time.Microsecond), Took: 83 * time.Millisecond, Outcome: gateway.Dead, StatusCode: 422,
		Detail: "the receiver does not take this event; mend it, then replay the delivery", By: "one",
		Attention: "bad_mapping: no such field",
	}
}

// deadLetter makes a payment whose first event is a dead letter, with one more
// behind it.
func (h *house) deadLetter() (dead, behind gateway.Delivery) {
	h.t.Helper()
	h.storeCustomers()
	made := h.create("k", paidBy("vault", "intent", `"authorize"`))
	h.do(call{path: transaction(made, "void"), key: "v", method: "POST"}).expect(http.StatusCreated)
	of := h.spread("erp", made.at("paymentId"))
	if len(of) != 2 {
		h.t.Fatalf("%d events, want two", len(of))
	}
	h.ends(of[0], gateway.DeliveryDead, refusedByERP())
	return of[0], of[1]
}

// told are the deliveries of a page, as they stand in it.
func told(a answer) []string {
	a.t.Helper()
	var page struct{ Items []struct{ DeliveryID string } }
	if err := json.Unmarshal(a.raw, &page); err != nil {
		a.t.Fatal(err)
	}
	found := []string{}
	for _, item := range page.Items {
		found = append(found, item.DeliveryID)
	}
	return found
}

func postmans(path string) call { return call{path: path, as: postman} }

func TestADeadLetterShowsWhatWasTriedAndWhatWaitsBehindIt(t *testing.T) {
	h := newHouse(t)
	dead, behind := h.deadLetter()
	h.do(postmans(callbacks+"/"+dead.ID)).expect(http.StatusOK, "deliveryStatus", "dead", "dueAt", "", "attemptCount", "1").golden("dead_letter")
	h.do(postmans(callbacks+"/"+behind.ID)).
		expect(http.StatusOK, "deliveryStatus", "parked", "dueAt", "", "eventType", "payment.voided", "attemptCount", "0", "lastAttempt", "")
	page := h.do(postmans(callbacks)).expect(http.StatusOK, "hasMore", "false", "nextCursor", "")
	if got := told(page); !slices.Equal(got, []string{behind.ID, dead.ID}) {
		t.Errorf("the list is %v, want the newest first", got)
	}
	page.golden("deliveries")
	h.do(call{path: callbacks + "/" + dead.ID, as: rival}).refused(http.StatusNotFound, "not_found", "")
	if got := told(h.do(call{path: callbacks, as: rival}).expect(http.StatusOK)); len(got) != 0 {
		t.Errorf("another merchant sees %v", got)
	}
}

func TestEveryFilterNarrowsTheDeliveries(t *testing.T) {
	h := newHouse(t)
	dead, behind := h.deadLetter()
	other := h.spread("crm", h.create("k2", paidBy("vault")).at("paymentId"))[0]
	h.ends(other, gateway.DeliveryDone, gateway.Attempt{At: other.CreatedAt, Outcome: gateway.Told, StatusCode: 204, By: "one"})
	at := func(d gateway.Delivery) string { return url.QueryEscape(d.CreatedAt.Format(time.RFC3339Nano)) }
	for query, want := range map[string][]string{
		"":                                   {other.ID, behind.ID, dead.ID},
		"?deliveryStatus=dead":               {dead.ID},
		"?deliveryStatus=pending":            {behind.ID},
		"?deliveryStatus=delivered":          {other.ID},
		"?deliveryStatus=skipped":            {},
		"?subscriber=erp":                    {behind.ID, dead.ID},
		"?subscriber=nobody":                 {},
		"?paymentId=" + dead.Event.PaymentID: {behind.ID, dead.ID},
		"?paymentId=pay_none":                {},
		"?createdFrom=" + at(other):          {other.ID},
		"?createdTo=" + at(other):            {behind.ID, dead.ID},
		"?subscriber=erp&deliveryStatus=dead&createdTo=" + at(other): {dead.ID},
	} {
		if got := told(h.do(postmans(callbacks + query)).expect(http.StatusOK)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	first := h.do(postmans(callbacks+"?pageSize=2")).expect(http.StatusOK, "hasMore", "true")
	rest := h.do(postmans(callbacks+"?pageSize=2&cursor="+first.at("nextCursor"))).expect(http.StatusOK, "hasMore", "false")
	if got := append(told(first), told(rest)...); !slices.Equal(got, []string{other.ID, behind.ID, dead.ID}) {
		t.Errorf("two pages show %v", got)
	}
}

func TestAReplaySendsADeadLetterAgain(t *testing.T) {
	h := newHouse(t)
	dead, behind := h.deadLetter()
	replay := func(id string) answer { return h.do(asPostman(callbacks+"/"+id+"/replay", person())) }
	a := replay(dead.ID).expect(http.StatusOK, "deliveryStatus", "pending", "eventId", dead.Event.ID, "attemptCount", "1",
		"lastAttempt.outcome", "replayed", "lastAttempt.attemptedBy", "Ada Byron (postman)")
	if a.at("dueAt") == "" {
		t.Error("nobody is told when it is due")
	}
	h.do(postmans(callbacks+"/"+behind.ID)).expect(http.StatusOK, "deliveryStatus", "pending")
	if log := h.log.String(); !strings.Contains(log, `"delivery.decided"`) {
		t.Error("the log does not tell of the decision")
	}
}

func TestASkipGivesADeliveryUpOnce(t *testing.T) {
	h := newHouse(t)
	dead, _ := h.deadLetter()
	skip := func() answer {
		return h.do(asPostman(callbacks+"/"+dead.ID+"/skip", person("note", `"the order was deleted in the shop"`)))
	}
	skip().expect(http.StatusOK, "deliveryStatus", "skipped", "lastAttempt.outcome", "skipped",
		"lastAttempt.detail", "the order was deleted in the shop", "lastAttempt.attemptedBy", "Ada Byron (postman)")
	skip().refused(http.StatusUnprocessableEntity, "not_replayable", "")
	h.do(asPostman(callbacks+"/"+dead.ID+"/replay", person())).refused(http.StatusUnprocessableEntity, "not_replayable", "")
}

func TestWhatBelongsToAnotherMerchantIsNotDecided(t *testing.T) {
	h := newHouse(t)
	dead, _ := h.deadLetter()
	for _, verb := range []string{"replay", "skip"} {
		c := asPostman(callbacks+"/"+dead.ID+"/"+verb, person())
		c.as = rival
		h.do(c).refused(http.StatusNotFound, "not_found", "")
	}
}

func TestADeliveryThatIsUnderWayIsDecidedWhenItHasEnded(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	d := h.spread("erp", h.create("k", paidBy("vault")).at("paymentId"))[0]
	now := time.Now().UTC().Truncate(time.Microsecond)
	taken := must(h.ledger.TakeDeliveries(t.Context(), []gateway.Delivery{d}, now, now.Add(time.Minute)))(t)[0]
	for _, verb := range []string{"replay", "skip"} {
		h.do(asPostman(callbacks+"/"+d.ID+"/"+verb, person())).refused(http.StatusConflict, "operation_in_progress", "").
			expect(http.StatusConflict, "retryable", "true", "retryAfterSeconds", "2")
	}
	taken.Attempts-- // which ends counts itself
	h.ends(taken, gateway.DeliveryDead, refusedByERP())
	h.do(asPostman(callbacks+"/"+d.ID+"/skip", person())).expect(http.StatusOK, "deliveryStatus", "skipped")
}

func TestOfWhatWasDeliveredOnlyThePaymentsNewestIsSentAgain(t *testing.T) {
	h := newHouse(t)
	older, newest := h.delivered()
	replay := func(id string) answer { return h.do(asPostman(callbacks+"/"+id+"/replay", person())) }
	replay(older).refused(http.StatusUnprocessableEntity, "not_replayable", "")
	replay(newest).expect(http.StatusOK, "deliveryStatus", "pending", "lastAttempt.outcome", "replayed")
}

// delivered makes a payment both of whose events were told.
func (h *house) delivered() (older, newest string) {
	h.t.Helper()
	dead, behind := h.deadLetter()
	for _, id := range []string{dead.ID, behind.ID} {
		d := must(h.ledger.Delivery(h.t.Context(), "main", id))(h.t)
		h.ends(d, gateway.DeliveryDone, gateway.Attempt{At: d.CreatedAt, Outcome: gateway.Told, By: "one"})
	}
	return dead.ID, behind.ID
}

func TestARangeIsReplayedToItsEnd(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	const many = 203 // more than one call looks at
	made := h.create("k", paidBy("vault"))
	p := must(h.ledger.Payment(t.Context(), "main", made.at("paymentId")))(t)
	h.spread("erp", p.ID)
	first := time.Now().UTC().Truncate(time.Microsecond)
	for range many {
		h.unmatchedEvent()
	}
	for _, d := range h.spread("erp", "") {
		h.ends(d, gateway.DeliveryDead, refusedByERP())
	}
	from := `"` + first.Format(time.RFC3339Nano) + `"`
	replayed, cursor, calls := 0, "", 0
	for more := true; more; calls++ {
		a := h.do(asPostman(callbacks+"/replay", replayRange("createdFrom", from, "subscriber", `"erp"`, "cursor", `"`+cursor+`"`))).
			expect(http.StatusOK, "leftCount", "0")
		var part struct{ ReplayedCount int }
		must(0, json.Unmarshal(a.raw, &part))(t)
		replayed += part.ReplayedCount
		cursor, more = a.at("nextCursor"), a.at("hasMore") == "true"
	}
	if replayed != many || calls != 2 {
		t.Errorf("%d were replayed by %d calls, want %d by two", replayed, calls, many)
	}
	if got := told(h.do(postmans(callbacks + "?deliveryStatus=dead")).expect(http.StatusOK)); len(got) != 0 {
		t.Errorf("%d dead letters are left", len(got))
	}
	h.do(asPostman(callbacks+"/replay", replayRange("createdFrom", from, "subscriber", `"crm"`))).
		expect(http.StatusOK, "replayedCount", "0", "leftCount", "0", "hasMore", "false").golden("replayed_range")
}

// unmatchedEvent writes an event that tells of no payment.
func (h *house) unmatchedEvent() {
	h.t.Helper()
	now := deliveryTimes().UTC().Truncate(time.Microsecond)
	record := gateway.Record{TransactionID: fmt.Sprint(now.UnixMicro()), Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999, CreatedAt: now}
	must(0, h.ledger.KeepUnmatched(h.t.Context(), gateway.UnmatchedTransaction{MerchantID: "main", FirstSeen: now, LastSeen: now, Record: record},
		&gateway.Event{ID: gateway.NewEventID(now), MerchantID: "main", Type: gateway.EventUnmatched, At: now, Transaction: &record}))(h.t)
}

func TestARangeWithTheDeliveredOnesSendsTheNewestOfEachPayment(t *testing.T) {
	h := newHouse(t)
	older, newest := h.delivered()
	first := must(h.ledger.Delivery(t.Context(), "main", older))(t)
	from := `"` + first.CreatedAt.Format(time.RFC3339Nano) + `"`
	h.do(asPostman(callbacks+"/replay", replayRange("createdFrom", from))).expect(http.StatusOK, "replayedCount", "0", "leftCount", "0")
	h.do(asPostman(callbacks+"/replay", replayRange("createdFrom", from, "includeDelivered", "true"))).
		expect(http.StatusOK, "replayedCount", "1", "leftCount", "1")
	h.do(postmans(callbacks+"/"+newest)).expect(http.StatusOK, "deliveryStatus", "pending")
	h.do(postmans(callbacks+"/"+older)).expect(http.StatusOK, "deliveryStatus", "delivered")
}

func TestWhatIsOwedToASubscriberThatIsGoneKeepsNobodyFromBeingErased(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	h.storeCustomers()
	left := h.spread("old-shop", h.create("k", paidBy("vault", "customerId", `"7"`)).at("paymentId"))
	untold := func() string {
		steps := h.erases(ada, "demo-visa", `,"dryRun":true`)
		n := 0
		for _, step := range steps {
			n += int(must(strconv.ParseInt(step.at("untoldCount"), 10, 32))(t))
		}
		return strconv.Itoa(n)
	}
	if n := untold(); n != "1" {
		t.Errorf("%s untold", n)
	}
	skip := func(subscriber, as string) answer {
		return h.do(call{method: "POST", path: callbacks + "/skip", body: person("subscriber", quoted(subscriber), "note", `"the shop is closed"`), as: as})
	}
	skip("erp", postman).refused(http.StatusUnprocessableEntity, "not_replayable", "")
	// In the other environment it is another.
	must(0, h.ledger.Subscribe(t.Context(), gateway.Subscription{MerchantID: "main", LiveMode: true, Name: "old-shop", SeenAt: time.Now()}))(t)
	skip("old-shop", rival).expect(http.StatusOK, "skippedCount", "0", "hasMore", "false")
	skip("old-shop", postman).expect(http.StatusOK, "skippedCount", strconv.Itoa(len(left)), "hasMore", "false").golden("skipped_leftovers")
	skip("old-shop", postman).expect(http.StatusOK, "skippedCount", "0", "hasMore", "false")
	if n := untold(); n != "0" {
		t.Errorf("%s untold, of what was given up", n)
	}
	// One that another gateway has in its configuration is told by that one.
	must(0, h.ledger.Subscribe(t.Context(), gateway.Subscription{MerchantID: "main", Name: "old-shop", SeenAt: time.Now()}))(t)
	skip("old-shop", postman).refused(http.StatusUnprocessableEntity, "not_replayable", "")
}

func TestSubscribersShowWhatTheyAreOwed(t *testing.T) {
	h := newHouse(t)
	h.deadLetter()
	h.spread("old-shop", h.create("k2", paidBy("vault")).at("paymentId"))
	h.do(postmans(subscribers)).expect(http.StatusOK).golden("subscribers")
	h.do(call{path: subscribers, as: rival}).expect(http.StatusOK, "items", "[]")
}

func TestADisabledSubscriberIsEnabledOnce(t *testing.T) {
	h := newHouse(t)
	enable := func(as string) answer {
		return h.do(call{method: "POST", path: subscribers + "/erp/enable", body: person(), as: as})
	}
	enable(postman).refused(http.StatusNotFound, "not_found", "")
	must(0, h.ledger.SaveSubscriberState(t.Context(), gateway.SubscriberState{
		MerchantID: "main", Subscriber: "erp", DisabledAt: time.Now().UTC().Truncate(time.Microsecond), Reason: "answered 410", Version: 1,
	}))(t)
	h.do(postmans(subscribers)).expect(http.StatusOK).golden("subscriber_disabled")
	enable(rival).refused(http.StatusNotFound, "not_found", "")
	enable(postman).expect(http.StatusOK, "subscriber", "erp", "subscriberStatus", "active", "disabledAt", "", "pendingCount", "0")
	enable(postman).refused(http.StatusNotFound, "not_found", "")
}

func TestAPausedSubscriberIsShownWithWhy(t *testing.T) {
	began := time.Date(2026, 3, 2, 15, 4, 35, 0, time.UTC)
	view := api.ViewOfSubscriber(gateway.SubscriberStanding{
		Name: "crm", Configured: true, PausedUntil: began.Add(15 * time.Minute), PausedAt: began, PausedReason: "it was answered 503",
	})
	const want = `{"subscriber":"crm","subscriberStatus":"paused","pendingCount":0,"deadCount":0,` +
		`"pausedUntil":"2026-03-02T15:19:35Z","pausedAt":"2026-03-02T15:04:35Z","pausedReason":"it was answered 503"}`
	if got := must(json.Marshal(view))(t); string(got) != want {
		t.Errorf("it is shown as\n%s\nwant\n%s", got, want)
	}
}

func TestWhatKeepsASubscriberFromBeingToldIsNamed(t *testing.T) {
	now := time.Now()
	gone := gateway.SubscriberState{DisabledAt: now}
	for want, s := range map[string]gateway.SubscriberStanding{
		"active":         {Configured: true},
		"paused":         {Configured: true, PausedUntil: now},
		"disabled":       {Configured: true, PausedUntil: now, State: gone},
		"not_configured": {State: gone},
	} {
		if got := api.SubscriberStatus(s); got != want {
			t.Errorf("%+v is %s, want %s", s, got, want)
		}
	}
}
