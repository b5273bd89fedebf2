package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Drill is how a failover is borne. A request without an answer, or with one
// that says "later", is repeated with the same key at the next target.
type Drill struct {
	// RepeatFor is how long after it was due a request is repeated.
	RepeatFor time.Duration
	// Pause goes before the second round through the targets. It doubles with
	// each further one, up to longestPause: callers who all come again at once
	// keep down what has just got up.
	Pause time.Duration
	// SettleFor is how long the end waits for keys that are not decided yet.
	SettleFor time.Duration
}

// longestPause is as long as a pause grows, unless it was longer at once.
const longestPause = 2 * time.Second

// mostKeys is how many keys a drill remembers.
const mostKeys = 1_000_000

// inquirers ask at once what became of the keys.
const inquirers = 16

func (d Drill) check(c Config) error {
	var wrong []error
	if len(c.Stages) == 0 {
		wrong = append(wrong, errors.New("a drill comes at a rate or a ramp: connections that wait for an answer would not see the failure"))
	} else if n := c.stagesFromWarmup().count(); n > mostKeys {
		wrong = append(wrong, fmt.Errorf("a drill of %d requests: it remembers up to %d keys", n, mostKeys))
	}
	if d.RepeatFor <= 0 || d.RepeatFor > time.Hour || d.SettleFor < 0 || d.SettleFor > time.Hour {
		wrong = append(wrong, errors.New("a drill repeats and waits for up to an hour"))
	}
	if d.Pause < time.Millisecond || d.Pause > time.Minute {
		wrong = append(wrong, errors.New("the pause between repeats is 1ms to 1m"))
	}
	return errors.Join(wrong...)
}

// Findings are what a drill has found out about its keys.
type Findings struct {
	Keys int `json:"keys"`
	// Repeated keys were sent more than once; Repeats are all those times.
	Repeated int `json:"repeated"`
	Repeats  int `json:"repeats"`
	// Reasons count what the callers got instead of an answer, by HTTP status or
	// by what happened.
	Reasons map[string]int `json:"reasons"`
	// OnePayment of the keys ended as exactly one payment that was approved,
	// TwoPayments as more than one, NotPaid as none, Unknown are not decided or
	// could not be asked for.
	OnePayment  int `json:"onePayment"`
	TwoPayments int `json:"twoPayments"`
	NotPaid     int `json:"notPaid"`
	Unknown     int `json:"unknown"`
	// GaveUp are callers that had no answer when their time was up.
	GaveUp int `json:"gaveUp"`
	// WorstWait, in microseconds, is of the caller who waited longest, with
	// that key.
	WorstWait int64  `json:"worstWait"`
	WorstKey  string `json:"worstKey"`
}

// Good says that every key ended as one payment.
func (f Findings) Good() bool { return f.Keys > 0 && f.OnePayment == f.Keys }

// What became of a key.
type fate uint8

const (
	fateUnknown fate = iota
	fateOnePayment
	fateTwoPayments
	fateNotPaid
)

// attempt is what a caller did with a key. Each belongs to one goroutine at a
// time: first the caller, then whoever asks what became of it.
type attempt struct {
	made, gaveUp bool
	repeats      int32
	wait         time.Duration
	fate         fate
}

// insist asks for a payment until it is answered or the time is up.
func (c *caller) insist(j job) string {
	a := &c.attempts[j.n]
	a.made = true
	defer func() { a.wait = time.Since(j.due) }()
	drill, pause := c.config.Drill, c.config.Drill.Pause
	for try := 0; ; try++ {
		failure := c.charge(c.turn(j.n+try), j.n, "sale")
		if failure == "" && !later(c.response.StatusCode()) {
			return c.verdict()
		}
		c.reasons.count(c.orElse(failure, fasthttp.StatusCreated))
		if time.Since(j.due) >= drill.RepeatFor {
			a.gaveUp = true
			return failUnanswered
		}
		a.repeats++
		if (try+1)%len(c.targets) == 0 {
			time.Sleep(pause)
			pause = max(pause, min(2*pause, longestPause))
		}
	}
}

// reasons are counted by what callers got.
type reasons struct {
	mu sync.Mutex
	of map[string]int
}

