package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/internal/services"
)

// pair are two gateways on one PostgreSQL ledger, before one PayTrace.
type pair struct {
	gateways [2]*serving
	shops    [2]*shop
	paytrace *processor
}

func servePair(t *testing.T) pair {
	t.Helper()
	p := pair{paytrace: startProcessor(t)}
	key := signingKeyFile(t)
	shared := []string{
		"GATEWAY_LEDGER_POSTGRES=" + services.Postgres(t),
		"GATEWAY_SECRET=" + strings.Repeat("0123456789abcdef", 4),
	}
	for i := range p.gateways {
		g := configure(t, p.paytrace.api)
		g.environment = shared
		g.write("signingKeys: [{file: " + key + "}]\npublicURL: http://pair.test\n" + fmt.Sprintf(servingYAML, g.address, p.paytrace.api))
		g.start()
		p.gateways[i], p.shops[i] = g, openShop(t, g.address, shopID, shopSecret)
	}
	return p
}

func signingKeyFile(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTwoGatewaysOnOneLedgerChargeOnce(t *testing.T) {
	t.Parallel()
	p := servePair(t)
	p.paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":0.2}`)
	method := p.paytrace.hostedFields()
	answers := make([]answer, 20)
	together(len(answers), func(i int) {
		answers[i] = p.shops[i%2].must(http.MethodPost, paymentsPath, "both", order("sale", "both", method), 0)
	})
	for _, a := range answers {
		want(t, "one of twenty", a, "201 approved")
		if a.PaymentID != answers[0].PaymentID {
			t.Errorf("two payments: %s and %s", a.PaymentID, answers[0].PaymentID)
		}
	}
	if n := p.paytrace.charged("sale"); n != 1 {
		t.Errorf("%d charges, want 1", n)
	}
}

func TestAKilledGatewaysPaymentsAreSeenByTheOther(t *testing.T) {
	t.Parallel()
	p := servePair(t)
	method := p.paytrace.hostedFields()
	done := p.shops[0].pay("sale", "done", method, 0)
	want(t, "a sale", done, "201 approved")
	p.paytrace.misbehave(`{"operation":"sale","kind":"reset_after","count":1}`)
	lost := p.paytrace.hostedFields()
	want(t, "a sale whose answer was lost", p.shops[0].pay("sale", "lost", lost, 0), "202 unknown")
	p.gateways[0].kill()

	want(t, "the first sale at the other gateway", p.shops[1].byKey("done"), "200 approved")
	want(t, "its repeat", p.shops[1].pay("sale", "done", method, 0), "201 approved")
	// The other gateway looks for what the dead one has lost.
	eventually(t, "the lost sale is found", func() bool { return p.shops[1].byKey("lost").Status == "approved" })
	want(t, "the lost sale's repeat", p.shops[1].pay("sale", "lost", lost, 0), "201 approved")
	if n := p.paytrace.charged("sale"); n != 2 {
		t.Errorf("%d charges for two keys", n)
	}
}
