package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"paytrace-gateway/gateway"
)

// measure makes one round of measurements on one store in one house.
func (s *store) measure(ctx context.Context, h house, calls int, t *table) error {
	g, told, closed, err := h.open(ctx, s)
	if err != nil {
		return err
	}
	m := measurement{ctx: ctx, store: s, house: h, gateway: g, calls: calls, table: t, old: s.of(h)}
	for _, step := range []func() error{told, m.steady, told, m.create, told, m.together, told, m.quiet} {
		if err = step(); err != nil {
			break
		}
	}
	if ended := closed(); err == nil {
		err = ended
	}
	return err
}

// measurement is one round's part of the table.
type measurement struct {
	ctx     context.Context
	store   *store
	house   house
	gateway *gateway.Gateway
	calls   int
	table   *table
	old     []sample
	made    []request
}

func (m *measurement) note(figure string, value float64) {
	m.table.note(figure, column{m.store.name, m.house}, value)
}

// steady measures payments that come at a rate which the machine can bear, those
// who are told of them included: what a caller notices of these.
func (m *measurement) steady() error {
	const apart, payments = 40 * time.Millisecond, 60
	rate := time.NewTicker(apart)
	defer rate.Stop()
	var took []time.Duration
	for n := range payments {
		<-rate.C
		one, err := each(1, func(int) error { return m.house.request(n).send(m.gateway) })
		if err != nil {
			return err
		}
		took = append(took, one...)
	}
	m.note("create, 25 a second: p50 µs", quantile(took, 0.5))
	m.note("create, 25 a second: p95 µs", quantile(took, 0.95))
	return nil
}

// create measures payments one after the other, and what they take of the
// machine until everybody has been told of them.
func (m *measurement) create() error {
	for n := range m.calls {
		m.made = append(m.made, m.house.request(n))
	}
	before := consumed()
	began := time.Now()
	took, err := each(m.calls, func(n int) error { return m.made[n].send(m.gateway) })
	if err != nil {
		return err
	}
	m.note("create, 1 caller: p50 µs", quantile(took, 0.5))
	m.note("create, 1 caller: p95 µs", quantile(took, 0.95))
	if err := m.store.untilTold(m.ctx); err != nil {
		return err
	}
	used := consumed().since(before)
	m.note("  told to all: µs a payment", float64(time.Since(began).Microseconds())/float64(m.calls))
	m.note("  told to all: CPU µs a payment", used.cpu/float64(m.calls))
	m.note("  told to all: KiB read a payment", used.read/1024/float64(m.calls))
	m.note("  told to all: KiB written a payment", used.written/1024/float64(m.calls))
	return nil
}

// together measures payments of sixteen callers.
func (m *measurement) together() error {
	const callers = 16
	var next atomic.Int64
	var done sync.WaitGroup
	failed := make(chan error, callers)
	calls := int64(4 * m.calls)
	took := make([]time.Duration, calls)
	began := time.Now()
	for range callers {
		done.Go(func() {
			for n := next.Add(1) - 1; n < calls; n = next.Add(1) - 1 {
				sent := time.Now()
				if err := m.house.request(int(n)).send(m.gateway); err != nil {
					failed <- err
					return
				}
				took[n] = time.Since(sent)
			}
		})
	}
	done.Wait()
	m.note("create, 16 callers: µs a payment", float64(time.Since(began).Microseconds())/float64(calls))
	m.note("create, 16 callers: p50 µs", quantile(took, 0.5))
	close(failed)
	return <-failed
}

// quiet measures what only reads, while nobody pays.
func (m *measurement) quiet() error {
	l, now := m.store.ledger, time.Now().UTC()
	some := func() sample { return m.old[rand.IntN(len(m.old))] }
	found := func(p gateway.Payment, err error) error { return err }
	page := func(f gateway.PaymentFilter) error {
		f.MerchantID = merchantName(0)
		_, _, err := m.gateway.Payments(m.ctx, f)
		return err
	}
	var known []string
	for n := range m.house.merchants {
		known = append(known, merchantName(n))
	}
	shop := gateway.Subscriber{MerchantID: merchantName(0), Name: "shop-00"}
	for _, r := range []struct {
		name string
		read func(n int) error
	}{
		{"replay", func(n int) error { return m.made[n%len(m.made)].send(m.gateway) }},
		{"GET of an old payment", func(int) error { o := some(); return found(m.gateway.Payment(m.ctx, o.merchant, o.id)) }},
		{"GET by an old key", func(int) error { o := some(); _, err := m.gateway.ByKey(m.ctx, o.merchant, o.key); return err }},
		{"list by an old order", func(int) error {
			o := some()
			_, _, err := m.gateway.Payments(m.ctx, gateway.PaymentFilter{MerchantID: o.merchant, OrderID: o.order, Limit: 10})
			return err
		}},
		{"list of the newest", func(int) error { return page(gateway.PaymentFilter{Limit: 20}) }},
		{"list by one status", func(int) error {
			return page(gateway.PaymentFilter{Statuses: []gateway.Status{gateway.StatusDeclined}, Limit: 20})
		}},
		{"list by two statuses", func(n int) error {
			return few(n, func() error {
				return page(gateway.PaymentFilter{Statuses: []gateway.Status{gateway.StatusDeclined, gateway.Failed}, Limit: 20})
			})
		}},
		{"list of the last 30 days", func(n int) error {
			return few(n, func() error { return page(gateway.PaymentFilter{CreatedFrom: now.AddDate(0, 0, -30), Limit: 20}) })
		}},
		{"list of what needs no attention", func(int) error { no := false; return page(gateway.PaymentFilter{NeedsAttention: &no, Limit: 20}) }},
		{"watcher: by transaction", func(int) error {
			o := some()
			return found(l.PaymentByTransaction(m.ctx, o.merchant, false, o.transaction))
		}},
		{"watcher: by reference", func(int) error { o := some(); return found(l.PaymentByReference(m.ctx, o.merchant, o.reference)) }},
		{"job: due", func(int) error { _, err := l.Due(m.ctx, time.Now(), 256); return err }},
		{"job: unspread", func(int) error { _, err := l.Unspread(m.ctx, known, 64); return err }},
		{"job: due deliveries of one", func(int) error { _, err := l.DueDeliveries(m.ctx, shop, time.Now(), 8); return err }},
		{"job: forgotten deliveries of one", func(int) error { return l.BringForward(m.ctx, shop) }},
		{"metrics: the ledger's backlog", func(int) error { _, err := l.Backlog(m.ctx, time.Now()); return err }},
		{"metrics: the gateway's backlog", func(n int) error { return few(n, func() error { _, err := m.gateway.Backlog(m.ctx); return err }) }},
		{"metrics: deliveries", func(int) error { _, err := l.DeliveryBacklog(m.ctx); return err }},
		{"metrics: subscribers", func(n int) error { return few(n, func() error { _, err := m.gateway.Standings(m.ctx); return err }) }},
	} {
		took, err := each(m.calls, r.read)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		m.note(r.name+": p50 µs", quantile(took, 0.5))
	}
	return nil
}

// errEnough ends a measurement early.
var errEnough = fmt.Errorf("that was enough")

// few makes a few calls of what may be slow.
func few(n int, call func() error) error {
	if n >= 20 {
		return errEnough
	}
	return call()
}

func each(calls int, do func(n int) error) ([]time.Duration, error) {
	var took []time.Duration
	for n := range calls {
		began := time.Now()
		err := do(n)
		if err == errEnough {
			break
		}
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// quantile is in microseconds.
func quantile(took []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(took))
	return float64(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)].Nanoseconds()) / 1000
}
