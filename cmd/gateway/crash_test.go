package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// sent is a money request that can be sent again, with the same key each time.
type sent func(budget int) (answer, error)

// A gateway is killed between an intent and its answer. The request has reached
// PayTrace, which acts on it; the next gateway must neither forget nor repeat it.
var crashes = []struct {
	name string
	// operation and kind are the simulator's words for what is sent.
	operation, kind string
	fault           string
	prepare         func(*shop, *processor) sent
}{
	{"a sale that PayTrace carries out before the crash", "sale", "sale", "slow_bytes", prepareSale},
	{"a sale that PayTrace carries out after the crash", "sale", "sale", "delay", prepareSale},
	{"an authorization", "authorization", "authorization", "slow_bytes", prepareAuthorization},
	{"a capture", "capture", "capture", "slow_bytes", onPayment("authorize", "capture", `{"amount":"10.00"}`)},
	{"a void", "void", "void", "slow_bytes", onPayment("sale", "void", `{}`)},
	{"a refund after settlement", "refund", "refund", "slow_bytes", prepareRefund},
	{"a full refund before settlement, which is sent as a void", "void", "void", "delay", onPayment("sale", "refund", `{}`)},
}

const crashKey = "crash"

func prepareSale(s *shop, p *processor) sent          { return chargeWith("sale", s, p) }
func prepareAuthorization(s *shop, p *processor) sent { return chargeWith("authorize", s, p) }

func chargeWith(intent string, s *shop, p *processor) sent {
	body := order(intent, crashKey, p.hostedFields())
	return func(budget int) (answer, error) {
		return s.try(http.MethodPost, paymentsPath, crashKey, body, budget)
	}
}

func prepareRefund(s *shop, p *processor) sent {
	refund := onPayment("sale", "refund", `{"amount":"5.00"}`)(s, p)
	p.ask(http.MethodPost, "/settle", "", nil)
	return refund
}

// onPayment makes a payment first, and prepares what is done to it.
func onPayment(intent, verb, body string) func(*shop, *processor) sent {
	return func(s *shop, p *processor) sent {
		first := s.pay(intent, "first", p.hostedFields(), 0)
		if first.httpStatus != http.StatusCreated {
			s.t.Fatalf("the payment to begin with: %s", first.tells())
		}
		return func(budget int) (answer, error) {
			return s.try(http.MethodPost, "/api/v1/transactions/"+first.PaymentID+"/"+verb, crashKey, body, budget)
		}
	}
}

func TestKilledBetweenIntentAndAnswerRemembersAndDoesNotRepeat(t *testing.T) {
	for _, c := range crashes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gateway, paytrace, shop := serve(t)
			send := c.prepare(shop, paytrace)
			paytrace.misbehave(fmt.Sprintf(`{"operation":%q,"kind":%q,"seconds":4}`, c.operation, c.fault))

			lost := make(chan error, 1)
			go func() {
				_, err := send(0)
				lost <- err
			}()
			eventually(t, "the request has reached PayTrace", func() bool { return paytrace.arrived(c.operation) == 1 })
			gateway.kill()
			if err := <-lost; err == nil {
				t.Fatal("the caller had an answer before the gateway died: nothing was tried")
			}
			eventually(t, "PayTrace has acted", func() bool { return paytrace.charged(c.kind) == 1 })
			paytrace.misbehave()

			gateway.start()
			found := shop.byKey(crashKey)
			if found.httpStatus != http.StatusOK || found.Operation.OperationStatus != "unknown" {
				t.Errorf("by key: %s, the operation is %s; want 200, unknown", found.tells(), found.Operation.OperationStatus)
			}
			again, err := send(1000)
			if err != nil || again.httpStatus != http.StatusAccepted || again.Outcome != "unknown" || again.PaymentID != found.PaymentID {
				t.Errorf("repeated: %s, outcome %s of %s, %v; want 202 unknown of %s",
					again.tells(), again.Outcome, again.PaymentID, err, found.PaymentID)
			}
			if arrived, charged := paytrace.arrived(c.operation), paytrace.charged(c.kind); arrived != 1 || charged != 1 {
				t.Errorf("%d requests and %d charges at PayTrace, want one of each", arrived, charged)
			}
		})
	}
}

