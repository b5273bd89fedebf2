package simulation

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// subscribers are those of the run's merchant. Some orders of the shop are told
// of one at a time, as those of one parent record in Salesforce have to be.
var subscribers = []string{"shop", "org"}

// How often each fault strikes one telling, or one subscriber for a while.
const (
	sinkRefuses   = 0.05
	sinkLosesIt   = 0.03
	sinkHangs     = 0.01
	sinkIsLate    = 0.01
	sinkWontHear  = 0.01
	sinkWantsTime = 0.02
	sinkIsGone    = 0.002
	sinkDownFor   = 90 * time.Second
	sinkIsDown    = 0.1 // of the time in restless phases
)

// tellDeadline is how long an instance waits for a subscriber.
const tellDeadline = 15 * time.Second

// audience is the subscribers' own memory: it survives every crash of a gateway.
type audience struct {
	mu       sync.Mutex
	receipts []*history.Receipt
	events   []history.Event
	wont     map[string]bool
}

// kept notes an event that the ledger has.
func (a *audience) kept(events ...gateway.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range events {
		a.events = append(a.events, eventTold(e))
	}
}

func eventTold(e gateway.Event) history.Event {
	told := history.Event{ID: e.ID, Payment: e.Queue(), Version: e.Version}
	if e.PaymentID != "" {
		told.Status, told.Granted = string(e.Payment.Status), int64(e.Payment.Granted())
	}
	if e.Vault != nil {
		told.Type, told.Customer, told.Method = e.Type, e.Vault.CustomerID, methodKept(e.Vault.Method)
	}
	return told
}

// receive begins a receipt.
func (a *audience) receive(r history.Receipt) *history.Receipt {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.receipts = append(a.receipts, &r)
	return &r
}

// ended ends it.
func (a *audience) ended(r *history.Receipt, acted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.Until, r.Acted = time.Now(), acted
}

// actedLate is for a subscriber that went on when nobody waited any more.
func (a *audience) actedLate(r *history.Receipt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.Acted = true
}

// wontHear says whether a subscriber refuses an event for as long as the phase
// lasts, once it has begun to.
func (a *audience) wontHear(subscriber, event string, begins bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wont == nil {
		a.wont = map[string]bool{}
	}
	if begins {
		a.wont[subscriber+event] = true
	}
	return a.wont[subscriber+event]
}

func (a *audience) fill(h *history.History) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h.Subscribers, h.Events = subscribers, a.events
	for _, r := range a.receipts {
		h.Receipts = append(h.Receipts, *r)
	}
}

// sinkPort is one instance's way to a subscriber, and where it crashes while it
// tells.
type sinkPort struct {
	instance *instance
	name     string
}

// subscribers are the run's, as one instance reaches them.
func (in *instance) subscribers() []gateway.Subscriber {
	var all []gateway.Subscriber
	for _, name := range subscribers {
		all = append(all, gateway.Subscriber{
			MerchantID: merchantID, Name: name, Sink: sinkPort{in, name}, Deadline: tellDeadline,
		})
	}
	return all
}

// Lane implements gateway.Sink. Several orders of the shop share one.
func (s sinkPort) Lane(e gateway.Event) string {
	if s.name != "shop" || e.Payment.OrderID == "" {
		return ""
	}
	order := nameOf(e.Payment)
	return "lane " + order[len(order)-1:]
}

// queueTold is what is told in order, which a transaction that belongs to no
// payment is not.
func queueTold(e gateway.Event) string {
	if e.Transaction != nil {
		return ""
	}
	return e.Queue()
}

// told names an event alike in every replay.
func (w *world) told(e gateway.Event) string {
	if e.Vault != nil {
		return fmt.Sprintf("%s %d %s %s", e.Vault.CustomerID, e.Version, e.Type, w.record.order(e.Vault.Method.ProfileID))
	}
	return w.record.order(e.PaymentID) + " " + e.Type
}

