package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// shopper is one caller with one payment: what it asks, when, and how it
// misbehaves.
type shopper struct {
	world  *world
	random *rand.Rand
	number int
	intent string
	amount int64
	method string
	// forCompany says that the order has lines and a purchase order, and takesPart
	// that an approval of a part is taken.
	forCompany, takesPart bool
}

// The amounts are few, so that payments resemble each other.
var amounts = []int64{500, 1000, 1000, 1999, 2500}

// declinedAmount is one on which PayTrace's sandbox declines.
const declinedAmount = 21

func (w *world) shopper(number int) (*shopper, error) {
	s := &shopper{world: w, random: w.of("shopper", number), number: number, intent: "sale"}
	s.amount = pick(s.random, amounts...)
	s.forCompany = w.of("company", number).IntN(3) == 0
	s.takesPart = w.givesParts && !s.forCompany && w.of("takes part", number).IntN(3) > 0
	s.method = fmt.Sprintf(`{"vault":{"customerId":%q}}`, customerID)
	if s.random.IntN(5) == 0 {
		token, key, err := w.payTrace.hostedFields(visaCard)
		if err != nil {
			return nil, err
		}
		s.method = fmt.Sprintf(`{"hostedFields":{"hpfToken":%q,"encKey":%q}}`, token, key)
	}
	return s, nil
}

// key names the shopper's requests: the payment has no ordinal, what follows
// it does.
func (s *shopper) key(of string) string { return fmt.Sprintf("k%d%s", s.number, of) }

// pay is the request of the shopper's payment.
func (s *shopper) pay() ask {
	order := fmt.Sprintf("o%03d", s.number)
	part := ""
	if s.takesPart {
		part = `,"acceptPartial":true`
	}
	return s.ask(ask{verb: history.Pay, key: s.key(""), order: order, takesPart: s.takesPart, verifies: s.intent == verify, body: fmt.Sprintf(
		`{"intent":%q,"amount":%q,"orderId":%q,"paymentMethod":%s%s%s}`, s.intent, decimal(s.amount), order, s.method, s.lines(), part)})
}

// lines are those of an order for a company, which one shopper in three buys for.
func (s *shopper) lines() string {
	if !s.forCompany {
		return ""
	}
	return fmt.Sprintf(`,"purchaseOrder":"PO-%d","lineItems":[{"description":"a","quantity":"1","unitPrice":"0.01"},{"description":"b","quantity":"0.5","unitPrice":%q}]`,
		s.number, decimal(2*(s.amount-1)))
}

// follow is a request about a transaction; an amount of zero means all of it.
func (s *shopper) follow(verb, of, transaction string, amount int64) ask {
	a := s.ask(ask{verb: verb, key: s.key(of), target: transaction})
	if amount > 0 {
		a.body = fmt.Sprintf(`{"amount":%q}`, decimal(amount))
	}
	return a
}

// ask chooses where to ask, and how patiently.
func (s *shopper) ask(a ask) ask {
	a.slot = s.random.IntN(2)
	a.budget = pick(s.random, 9*time.Second, 9*time.Second, 30*time.Second, 5*time.Second)
	if s.random.IntN(6) == 0 {
		a.budget = time.Second
		s.count(ShortBudget)
	}
	if s.random.IntN(8) == 0 && !s.world.calm.Load() {
		a.patience = between(s.random, time.Millisecond, a.budget)
		s.count(HangsUp)
	}
	return a
}

func (s *shopper) count(f Fault) { s.world.faults.count(f, 1) }

func (s *shopper) rest(from, to time.Duration) { time.Sleep(between(s.random, from, to)) }

// takesItsTime rests for a moment or two, or until after the next settlement.
func (s *shopper) takesItsTime() {
	if s.random.IntN(3) == 0 {
		s.restUntilSecond()
		return
	}
	s.rest(0, 2*time.Minute)
}

// restUntilSecond rests until everything goes wrong once more.
func (s *shopper) restUntilSecond() {
	time.Sleep(time.Until(s.world.second) + between(s.random, 0, again))
}

