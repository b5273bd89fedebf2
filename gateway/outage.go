package gateway

import (
	"maps"
	"sync"
	"time"
)

// failsFor is how long a failure is believed in that was not met again: whoever
// met it may have been paused or disabled since.
const failsFor = 3 * seeEvery

// outages keep what fails at every turn from filling the log: a line when it
// begins and one when it is well again, so that the lines about payments are found.
type outages struct {
	mu sync.Mutex
	// failing is when a part has failed last, by whom it failed for. It is well
	// again when it fails for none: somebody for whom nothing was to be done says
	// nothing of the others.
	failing map[part]map[string]time.Time
}

// part is a piece of what is done again and again, of one merchant where it belongs
// to one.
type part struct{ name, merchant string }

// The parts that fail at every turn while the ledger does. The log names those of the
// telling; the others have lines of their own.
const (
	partDue      = "asking for what is due"
	partVaultDue = "asking for what is due of the vault"
	partChecks   = "asking for what is to be compared"
	partReady    = "being ready"
	partSpread   = "making deliveries"
	partAsk      = "asking what is due"
	partTake     = "taking deliveries"
	partSee      = "keeping subscriptions"
)

// learn takes what came of a turn, and says whether an outage begins or ends by it.
func (o *outages) learn(p part, who string, err error, now time.Time) (begins, ends bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	failed, known := o.failing[p]
	maps.DeleteFunc(failed, func(_ string, last time.Time) bool { return now.Sub(last) > failsFor })
	switch {
	case err != nil && len(failed) == 0:
		if o.failing == nil {
			o.failing = map[part]map[string]time.Time{}
		}
		o.failing[p] = map[string]time.Time{who: now}
		return true, false
	case err != nil:
		failed[who] = now
		return false, false
	}
	delete(failed, who)
	if len(failed) > 0 {
		return false, false
	}
	delete(o.failing, p)
	return false, known
}

// dueTurn tells the log that the ledger cannot be asked for what is due, or can again.
func (g *Gateway) dueTurn(err error) {
	switch begins, ends := g.outages.learn(part{name: partDue}, "", err, g.clock()); {
	case begins:
		g.log.Error("due.failed", "error", err, "consequence", "unfinished payments wait until the ledger answers")
	case ends:
		g.log.Info("due.back")
	}
}

// readyTurn tells the log that the ledger is not ready, or is again.
func (g *Gateway) readyTurn(err error) {
	switch begins, ends := g.outages.learn(part{name: partReady}, "", err, g.clock()); {
	case begins:
		g.log.Error("ledger.not_ready", "error", err)
	case ends:
		g.log.Info("ledger.back")
	}
}

// turn tells the log of a part of the telling that has begun to fail, or is well
// again.
func (g *Gateway) turn(p part, subscriber string, err error, consequence string) {
	begins, ends := g.outages.learn(p, subscriber, err, g.clock())
	switch {
	case begins:
		g.log.Error("telling.failed", "part", p.name, "merchant", p.merchant, "subscriber", subscriber, "error", err, "consequence", consequence)
	case ends:
		g.log.Info("telling.back", "part", p.name, "merchant", p.merchant)
	}
}
