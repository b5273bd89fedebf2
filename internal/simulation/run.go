package simulation

import (
	"context"
	"crypto/rsa"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// Config is one run.
type Config struct {
	Seed uint64
	// Dir is an empty folder for the ledger.
	Dir string
	// SigningKey signs the callers' tokens; making one is slow.
	SigningKey *rsa.PrivateKey
	// Log gets what the instances log; nil is nothing.
	Log *slog.Logger
}

// Result is what came of a run.
type Result struct {
	History    history.History
	Violations []history.Violation
	Figures    Figures
}

// The phases of a run: restless, when everything goes wrong; a lull, in which
// PayTrace settles; restless once more, so that what is done to settled payments
// goes wrong too; and quiet.
const (
	restless = 5 * time.Minute
	lull     = 4*time.Hour + 10*time.Minute
	again    = 3 * time.Minute
	// calming is how long the jobs go on at their usual pace after it.
	calming = 3 * time.Minute
	// quiet is longer than a day: the gateway calls nothing absent before that,
	// and tells a person an hour later.
	quiet = 27 * time.Hour
	// trickleEvery is how often there is a charge in the quiet, without which
	// nobody could tell an absent charge from books that stand still.
	trickleEvery = 4 * time.Hour
)

// Run lives through one run. It belongs in a synctest bubble.
func Run(ctx context.Context, c Config) (Result, error) {
	w, err := newWorld(ctx, c)
	if err != nil {
		return Result{}, err
	}
	shoppers, err := w.gather()
	if err != nil {
		return Result{}, err
	}
	w.disturb("first", restless)
	time.Sleep(lull)
	w.disturb("second", again)
	if err := w.settleDown(shoppers); err != nil {
		return Result{}, err
	}
	h, err := w.look()
	if err != nil {
		return Result{}, err
	}
	if err := w.end(); err != nil {
		return Result{}, err
	}
	return Result{History: h, Violations: history.Check(h), Figures: w.figuresOf(h)}, nil
}

// crowd is everyone who calls, but for the trickle.
type crowd struct {
	all     []*shopper
	holders []*cardholder
	work    sync.WaitGroup
}

// gather lets the callers begin their stories, each at its own time.
func (w *world) gather() (*crowd, error) {
	random := w.of("crowd")
	w.second = time.Now().Add(restless + calming + lull)
	c := &crowd{}
	for number := range 8 + random.IntN(12) {
		s, err := w.shopper(number)
		if err != nil {
			return nil, err
		}
		c.all = append(c.all, s)
		arrives := between(random, 0, restless-30*time.Second)
		c.work.Go(func() {
			time.Sleep(arrives)
			s.live()
		})
	}
	if w.keepsCards {
		w.gatherHolders(c)
	}
	if w.takesChecks {
		if err := w.gatherPayers(c); err != nil {
			return nil, err
		}
	}
	if w.verifiesCards {
		if err := w.gatherVerifiers(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// gatherHolders adds those whose cards are kept.
func (w *world) gatherHolders(c *crowd) {
	random := w.of("cardholders")
	for number := range 2 + random.IntN(4) {
		h := w.cardholder(number)
		c.holders = append(c.holders, h)
		arrives := between(random, 0, restless-time.Minute)
		c.work.Go(func() {
			time.Sleep(arrives)
			h.live()
		})
	}
}

// disturb is a restless phase, with the jobs at their usual pace.
func (w *world) disturb(phase string, length time.Duration) {
	w.setPace(busyPace)
	w.crashes.Store(0)
	w.calm.Store(false)
	until := time.Now().Add(length)
	w.work.Go(func() { w.weather(phase, until) })
	w.work.Go(func() { w.clerk(phase, until) })
	if w.keepsCards {
		w.work.Go(func() { w.profileClerk(phase, until) })
	}
	time.Sleep(length)
	w.calm.Store(true)
	time.Sleep(calming)
	w.setPace(quietPace)
}

func (w *world) setPace(at pace) {
	w.pace.Store(&at)
	for _, s := range w.slots {
		s.instance().run(at)
	}
}

// settleDown is the quiet phase: a trickle of charges, and callers who come
// back.
func (w *world) settleDown(c *crowd) error {
	random, end := w.of("trickle"), time.Now().Add(quiet)
	for _, s := range c.all {
		// Once during the day, and once when everything is decided.
		for visit, comes := range []time.Duration{between(random, time.Hour, quiet), quiet - between(random, 0, time.Hour/2)} {
			visitor := *s
			visitor.random = w.of("visit", s.number, visit)
			c.work.Go(func() {
				time.Sleep(comes)
				visitor.comesBack()
			})
		}
	}
	for _, h := range c.holders {
		comes := quiet - between(random, time.Minute, time.Hour/2)
		c.work.Go(func() {
			time.Sleep(comes)
			h.comesBack()
		})
	}
	for number := len(c.all); time.Now().Before(end); number++ {
		s, err := w.shopper(number)
		if err != nil {
			return err
		}
		s.insist(s.pay())
		time.Sleep(trickleEvery)
	}
	c.work.Wait()
	if w.takesChecks {
		if err := w.checksClear(); err != nil {
			return err
		}
	}
	// What was decided last, the watcher has to see once more.
	w.setPace(busyPace)
	if err := w.operate(); err != nil {
		return err
	}
	time.Sleep(lastReading)
	return nil
}

// lastReading is time for the watcher to read PayTrace's export.
const lastReading = 2*gateway.DefaultWatchEvery + time.Minute

// look is what everybody has seen in the end.
func (w *world) look() (history.History, error) {
	h := w.record.all()
	w.audience.fill(&h)
	var err error
	if h.Dead, err = w.deadLetters(); err != nil {
		return h, err
	}
	if h.Arrivals, h.Transactions, err = w.payTrace.books(); err != nil {
		return h, err
	}
	if err := w.checks(&h); err != nil {
		return h, err
	}
	h.Blind, h.Resolved, h.VerifiesFirst = w.payTrace.blind, w.resolved, w.merchant.VerifyCards
	if err := w.vault(&h); err != nil {
		return h, err
	}
	if h.Unmatched, err = w.unmatched(); err != nil {
		return h, err
	}
	h.Payments, err = w.list()
	w.countParts(h)
	slices.SortFunc(h.Payments, func(a, b history.Payment) int { return strings.Compare(a.ID, b.ID) })
	return h, err
}