// Deliver implements gateway.Sink.
func (s sinkPort) Deliver(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	w, in := s.instance.world, s.instance
	e := d.Event
	at := in.step("tell."+s.name, w.told(e))
	if in.crashed() {
		return refusal("crashed")
	}
	if at.strikes(CrashDuringTell, stepCrash) {
		timer := time.AfterFunc(w.between(0, crashDuring, "during", at.name), func() { at.crash(CrashDuringTell, 1) })
		defer timer.Stop()
	}
	r := w.audience.receive(history.Receipt{
		At: time.Now(), Until: time.Now(), Instance: in.name, Subscriber: s.name, Lane: cmp.Or(s.Lane(e), e.Queue()),
		Event: e.ID, Payment: queueTold(e), Version: e.Version,
	})
	if w.isDown(s.name) {
		w.faults.count(SinkIsDown, 1)
		return refusal("it is down")
	}
	return s.hear(ctx, at, e, r)
}

// hear is what the subscriber does with one telling.
func (s sinkPort) hear(ctx context.Context, at step, e gateway.Event, r *history.Receipt) gateway.Verdict {
	w := s.instance.world
	at.takes(200 * time.Millisecond)
	switch {
	case w.audience.wontHear(s.name, e.ID, at.suffers(SinkWontHear, sinkWontHear)) && !w.calm.Load():
		w.audience.ended(r, false)
		return gateway.Verdict{Outcome: gateway.Dead, StatusCode: 400, Detail: "it will not hear of this"}
	case at.suffers(SinkRefuses, sinkRefuses):
		w.audience.ended(r, false)
		return refusal("it refuses")
	case at.suffers(SinkWantsTime, sinkWantsTime):
		w.audience.ended(r, false)
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: 30 * time.Second, Pause: w.between(0, time.Minute, "pause", at.name)}
	case at.suffers(SinkIsGone, sinkIsGone):
		w.audience.ended(r, false)
		return gateway.Verdict{Outcome: gateway.Later, StatusCode: 410, Disable: true, Detail: "it is gone"}
	case at.suffers(SinkHangs, sinkHangs):
		<-ctx.Done()
		w.audience.ended(r, false)
		return refusal("no answer in time")
	case at.suffers(SinkIsLate, sinkIsLate):
		<-ctx.Done()
		w.audience.ended(r, false)
		w.work.Go(func() {
			time.Sleep(w.between(0, 10*time.Second, "late", at.name))
			w.audience.actedLate(r)
		})
		return refusal("no answer in time")
	case at.suffers(SinkLosesIt, sinkLosesIt):
		w.audience.ended(r, true)
		return refusal("the connection broke")
	}
	w.audience.ended(r, true)
	if s.instance.crashed() {
		return refusal("crashed")
	}
	return gateway.Verdict{Outcome: gateway.Told, StatusCode: 200}
}

func refusal(why string) gateway.Verdict {
	return gateway.Verdict{Outcome: gateway.Later, StatusCode: 503, Detail: why}
}

// isDown says whether a subscriber is down at this moment.
func (w *world) isDown(name string) bool {
	spell := time.Now().Unix() / int64(sinkDownFor.Seconds())
	return !w.calm.Load() && w.chance(sinkIsDown, SinkIsDown, name, spell)
}

// operator is the person who comes by.
var operator = gateway.Actor{Person: "operator"}

// operate is the operator who comes by in the quiet: who is gone is enabled
// again, and dead letters are sent again.
func (w *world) operate() error {
	g := w.slots[0].instance().gateway
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	standings, err := g.Subscribers(ctx, merchantID)
	if err != nil {
		return err
	}
	for _, s := range standings {
		if !s.State.DisabledAt.IsZero() {
			if err := g.EnableSubscriber(ctx, merchantID, operator, s.Name); err != nil {
				return err
			}
		}
	}
	for next, more := "", true; more; more = next != "" {
		replays, err := g.ReplayRange(ctx, merchantID, operator, gateway.ReplayRange{Before: next})
		if err != nil {
			return err
		}
		next = replays.Next
	}
	return nil
}

// deadLetters are those of the end.
func (w *world) deadLetters() ([]history.Dead, error) {
	var dead []history.Dead
	f := gateway.DeliveryFilter{MerchantID: merchantID, Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead}, Limit: 100}
	for {
		page, err := w.ledger.Deliveries(context.Background(), f)
		if err != nil {
			return nil, fmt.Errorf("the dead letters cannot be read: %w", err)
		}
		for _, d := range page {
			dead = append(dead, history.Dead{Subscriber: d.Subscriber, Event: d.Event.ID, Payment: queueTold(d.Event), Version: d.Event.Version})
		}
		if len(page) < f.Limit {
			return dead, nil
		}
		f.Before = page[len(page)-1].ID
	}
}
