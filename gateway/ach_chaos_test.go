package gateway_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// chaosOfChecks are two gateways on one ledger before a processor that loses its
// answers, and callers who pay, hold, fund, void, refund and give up.
type chaosOfChecks struct {
	*house
	gateways []*gateway.Gateway
	mu       sync.Mutex
	random   *rand.Rand
}

func (c *chaosOfChecks) n(k int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(k)
}

// misbehaves loses a third of what happens, before or after it has happened.
func (c *chaosOfChecks) misbehaves() {
	c.processor.SetBefore(func(_ context.Context, _ string) *gateway.Result {
		time.Sleep(time.Duration(c.n(70_000)) * time.Millisecond / time.Duration(1+c.n(50)))
		switch c.n(9) {
		case 0:
			return &gateway.Result{Outcome: gateway.Unknown}
		case 1:
			return &gateway.Result{Outcome: gateway.NotSent}
		}
		return nil
	})
	c.processor.SetAfter(func(_ context.Context, _ string, r gateway.Result) gateway.Result {
		if c.n(5) == 0 {
			return gateway.Result{Outcome: gateway.Unknown}
		}
		return r
	})
}

// asks is one caller's next request about the payment of a key.
func (c *chaosOfChecks) asks(key string) {
	g := c.gateways[c.n(2)]
	ctx, stop := context.WithTimeout(context.Background(), 9*time.Second)
	defer stop()
	a, err := g.ByKey(ctx, "main", key)
	known := err == nil && !a.KeyClosed
	again := func(verb string) gateway.Caller { return as(fmt.Sprint(key, verb, c.n(3))) }
	switch what := c.n(9); {
	case what == 0:
		_, _ = g.Cancel(ctx, "main", key)
	case what == 1 && known:
		_, _ = g.Void(ctx, again("v"), a.Payment.ID)
	case what == 2 && known:
		_, _ = g.Refund(ctx, again("r"), a.Payment.ID, gateway.RefundPayment{})
	case what == 3 && known:
		_, _ = g.Refund(ctx, again("p"), a.Payment.ID, gateway.RefundPayment{Amount: new(gateway.Money(300))})
	case what == 4 && known:
		_, _ = g.Capture(ctx, again("c"), a.Payment.ID, gateway.CapturePayment{})
	case what == 5 && known && c.n(4) == 0:
		_, _ = g.Return(ctx, "main", ann, a.Payment.ID, gateway.ReturnPayment{Code: "R01"})
	case what == 6 && c.n(4) == 0:
		c.processor.Settle()
	default:
		cmd := bankSale(1000)
		if key[len(key)-1]%2 == 0 {
			cmd = bankHold(1000)
		}
		_, _ = g.CreatePayment(ctx, as(key), cmd)
	}
}

const chaosKeys = 12

func TestBankPaymentsAreNeverSentTwiceNorLostInChaos(t *testing.T) {
	seeds := uint64(4)
	if underRace {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			bubble(t, func(t *testing.T) {
				c := &chaosOfChecks{house: open(t, path, "one", processortest.New(time.Now)), random: rand.New(rand.NewPCG(seed, 35))}
				ctx, cancel := context.WithCancel(t.Context())
				var paces []func(time.Duration)
				for _, name := range []string{"one", "two"} {
					g := gateway.New(gateway.Config{Ledger: c.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": c.processor},
						Secret: secret, Instance: name, Now: time.Now, MaxInFlight: 256, Log: discard})
					c.gateways = append(c.gateways, g)
					paces = append(paces, runsDue(ctx, g, 5*time.Minute))
					go g.RunWatch(ctx, time.Hour)
				}
				c.misbehaves()
				var callers sync.WaitGroup
				for k := range 4 * chaosKeys {
					callers.Go(func() {
						for range 6 {
							time.Sleep(time.Duration(c.n(60_000)) * time.Millisecond)
							c.asks(fmt.Sprintf("k%02d", k%chaosKeys))
						}
					})
				}
				callers.Wait()
				c.answers()
				for _, pace := range paces {
					pace(time.Hour)
				}
				time.Sleep(2 * window)
				c.judged()
				ends(cancel)
				c.ledger.Close()
			})
		})
	}
}

// judged holds what stands here against what the processor did.
func (c *chaosOfChecks) judged() {
	c.t.Helper()
	drawn, refunded := map[string]int{}, gateway.Money(0)
	checks := map[string]processortest.Check{}
	for _, k := range c.processor.Checks() {
		checks[k.ID] = k
		if k.Refund {
			refunded += k.Amount
			continue
		}
		if drawn[k.Reference]++; drawn[k.Reference] > 1 {
			c.t.Errorf("%d checks for one payment", drawn[k.Reference])
		}
	}
	known, unheard := gateway.Money(0), gateway.Money(0)
	for k := range chaosKeys {
		a, err := c.ByKey(context.Background(), "main", fmt.Sprintf("k%02d", k))
		if err != nil || a.KeyClosed {
			continue
		}
		p := a.Payment
		known += p.Refunded()
		for _, o := range p.Operations {
			if o.Undecided() && o.Attention == "" {
				c.t.Errorf("a %s is %s, and nobody is told", o.Kind, o.Status)
			}
			if o.ProcessedAs == gateway.AsVoid && o.Status == gateway.OpApproved {
				known -= o.Amount // no check of its own
			}
			if o.Kind == gateway.KindRefund && o.Status == gateway.OpUnknown {
				unheard += o.Amount
			}
		}
		check, there := checks[p.TransactionID]
		if there && !p.NeedsAttention && check.State == processortest.CheckVoided && p.HoldsMoney() {
			c.t.Errorf("%s is %s here and %s there", p.ID, p.Status, check.State)
		}
		if there && p.Status == gateway.Voided && check.State != processortest.CheckVoided {
			c.t.Errorf("%s is voided here and %s there", p.ID, check.State)
		}
		if !there && p.HoldsMoney() && !p.NeedsAttention {
			c.t.Errorf("%s is %s, and the processor has no check of it", p.ID, p.Status)
		}
		if p.Status == gateway.Accepted && !p.NeedsAttention {
			c.t.Errorf("%s is accepted still, weeks later", p.ID)
		}
	}
	if refunded < known || refunded > known+unheard {
		c.t.Errorf("%s went back, %s is known of and %s may have", refunded, known, unheard)
	}
	if looks, exports := c.processor.Calls("look"), c.processor.Calls("export"); looks > 0 {
		c.t.Errorf("%d looks (%d exports) for bank payments", looks, exports)
	}
}
