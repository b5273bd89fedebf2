package gateway_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// Two instances, lying claims, a processor that loses answers, callers that
// repeat and give up, and a person who decides what is unknown.
func TestChaosChargesOnce(t *testing.T) {
	seeds := uint64(4)
	if underRace {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			bubble(t, func(t *testing.T) {
				h := open(t, path, "one", processortest.New(time.Now))
				d := newDesk()
				var mu sync.Mutex
				r := rand.New(rand.NewPCG(seed, 7))
				n := func(k int) int { mu.Lock(); defer mu.Unlock(); return r.IntN(k) }
				d.lies(func(_ gateway.ClaimKey, honest gateway.Claim) (gateway.Claim, error) {
					switch n(6) {
					case 0:
						return gateway.Claim{}, nil
					case 1:
						return gateway.Claim{Won: true}, nil
					case 2:
						return gateway.Claim{}, context.DeadlineExceeded
					}
					return honest, nil
				})
				h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
					time.Sleep(time.Duration(n(70000)) * time.Millisecond / time.Duration(1+n(50)))
					switch n(8) {
					case 0:
						return &gateway.Result{Outcome: gateway.Unknown}
					case 1:
						if call != "look" {
							return &gateway.Result{Outcome: gateway.NotSent}
						}
					}
					return nil
				})
				h.processor.SetAfter(func(_ context.Context, _ string, res gateway.Result) gateway.Result {
					if n(5) == 0 {
						return gateway.Result{Outcome: gateway.Unknown}
					}
					return res
				})
				ctx, cancel := context.WithCancel(t.Context())
				var gs []*gateway.Gateway
				var paces []func(time.Duration)
				for _, name := range []string{"one", "two"} {
					g := gateway.New(gateway.Config{Ledger: h.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
						Secret: secret, Instance: name, Now: time.Now, MaxInFlight: 256, Log: discard, Claims: d})
					gs = append(gs, g)
					paces = append(paces, runsDue(ctx, g, 2*time.Second))
					go g.RunWatch(ctx, time.Minute)
				}
				var wg sync.WaitGroup
				for k := range 12 {
					for range 4 {
						wg.Go(func() {
							key, cmd := fmt.Sprint("k", k), sale(1000)
							cmd.OrderID = "o" + key
							for range 5 {
								time.Sleep(time.Duration(n(60000)) * time.Millisecond)
								g := gs[n(2)]
								c, stop := context.WithTimeout(context.Background(), 9*time.Second)
								switch n(8) {
								case 0:
									_, _ = g.Cancel(c, "main", key)
								case 1:
									if a, err := g.ByKey(c, "main", key); err == nil && !a.KeyClosed {
										_, _ = g.Refund(c, as(fmt.Sprint(key, "r", n(3))), a.Payment.ID, gateway.RefundPayment{})
									}
								case 2:
									if a, err := g.ByKey(c, "main", key); err == nil && !a.KeyClosed {
										_, _ = g.Void(c, as(fmt.Sprint(key, "v", n(3))), a.Payment.ID)
									}
								case 3:
									if n(3) == 0 {
										h.processor.Settle()
									}
								case 4:
									if a, err := g.ByKey(c, "main", key); err == nil && a.Operation().Status == gateway.OpUnknown {
										for _, rec := range h.processor.Records() {
											if rec.Reference == a.Payment.Reference {
												_, _ = g.Resolve(c, "main", anna, a.Payment.ID, gateway.ResolveOperation{OperationID: a.OperationID, Decision: gateway.Done, TransactionID: rec.TransactionID})
											}
										}
										_, _ = g.Resolve(c, "main", anna, a.Payment.ID, gateway.ResolveOperation{OperationID: a.OperationID, Decision: gateway.NotDone})
									}
								default:
									_, _ = g.CreatePayment(c, as(key), cmd)
								}
								stop()
							}
						})
					}
				}
				wg.Wait()
				h.answers()
				for _, pace := range paces {
					pace(time.Minute) // what is left is due in minutes, and then in hours
				}
				time.Sleep(40 * time.Hour)
				charges, gone := map[string]int{}, map[string]bool{}
				t.Logf("%d charges, %d voids, %d refunds reached PayTrace", h.processor.Calls("charge"), h.processor.Calls("void"), h.processor.Calls("refund"))
				for _, rec := range h.processor.Records() {
					if rec.Kind != gateway.KindRefund {
						charges[rec.Reference]++
						gone[rec.TransactionID] = rec.State == gateway.RecordVoided
					}
				}
				for k := range 12 {
					a, err := h.ByKey(context.Background(), "main", fmt.Sprint("k", k))
					if err != nil || a.KeyClosed {
						continue
					}
					p := a.Payment
					if charges[p.Reference] > 1 {
						t.Errorf("%d charges for one key", charges[p.Reference])
					}
					if p.Refunded() > p.Captured() && p.Captured() > 0 {
						t.Errorf("%s refunded of %s", p.Refunded(), p.Captured())
					}
					if gone[p.TransactionID] != (p.Status == gateway.Voided) && p.TransactionID != "" && p.Status != gateway.Refunded && !p.NeedsAttention {
						t.Errorf("here %s, at PayTrace voided %v", p.Status, gone[p.TransactionID])
						for _, op := range p.Operations {
							t.Logf("  %s %s %s %s cancel=%s late=%v due=%v att=%q", op.Kind, op.Status, op.ProcessedAs, op.Origin, op.Cancel, op.Late, op.Due, op.Attention)
						}
					}
					if o := a.Operation(); o.Cancel == gateway.CancelRequested && !p.NeedsAttention {
						t.Errorf("still to be undone after 40 h: %s", p.Status)
					}
				}
				cancel()
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				h.ledger.Close()
			})
		})
	}
}