const (
	crashingClients = 16
	ordersOfClient  = 20
	kills           = 6
	// A kill comes whenever so many more sales have reached PayTrace.
	salesBetweenKills = 30
)

// promises are the last answers of each key that a client could rely on.
type promises struct {
	mu       sync.Mutex
	approved map[string]answer
	unknown  map[string]answer
}

func TestKilledAgainAndAgainChargesEachKeyOnce(t *testing.T) {
	t.Parallel()
	gateway, paytrace, shop := serve(t)
	paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":0.05,"probability":0.5}`)
	methods := map[string]string{}
	for client := range crashingClients {
		for n := range ordersOfClient {
			methods[crashingKey(client, n)] = paytrace.hostedFields()
		}
	}
	told := &promises{approved: map[string]answer{}, unknown: map[string]answer{}}
	var clients sync.WaitGroup
	for client := range crashingClients {
		clients.Go(func() {
			for n := range ordersOfClient {
				key := crashingKey(client, n)
				insist(shop, told, key, order("sale", key, methods[key]))
			}
		})
	}
	for kill := range kills {
		eventually(t, "more sales have reached PayTrace", func() bool {
			return paytrace.arrived("sale") >= (kill+1)*salesBetweenKills
		})
		gateway.kill()
		gateway.start()
	}
	clients.Wait()
	told.check(shop, paytrace, len(methods))
}

func crashingKey(client, n int) string { return fmt.Sprintf("client-%d-order-%d", client, n) }

// insist repeats one order with its key, as a shop does, until the payment is
// approved or was twice said to be unknown.
func insist(s *shop, told *promises, key, body string) {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	over := time.Now().Add(patience)
	for unknowns := 0; unknowns < 2; {
		a, err := s.try(http.MethodPost, paymentsPath, key, body, 1000)
		switch {
		case time.Now().After(over):
			s.t.Errorf("%s: still %s, %v", key, a.tells(), err)
			return
		case err != nil, a.httpStatus == http.StatusServiceUnavailable, a.httpStatus == http.StatusConflict:
			<-pause.C
		case a.tells() == "201 approved":
			told.keep(told.approved, key, a)
			return
		case a.tells() == "202 unknown":
			told.keep(told.unknown, key, a)
			unknowns++
		default:
			s.t.Errorf("%s: %s (%s)", key, a.tells(), a.Detail)
			return
		}
	}
}

func (p *promises) keep(in map[string]answer, key string, a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in[key] = a
}

// check holds what the clients were told against the ledger and against
// PayTrace's own books.
func (p *promises) check(s *shop, paytrace *processor, orders int) {
	s.t.Helper()
	charged := map[string][]charge{}
	for _, c := range paytrace.charges() {
		charged[c.InvoiceID] = append(charged[c.InvoiceID], c)
	}
	for key, charges := range charged {
		if len(charges) > 1 {
			s.t.Errorf("%s was charged %d times", key, len(charges))
		}
	}
	for key, a := range p.approved {
		found := s.byKey(key)
		if found.tells() != "200 approved" || found.PaymentID != a.PaymentID || found.TransactionID != a.TransactionID {
			s.t.Errorf("%s was acknowledged as %s, and by key is %s, %s", key, a.PaymentID, found.PaymentID, found.tells())
		}
		if c := charged[key]; len(c) != 1 || c[0].TransactionID != a.TransactionID {
			s.t.Errorf("%s was acknowledged with transaction %s, and PayTrace has %v", key, a.TransactionID, c)
		}
	}
	for key, a := range p.unknown {
		if found := s.byKey(key); found.httpStatus != http.StatusOK || found.PaymentID != a.PaymentID {
			s.t.Errorf("%s was unknown as %s, and by key is %s, %s", key, a.PaymentID, found.PaymentID, found.tells())
		}
	}
	s.t.Logf("%d orders, %d kills: %d approved, %d were unknown, %d charges",
		orders, kills, len(p.approved), len(p.unknown), len(charged))
}
