package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// methods are the two ways to pay that cost the ledger differently: brand and
// last four of a hosted-field sale are learned after the answer, which is a
// third change.
var methods = []struct {
	name   string
	method gateway.PaymentMethod
}{
	{"vault", gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: customer}}},
	{"hosted_fields", gateway.PaymentMethod{HostedFields: &gateway.HostedFields{Token: "token", EncryptionKey: "key"}}},
}

// BenchmarkCreatePayment measures the verb alone: a payment with its durable
// intent, a processor that answers at once, and its durable answer.
func BenchmarkCreatePayment(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		for _, m := range methods {
			b.Run(fmt.Sprintf("callers=%d/%s", callers, m.name), func(b *testing.B) {
				g := newGateway(b, processortest.New(time.Now))
				drive(b, callers, "payments/s", func() call {
					return func(n int) error { return pay(g, n, m.method) }
				}).report(b)
			})
		}
	}
}

// BenchmarkReplay measures a repeat of a decided request: it reads and does
// not write.
func BenchmarkReplay(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			processor := processortest.New(time.Now)
			g := newGateway(b, processor)
			const keys = 100
			for n := range keys {
				if err := pay(g, n, methods[0].method); err != nil {
					b.Fatal(err)
				}
			}
			drive(b, callers, "replays/s", func() call {
				return func(n int) error { return pay(g, n%keys, methods[0].method) }
			}).report(b)
			if sent := processor.Calls("charge"); sent != keys {
				b.Errorf("%d charges were sent for %d keys", sent, keys)
			}
		})
	}
}

func pay(g *gateway.Gateway, n int, method gateway.PaymentMethod) error {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	caller := gateway.Caller{MerchantID: merchant, Key: keyOf(n), Channel: "magento"}
	answer, err := g.CreatePayment(ctx, caller, gateway.CreatePayment{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: orderOf(n), Method: method,
	})
	if err == nil && answer.Payment.Status != gateway.StatusApproved {
		err = fmt.Errorf("payment %d is %s", n, answer.Payment.Status)
	}
	return err
}

// BenchmarkDisk measures the promise under all of it: a page appended to a
// file and kept, on the disk that the ledgers of this run lie on. Where it
// takes no time the disk is none, and the other figures mean little.
func BenchmarkDisk(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "page"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	page := make([]byte, 4096)
	drive(b, 1, "fsyncs/s", func() call {
		return func(int) error {
			if _, err := file.Write(page); err != nil {
				return err
			}
			return file.Sync()
		}
	}).report(b)
}
