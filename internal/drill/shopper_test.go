package drill

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// shopper is one caller with one payment: what it asks, where, and how it
// misbehaves.
type shopper struct {
	town   *town
	random *rand.Rand
	number int
	intent string
	amount int64
	method string
}

// The amounts are few, so that payments resemble each other.
var amounts = []int64{500, 1000, 1000, 1999, 2500}

// declinedAmount is one on which PayTrace's sandbox declines.
const declinedAmount = 21

// dice are those of one role of one run.
func dice(seed uint64, role int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(role))) }

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}

func (w *town) shopper(seed uint64, number int) (*shopper, error) {
	r := dice(seed, 1000+number)
	method, err := w.payTrace.hostedFields()
	return &shopper{town: w, random: r, number: number, intent: "sale", amount: pick(r, amounts...), method: method}, err
}

// key names the shopper's requests: the payment has no ordinal, what follows
// it does.
func (s *shopper) key(of string) string { return fmt.Sprintf("k%d%s", s.number, of) }

func (s *shopper) pay() ask {
	order := fmt.Sprintf("o%d", s.number)
	return s.ask(ask{verb: history.Pay, key: s.key(""), order: order, body: fmt.Sprintf(
		`{"intent":%q,"amount":%q,"orderId":%q,"paymentMethod":%s}`, s.intent, decimal(s.amount), order, s.method)})
}

// follow is a request about a transaction; an amount of zero means all of it.
func (s *shopper) follow(verb, of, transaction string, amount int64) ask {
	a := s.ask(ask{verb: verb, key: s.key(of), target: transaction, body: "{}"})
	if amount > 0 {
		a.body = fmt.Sprintf(`{"amount":%q}`, decimal(amount))
	}
	return a
}

func (s *shopper) cancel() ask { return s.ask(ask{verb: history.Cancel, key: s.key("")}) }

// ask chooses how patient the caller is.
func (s *shopper) ask(a ask) ask {
	a.budget = pick(s.random, 9*time.Second, 9*time.Second, 5*time.Second, 2*time.Second)
	return a
}

func (s *shopper) slot() int { return s.random.IntN(2) }

// settled says that there is nothing to repeat the request for.
func settled(c history.Call) bool {
	return c.Status == 200 || c.Status == 201 || c.Status == 404 || c.Status == 422
}

// The pauses before a request is repeated.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 2 * time.Second
)

// shop calls one gateway, and goes over to the other when that one is silent.
type shop struct {
	town *town
	at   atomic.Int32
}

func (w *town) shop(slot int) *shop {
	s := &shop{town: w}
	s.at.Store(int32(slot))
	return s
}

// insist repeats the request with its key until it is decided or the town
// closes.
func (s *shop) insist(a ask) history.Call {
	w, began, pause := s.town, time.Now(), firstPause
	var heard time.Duration
	for {
		slot := s.at.Load()
		c := w.call(int(slot), a)
		if c.Answered() && heard == 0 {
			heard = c.Until.Sub(began)
		}
		if settled(c) || w.closed() {
			w.waited(patient{began, heard, c.Until.Sub(began), settled(c)})
			return c
		}
		if !c.Answered() {
			s.at.CompareAndSwap(slot, 1-slot)
			w.happened("caller finds a gateway silent", 1)
		}
		w.happened("caller repeats a key", 1)
		w.rest(pause)
		pause = min(2*pause, lastPause)
	}
}

func (s *shopper) insist(a ask) history.Call { return s.town.shop(s.slot()).insist(a) }

// atOnce asks several things at the same moment, of both gateways in turn.
func (s *shopper) atOnce(asks ...ask) {
	var work sync.WaitGroup
	for i, a := range asks {
		work.Go(func() { s.town.call(i%2, a) })
	}
	work.Wait()
}

func (s *shopper) misbehaves(how string) { s.town.happened("caller "+how, 1) }