// settled says that there is nothing to repeat the request for.
func settled(c history.Call) bool {
	if c.Customer != "" && (c.Status == 200 || c.Status == 204) {
		return true
	}
	return c.Status == 201 || c.Status == 404 || c.Status == 422 || c.Status == 400
}

// tries bounds how often a caller repeats a request before it gives up.
const tries = 6

// leftAtThat is how often a caller who is told that nothing was sent asks no more.
const leftAtThat = 0.4

// insist repeats the request, with its key and on any instance, until it is
// decided or the caller has had enough.
func (s *shopper) insist(a ask) history.Call {
	c := s.world.call(a)
	for tried := range tries {
		if settled(c) {
			if s.random.IntN(4) == 0 {
				s.count(RepeatsDecided)
				s.rest(0, 20*time.Second)
				return s.again(a)
			}
			return c
		}
		if c.Outcome == history.NotSent && s.world.chance(leftAtThat, "asks no more", a.key, tried) {
			s.count(AsksNoMore)
			s.world.record.leave(a.key)
			return c
		}
		s.rest(500*time.Millisecond, 15*time.Second)
		s.count(RepeatsKey)
		c = s.again(a)
	}
	return c
}

// again repeats a request as it was, somewhere and with some patience.
func (s *shopper) again(a ask) history.Call {
	fresh := s.ask(a)
	fresh.patience = 0
	return s.world.call(fresh)
}

// atOnce asks several things at the same moment, or nearly so: which of two
// comes first in the very same instant no seed could replay.
func (s *shopper) atOnce(asks ...ask) []history.Call {
	calls := make([]history.Call, len(asks))
	var work sync.WaitGroup
	for i, a := range asks {
		comes := between(s.random, 0, 5*time.Millisecond)
		work.Go(func() {
			time.Sleep(comes)
			calls[i] = s.world.call(a)
		})
	}
	work.Wait()
	return calls
}

// elsewhere is the same request on the other instance.
func elsewhere(a ask) ask { a.slot = 1 - a.slot; return a }

// buy pays, and gives the transaction once there is one.
func (s *shopper) buy() (transaction string) {
	c := s.insist(s.pay())
	if c.Operation.Status != "approved" && c.Payment.TransactionID == "" {
		s.rest(20*time.Second, 90*time.Second)
		c = s.world.call(s.ask(ask{verb: history.Ask, key: s.key("")}))
	}
	return c.Payment.TransactionID
}

// live is the shopper's whole story.
func (s *shopper) live() {
	stories := []func(){
		func() { s.buy() },
		func() { s.buy() },
		s.submitsTwice,
		s.cancelsBefore, s.cancelsDuring, s.cancelsDuring, s.cancelsAfter,
		s.captures, s.captures, s.capturesTwice,
		s.voids, s.voidsAndRefunds,
		s.refundsAtOnce, s.refundsAtOnce, s.refundsLater, s.refundsLater,
		s.reusesKey, s.isDeclined, s.isCredited,
	}
	stories[s.random.IntN(len(stories))]()
}

// comesBack is what a caller does a day later: it asks, or repeats its request.
func (s *shopper) comesBack() {
	if s.random.IntN(3) == 0 && !s.world.record.isLeft(s.key("")) {
		s.count(RepeatsAfterDays)
		s.again(s.pay())
		return
	}
	c := s.world.call(s.ask(ask{verb: history.Ask, key: s.key("")}))
	if c.Payment.ID != "" {
		s.world.call(s.ask(ask{verb: history.Get, target: c.Payment.ID}))
	}
}

func (s *shopper) submitsTwice() {
	s.count(SubmitsTwice)
	first := s.pay()
	if slices.ContainsFunc(s.atOnce(first, elsewhere(first)), settled) {
		return
	}
	s.insist(first)
}

func (s *shopper) cancel() ask { return s.ask(ask{verb: history.Cancel, key: s.key("")}) }

func (s *shopper) cancelsBefore() {
	s.count(CancelsBefore)
	s.insist(s.cancel())
	s.insist(s.pay())
}

func (s *shopper) cancelsDuring() {
	s.count(CancelsDuring)
	s.authorizeSometimes()
	var work sync.WaitGroup
	first, cancel := s.pay(), s.cancel()
	wait := between(s.random, 0, 12*time.Second)
	if s.random.IntN(2) == 0 {
		wait = between(s.random, 0, 30*time.Millisecond)
	}
	work.Go(func() { s.world.call(first) })
	time.Sleep(wait)
	s.insist(cancel)
	work.Wait()
	s.again(first)
}

