package history

import (
	"fmt"
	"slices"
	"time"
)

// NotSent is the outcome by which a caller is told that nothing was sent, and that
// the request may be repeated.
const NotSent = "not_sent"

// takenBackBy is when the gateway has taken back whatever the ledger has kept of a
// request that was called not sent.
const takenBackBy = 2 * time.Minute

// takenBack: what came with a key whose caller was told that nothing was sent, and
// with which nobody asked again, stays not sent: PayTrace has no charge of it, and
// nobody finds it unknown, or failed after looks for it. An instance that crashes
// meanwhile can take nothing back.
func takenBack(x *index) []Violation {
	ends := map[string]Operation{}
	for _, o := range x.Changes {
		ends[o.Key] = o
	}
	for _, p := range x.Payments {
		for _, o := range p.Operations {
			ends[o.Key] = o
		}
	}
	var found []Violation
	for _, key := range x.keys {
		told, only := x.toldNotSent(key)
		if !only {
			continue
		}
		wrong := func(says string) {
			found = append(found, x.violation(TakenBack, "key "+key, "its caller was told that nothing was sent, and "+says, about{key: key}))
		}
		if o, there := ends[key]; there && !staysNotSent(o.Status) {
			wrong(o.ID + " ends as " + o.Status)
		}
		if charges := x.chargesOf(key); len(charges) > 0 {
			wrong("PayTrace has " + charges[0].ID)
		}
		for _, c := range x.calls[key] {
			if o := c.Operation; o.ID != "" && c.At.After(told.Add(takenBackBy)) && !staysNotSent(o.Status) {
				wrong(fmt.Sprintf("%s is shown as %s at %s", o.ID, o.Status, clock(c.Until)))
				break
			}
		}
	}
	return found
}

func staysNotSent(status string) bool { return status == NotSent || status == "cancelled" }

// toldNotSent says until when a key's callers were told that nothing was sent, and
// whether they all were, or were refused.
func (x *index) toldNotSent(key string) (last time.Time, only bool) {
	for _, c := range x.calls[key] {
		refused := c.Status >= 400 && c.Status < 500 && c.Outcome == "" && c.Operation.ID == ""
		switch {
		case c.Request == "":
			continue
		case c.Answered() && c.Outcome == NotSent && !x.crashedSoon(c):
			only = true
		case !refused:
			return last, false
		}
		if c.Until.After(last) {
			last = c.Until
		}
	}
	return last, only
}

// crashedSoon says that the instance which gave the answer has crashed before it had
// the time to do what it had left to do.
func (x *index) crashedSoon(c Call) bool {
	return slices.ContainsFunc(x.Crashes, func(crash Crash) bool {
		return crash.Instance == c.Instance && !crash.At.Before(c.At) && crash.At.Before(c.Until.Add(takenBackBy))
	})
}
