package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// withCards adds a listener for card data, with a certificate, and the
// merchant's wish to use it.
func (s *serving) withCards() (address string, roots *x509.CertPool) {
	s.t.Helper()
	address = freeAddress(s.t)
	certificate, key := selfSigned(s.t)
	s.rewrite("dataDir: data", fmt.Sprintf("dataDir: data\ncardListener: {listen: '%s', certFile: %s, keyFile: %s}", address, certificate, key))
	s.rewrite("- id: main", "- id: main\n    rawCards: true")
	trusted, err := os.ReadFile(certificate)
	if err != nil {
		s.t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(trusted)
	return address, roots
}

func enteredCard(number, csc string) string {
	return fmt.Sprintf(`{"card":{"cardNumber":%q,"csc":%q,"expirationMonth":"12","expirationYear":"2030"}}`, number, csc)
}

// A card in the clear goes through the gateway to PayTrace, and stays nowhere.
func TestACardInTheClearIsChargedAndStaysNowhere(t *testing.T) {
	t.Parallel()
	const number, csc = "5499740000000057", "998"
	paytrace := startProcessor(t)
	gateway := configure(t, paytrace.api)
	address, roots := gateway.withCards()
	gateway.start()
	public := openShop(t, gateway.address, shopID, shopSecret)
	cards := *public
	cards.base = "https://" + address
	cards.client = &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}

	a := cards.pay("sale", "card-1", enteredCard(number, csc), 0)
	want(t, "a card", a, "201 approved")
	if a.CardType != "mastercard" || a.Last4Digits != "0057" {
		t.Errorf("the payment shows %q %q", a.CardType, a.Last4Digits)
	}
	if again := cards.pay("sale", "card-1", enteredCard(number, csc), 0); again.PaymentID != a.PaymentID || !again.IdempotentReplay {
		t.Errorf("a repeat: %+v", again)
	}
	if kept := public.byKey("card-1"); kept.CardType != "mastercard" || kept.Last4Digits != "0057" {
		t.Errorf("what is kept shows %q %q", kept.CardType, kept.Last4Digits)
	}
	want(t, "the ordinary listener", public.pay("sale", "card-2", enteredCard(number, csc), 0), "422 raw_card_not_allowed")
	bad := cards.pay("sale", "card-3", enteredCard("5499740000000058", csc), 0)
	want(t, "a mistyped card", bad, "400 invalid_request")
	if strings.Contains(bad.Detail, "549974") {
		t.Errorf("the number is quoted: %s", bad.Detail)
	}
	if n := paytrace.charged("sale"); n != 1 {
		t.Errorf("%d charges", n)
	}

	log := gateway.stderr.String()
	for _, words := range []string{`"msg":"cards.received"`, `"level":"WARN"`, "PCI DSS", "docs/pci.md", address} {
		if !strings.Contains(log, words) {
			t.Errorf("the start does not warn with %q:\n%s", words, tail(log))
		}
	}
	gateway.stop()
	for _, file := range []string{gateway.ledger(), gateway.ledger() + "-wal"} {
		if kept, err := os.ReadFile(file); err == nil && (strings.Contains(string(kept), number) || strings.Contains(string(kept), `"`+csc+`"`)) {
			t.Errorf("%s holds card data", file)
		}
	}
	if strings.Contains(gateway.stderr.String(), number) {
		t.Error("the log holds the card number")
	}
}

func TestWithoutAListenerForCardsNothingIsSaidOfThem(t *testing.T) {
	t.Parallel()
	gateway, _, _ := serve(t)
	if strings.Contains(gateway.stderr.String(), "cards.received") {
		t.Error("a gateway that takes no cards warns of them")
	}
}

func TestTheDoctorSaysThatCardsAreReceived(t *testing.T) {
	t.Parallel()
	p := admit(t)
	address, _ := p.withCards()
	f := p.examined()
	for _, words := range []string{"warn  card certificate", "warn  card numbers", "taken in the clear on " + address, "cards of merchants: main; bank accounts of merchants: none", "PCI DSS", "remove cardListener, rawCards and rawBankAccounts"} {
		if !strings.Contains(f.stdout, words) {
			t.Errorf("the doctor does not say %q:\n%s", words, f.stdout)
		}
	}
}

func TestTheScopeIsThatOfWhatIsTaken(t *testing.T) {
	for _, c := range []struct{ cards, accounts bool }{{true, false}, {false, true}, {true, true}} {
		said := scopeOf(&config.Config{Merchants: []config.Merchant{{ID: "main", RawCards: c.cards, RawBankAccounts: c.accounts}, {ID: "other"}}})
		if strings.Contains(said, "PCI DSS") != c.cards || strings.Contains(said, "Nacha") != c.accounts {
			t.Errorf("%+v: %s", c, said)
		}
	}
}

func TestTheDoctorSaysWhenTheCardListenersCertificateEnds(t *testing.T) {
	file, key := selfSigned(t)
	own, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		t.Fatal(err)
	}
	for before, want := range map[time.Duration]gateway.Grade{
		renewedBy: gateway.Well, renewedBy - time.Second: gateway.Doubtful, time.Second: gateway.Doubtful, 0: gateway.Broken,
	} {
		if f := examineCertificate("card certificate", "cardListener", file, key, own.Leaf.NotAfter.Add(-before)); f.Grade != want || (want != gateway.Well) != (f.Mend != "") {
			t.Errorf("%s before its end: %+v", before, f)
		}
	}
	if f := examineCertificate("card certificate", "cardListener", file, file, time.Now()); f.Grade != gateway.Broken {
		t.Errorf("a key that is none: %+v", f)
	}
}