func (s *shopper) cancelsAfter() {
	s.count(CancelsAfter)
	s.authorizeSometimes()
	s.buy()
	s.takesItsTime()
	s.insist(s.cancel())
}

func (s *shopper) authorizeSometimes() {
	if s.random.IntN(2) == 0 && s.intent != verify {
		s.intent = "authorize"
	}
}

// part is an amount of at most the whole, zero for all of it.
func (s *shopper) part() int64 {
	if s.random.IntN(2) == 0 {
		return 0
	}
	return 1 + s.random.Int64N(s.amount)
}

func (s *shopper) captures() {
	s.intent = "authorize"
	if id := s.buy(); id != "" {
		s.takesItsTime()
		s.insist(s.follow(history.Capture, "-c", id, s.part()))
	}
}

func (s *shopper) capturesTwice() {
	s.intent = "authorize"
	id := s.buy()
	if id == "" {
		return
	}
	s.count(CapturesTwice)
	s.takesItsTime()
	first, second := s.follow(history.Capture, "-c1", id, s.part()), s.follow(history.Capture, "-c2", id, s.part())
	s.atOnce(first, second, elsewhere(first))
	s.insist(first)
	s.insist(second)
}

func (s *shopper) voids() {
	s.authorizeSometimes()
	if id := s.buy(); id != "" {
		s.takesItsTime()
		s.insist(s.follow(history.Void, "-v", id, 0))
	}
}

func (s *shopper) voidsAndRefunds() {
	id := s.buy()
	if id == "" {
		return
	}
	s.count(VoidsAndRefunds)
	s.takesItsTime()
	void, refund := s.follow(history.Void, "-v", id, 0), s.follow(history.Refund, "-r", id, s.part())
	s.atOnce(void, elsewhere(refund))
	s.insist(void)
	s.insist(refund)
}

// refundsAtOnce asks for more than there is, in parts, on both instances.
func (s *shopper) refundsAtOnce() {
	id := s.buy()
	if id == "" {
		return
	}
	s.count(RefundsAtOnce)
	s.rest(0, 2*time.Minute)
	s.refundInParts(id)
}

// refundsLater does so after the next settlement.
func (s *shopper) refundsLater() {
	id := s.buy()
	if id == "" {
		return
	}
	s.count(RefundsTooMuch)
	s.restUntilSecond()
	s.refundInParts(id)
}

func (s *shopper) refundInParts(id string) {
	most := s.amount*3/5 + 1
	first, second := s.follow(history.Refund, "-r1", id, most), s.follow(history.Refund, "-r2", id, most)
	s.atOnce(first, elsewhere(second), elsewhere(first))
	s.insist(first)
	s.insist(second)
	s.insist(s.follow(history.Refund, "-r3", id, s.part()))
}

func (s *shopper) reusesKey() {
	s.count(ReusesKey)
	first := s.pay()
	other := *s
	other.amount += 100
	second := other.pay()
	second.key, second.slot = first.key, 1-first.slot
	if s.random.IntN(2) == 0 {
		s.atOnce(first, second)
	}
	s.insist(first)
	s.insist(second)
}

func (s *shopper) isDeclined() {
	s.amount = declinedAmount
	s.insist(s.pay())
	s.insist(s.cancel())
}

// isCredited lives through a clerk who gives a part back while the payment is
// pending, and a shop that does not know of it and wants all of it back.
func (s *shopper) isCredited() {
	id := s.buy()
	if id == "" {
		return
	}
	s.rest(0, time.Minute)
	if s.world.credit(id, pick(s.random, int64(100), 301, s.amount)) {
		s.count(ClerkCredits)
	}
	s.rest(0, 3*time.Minute)
	switch s.random.IntN(3) {
	case 0:
		s.insist(s.follow(history.Void, "-v", id, 0))
	case 1:
		s.insist(s.follow(history.Refund, "-r", id, 0))
	default:
		s.insist(s.cancel())
	}
}
