package simulation

import (
	"slices"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// firstVerifier is the number of the first one: nobody else's keys are theirs.
const firstVerifier = 900

// gatherVerifiers adds those who ask whether a card is good.
func (w *world) gatherVerifiers(c *crowd) error {
	random := w.of("verifiers")
	for number := range 1 + random.IntN(4) {
		s, err := w.shopper(firstVerifier + number)
		if err != nil {
			return err
		}
		s.intent, s.amount, s.forCompany, s.takesPart = verify, 0, false, false
		c.all = append(c.all, s)
		arrives := between(random, 0, restless-30*time.Second)
		c.work.Go(func() {
			time.Sleep(arrives)
			s.count(VerifiesCard)
			s.verifiesCard()
		})
	}
	return nil
}

const verify = "verify"

// verifiesCard is a verifier's whole story.
func (s *shopper) verifiesCard() {
	stories := []func(){
		func() { s.buy() },
		s.submitsTwice,
		s.cancelsBefore, s.cancelsDuring, s.cancelsAfter,
		s.wantsMoneyOfNothing, s.wantsMoneyOfNothing, s.wantsMoneyOfNothing,
	}
	stories[s.random.IntN(len(stories))]()
}

// wantsMoneyOfNothing asks of a verification what only a payment can give.
func (s *shopper) wantsMoneyOfNothing() {
	id := s.buy()
	if id == "" {
		return
	}
	s.count(MoneyOfNothing)
	s.takesItsTime()
	asks := []ask{s.follow(history.Capture, "-c", id, 100), s.follow(history.Capture, "-a", id, 0), s.follow(history.Void, "-v", id, 0), s.follow(history.Refund, "-r", id, 100)}
	s.random.Shuffle(len(asks), func(i, j int) { asks[i], asks[j] = asks[j], asks[i] })
	s.atOnce(asks[0], elsewhere(asks[1]))
	for _, a := range slices.Concat(asks[2:], asks[:1]) {
		s.insist(a)
	}
}