func (r *reasons) count(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[string]int{}
	}
	r.of[reason]++
}

// later says that a request is to be repeated as it is.
func later(status int) bool {
	return status == fasthttp.StatusConflict || status == fasthttp.StatusTooManyRequests || status >= 500
}

func (c *caller) verdict() string {
	if c.approved("approved") {
		return ""
	}
	return status(c.response, fasthttp.StatusCreated)
}

// settle asks what became of every key, again and again for those that are not
// decided, until its time is up.
func (r *run) settle(ctx context.Context) {
	until := time.Now().Add(r.config.Drill.SettleFor)
	for {
		open := r.inquire()
		if open == 0 || time.Now().After(until) || ctx.Err() != nil {
			return
		}
		time.Sleep(r.config.Drill.Pause)
	}
}

// inquire asks once for each key that is not decided, and returns how many
// still are not.
func (r *run) inquire() int {
	var next, open atomic.Int64
	var all sync.WaitGroup
	for range inquirers {
		all.Go(func() {
			c := r.newCaller()
			for n := int(next.Add(1)) - 1; n < len(r.attempts); n = int(next.Add(1)) - 1 {
				a := &r.attempts[n]
				if a.made && a.fate == fateUnknown {
					a.fate = c.fateOf(n, a.repeats > 0)
				}
				if a.made && a.fate == fateUnknown {
					open.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(open.Load())
}

// fateOf asks one target after the other what became of a key. A key that was
// repeated has only one payment when its order has.
func (c *caller) fateOf(n int, repeated bool) fate {
	for try := range c.targets {
		t := c.turn(n + try)
		if failure := c.ask(t, c.keyOf(n)); failure != "" || later(c.response.StatusCode()) {
			continue
		}
		found := readFate(c.response.StatusCode(), c.response.Body())
		if found == fateOnePayment && repeated {
			return c.countOrder(t, n)
		}
		return found
	}
	return fateUnknown
}

func readFate(status int, body []byte) fate {
	var payment struct {
		Outcome string `json:"outcome"`
	}
	switch {
	case status == fasthttp.StatusNotFound:
		return fateNotPaid
	case status != fasthttp.StatusOK, json.Unmarshal(body, &payment) != nil:
		return fateUnknown
	}
	switch payment.Outcome {
	case "approved":
		return fateOnePayment
	case "declined", "rejected", "not_sent", "cancelled":
		return fateNotPaid
	}
	return fateUnknown
}

// countOrder counts the payments of the key's order.
func (c *caller) countOrder(t *target, n int) fate {
	var page struct {
		Items []struct {
			Operations []struct {
				Kind   string `json:"operationKind"`
				Status string `json:"operationStatus"`
			} `json:"operations"`
		} `json:"items"`
	}
	failure := c.list(t, c.keyOf(n))
	if failure != "" || c.response.StatusCode() != fasthttp.StatusOK || json.Unmarshal(c.response.Body(), &page) != nil {
		return fateUnknown
	}
	charges := 0
	for _, p := range page.Items {
		for _, o := range p.Operations {
			if o.Kind == Sale && o.Status != "declined" {
				charges++
			}
		}
	}
	switch charges {
	case 0:
		return fateNotPaid
	case 1:
		return fateOnePayment
	}
	return fateTwoPayments
}

// findings sums up what became of the keys.
func (r *run) findings() *Findings {
	f := &Findings{Reasons: r.reasons.of}
	for n, a := range r.attempts {
		if !a.made {
			continue
		}
		f.Keys++
		if a.repeats > 0 {
			f.Repeated++
			f.Repeats += int(a.repeats)
		}
		if a.gaveUp {
			f.GaveUp++
		}
		if a.wait.Microseconds() > f.WorstWait {
			f.WorstWait, f.WorstKey = a.wait.Microseconds(), r.keyOf(n)
		}
		switch a.fate {
		case fateOnePayment:
			f.OnePayment++
		case fateTwoPayments:
			f.TwoPayments++
		case fateNotPaid:
			f.NotPaid++
		case fateUnknown:
			f.Unknown++
		}
	}
	return f
}
