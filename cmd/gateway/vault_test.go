package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
)

// storedCard is a payment method as the gateway shows it.
type storedCard struct {
	PaymentMethodID, Last4Digits, ExpirationMonth, ExpirationYear string
	IsDefault                                                     bool
}

// storedAnswer is what these tests read of an answer of the vault.
type storedAnswer struct {
	CustomerID, PaymentMethodID string
	PaymentMethods              []storedCard
}

// profile is a line of the simulator's GET /customers.
type profile struct {
	CustomerID, LastFour            string
	ExpirationMonth, ExpirationYear int
}

const vaultPath = "/api/v1/customer_vault"

// withVault lets the shop use the vault.
func (s *serving) withVault() *serving {
	s.t.Helper()
	s.rewrite("[payments:write, payments:read]", "[payments:write, payments:read, vault:write, vault:read]")
	return s
}

func serveVault(t *testing.T) (*serving, *processor, *shop) {
	t.Helper()
	paytrace := startProcessor(t)
	gateway := configure(t, paytrace.api).withVault()
	gateway.start()
	return gateway, paytrace, openShop(t, gateway.address, shopID, shopSecret)
}

// vault changes something in the vault and wants it done.
func (s *shop) vault(method, path, key, body string, status int) answer {
	s.t.Helper()
	a := s.must(method, vaultPath+path, key, body, 0)
	if a.httpStatus != status {
		s.t.Fatalf("%s %s: %s (%s), want %d", method, path, a.tells(), a.Detail, status)
	}
	return a
}

// cards are a customer's, in the gateway's own order.
func (s *shop) cards(customer string) []storedCard {
	s.t.Helper()
	return s.vault(http.MethodGet, "/"+customer, "", "", http.StatusOK).PaymentMethods
}

func (c storedCard) String() string {
	star := ""
	if c.IsDefault {
		star = "*"
	}
	return c.Last4Digits + " " + c.ExpirationMonth + "/" + c.ExpirationYear + star
}

// typed is a card that a shopper has typed into PayTrace's fields.
func (s *processor) typed(number, csc, month, year string) string {
	s.t.Helper()
	var fields json.RawMessage
	s.ask(http.MethodPost, "/hosted_fields",
		fmt.Sprintf(`{"cardNumber":%q,"csc":%q,"expirationMonth":%q,"expirationYear":%q}`, number, csc, month, year), &fields)
	return `{"hostedFields":` + string(fields) + `}`
}

// encrypted is a card that PayTrace's older script has encrypted in a browser.
func (s *processor) encrypted(number, csc, month, year string) string {
	s.t.Helper()
	return fmt.Sprintf(`{"encryptedCard":{"cardNumber":%q,"csc":%q,"expirationMonth":%q,"expirationYear":%q}}`, s.sealed(number), s.sealed(csc), month, year)
}

// sealed is a text that was encrypted with PayTrace's key.
func (s *processor) sealed(plain string) string {
	s.t.Helper()
	response, err := http.Get("http://" + s.control + "/encryption_key")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		s.t.Fatal(err)
	}
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, key.(*rsa.PublicKey), []byte(plain))
	if err != nil {
		s.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sealed)
}

// profiles are those that PayTrace has, by id.
func (s *processor) profiles() map[string]profile {
	s.t.Helper()
	var answer struct{ Customers []profile }
	s.ask(http.MethodGet, "/customers", "", &answer)
	all := map[string]profile{}
	for _, p := range answer.Customers {
		all[p.CustomerID] = p
	}
	return all
}

// clerk does something at PayTrace's own screens.
func (s *processor) clerk(order string) {
	s.t.Helper()
	s.ask(http.MethodPost, "/clerk", order, nil)
}

// profileOf is PayTrace's name of a stored card, which no answer tells: it is
// the profile of those digits.
func (s *processor) profileOf(lastFour string) string {
	s.t.Helper()
	for id, p := range s.profiles() {
		if p.LastFour == lastFour {
			return id
		}
	}
	s.t.Fatalf("PayTrace has no profile of a card that ends in %s", lastFour)
	return ""
}

// comparesNow makes every card of a customer due for the comparison, as a day
// would.
func (s *serving) comparesNow(customer string) {
	s.t.Helper()
	s.whileStopped(func(ctx context.Context, l *ledger.Ledger) {
		c, err := l.Customer(ctx, "main", false, customer)
		if err != nil {
			s.t.Fatal(err)
		}
		c.Version++
		for i := range c.Methods {
			c.Methods[i].CheckDue = time.Now().UTC()
		}
		if err := l.ApplyVault(ctx, gateway.VaultChange{Customer: &c}); err != nil {
			s.t.Fatal(err)
		}
	})
}

// agrees holds the gateway's cards against PayTrace's profiles, one to one.
func (s *serving) agrees(paytrace *processor, customer string) {
	s.t.Helper()
	var kept gateway.VaultCustomer
	s.whileStopped(func(ctx context.Context, l *ledger.Ledger) {
		c, err := l.Customer(ctx, "main", false, customer)
		if err != nil {
			s.t.Fatal(err)
		}
		kept = c
	})
	if len(kept.Pending) > 0 {
		s.t.Errorf("something is still under way: %v", kept.Pending)
	}
	var ours, theirs []string
	for _, m := range kept.Methods {
		ours = append(ours, strings.Join([]string{m.ProfileID, m.Card.LastFour, m.Card.ExpirationMonth, m.Card.ExpirationYear}, " "))
	}
	for id, p := range paytrace.profiles() {
		theirs = append(theirs, fmt.Sprintf("%s %s %02d %d", id, p.LastFour, p.ExpirationMonth, p.ExpirationYear))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if !slices.Equal(ours, theirs) {
		s.t.Errorf("the gateway keeps\n%s\nand PayTrace\n%s", strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
	}
}
