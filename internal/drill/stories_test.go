package drill

import (
	"sync"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// live is a shopper's whole story.
func (s *shopper) live() {
	stories := []func(){
		func() { s.buy() }, func() { s.buy() }, func() { s.buy() }, func() { s.buy() },
		s.submitsTwice, s.submitsTwice,
		s.cancelsBefore, s.cancelsDuring, s.cancelsDuring, s.cancelsAfter,
		s.captures, s.captures, s.capturesTwice,
		s.voids, s.voidsAndRefunds,
		s.refundsAtOnce, s.refundsAtOnce,
		s.reusesKey, s.isDeclined,
	}
	stories[s.random.IntN(len(stories))]()
}

// buy pays, and gives the transaction once there is one.
func (s *shopper) buy() (transaction string) { return s.insist(s.pay()).Payment.TransactionID }

func (s *shopper) submitsTwice() {
	s.misbehaves("submits at both gateways at once")
	first := s.pay()
	s.atOnce(first, first)
	s.insist(first)
}

func (s *shopper) cancelsBefore() {
	s.misbehaves("cancels before")
	s.insist(s.cancel())
	s.insist(s.pay())
}

func (s *shopper) cancelsDuring() {
	s.misbehaves("cancels during")
	s.authorizeSometimes()
	first, cancel := s.pay(), s.cancel()
	slot, wait := s.slot(), between(s.random, 0, 50*time.Millisecond)
	var work sync.WaitGroup
	work.Go(func() { s.town.call(slot, first) })
	s.town.rest(wait)
	s.insist(cancel)
	work.Wait()
	s.town.call(s.slot(), first)
}

func (s *shopper) cancelsAfter() {
	s.misbehaves("cancels after")
	s.authorizeSometimes()
	s.buy()
	s.insist(s.cancel())
}

func (s *shopper) authorizeSometimes() {
	if s.random.IntN(2) == 0 {
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
		s.insist(s.follow(history.Capture, "-c", id, s.part()))
	}
}

func (s *shopper) capturesTwice() {
	s.intent = "authorize"
	id := s.buy()
	if id == "" {
		return
	}
	s.misbehaves("captures twice")
	first, second := s.follow(history.Capture, "-c1", id, s.part()), s.follow(history.Capture, "-c2", id, s.part())
	s.atOnce(first, second, second, first)
	s.insist(first)
	s.insist(second)
}

func (s *shopper) voids() {
	s.authorizeSometimes()
	if id := s.buy(); id != "" {
		s.insist(s.follow(history.Void, "-v", id, 0))
	}
}

func (s *shopper) voidsAndRefunds() {
	id := s.buy()
	if id == "" {
		return
	}
	s.misbehaves("voids and refunds at once")
	void, refund := s.follow(history.Void, "-v", id, 0), s.follow(history.Refund, "-r", id, s.part())
	s.atOnce(void, refund)
	s.insist(void)
	s.insist(refund)
}

// refundsAtOnce asks for more than there is, in parts, of both gateways.
func (s *shopper) refundsAtOnce() {
	id := s.buy()
	if id == "" {
		return
	}
	s.misbehaves("refunds too much at once")
	most := s.amount*3/5 + 1
	first, second := s.follow(history.Refund, "-r1", id, most), s.follow(history.Refund, "-r2", id, most)
	s.atOnce(first, second, second, first)
	s.insist(first)
	s.insist(second)
	s.insist(s.follow(history.Refund, "-r3", id, s.part()))
}

func (s *shopper) reusesKey() {
	s.misbehaves("reuses a key for another request")
	first := s.pay()
	other := *s
	other.amount += 100
	second := other.pay()
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
