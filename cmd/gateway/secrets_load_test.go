package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
)

// The credentials before and after. None is part of another.
const (
	passwordAfter  = "the-password-that-came-after"
	orgSecretAfter = "a-newer-secret-of-the-org-9876543210"
	signingBefore  = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	signingAfter   = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
)

var integrationAfter = magentotest.Credentials{
	ConsumerKey: "nk0123456789abcdef0123456789abcd", ConsumerSecret: "ns0123456789abcdef0123456789abcd",
	AccessToken: "nt0123456789abcdef0123456789abcd", AccessTokenSecret: "nx0123456789abcdef0123456789abcd",
}

// gate counts what a system lets in by its newer credential, and what it refuses.
type gate struct{ newer, refused atomic.Int64 }

func (g *gate) status(status int, byNewer bool) {
	if status >= 400 {
		g.refused.Add(1)
	} else if byNewer {
		g.newer.Add(1)
	}
}

// behind serves a system behind a gate. Enter makes of a body what the system
// understands, and says whether the newer credential came.
func (g *gate) behind(t *testing.T, system http.Handler, enter func(r *http.Request, body string) (understood string, byNewer bool)) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		understood, byNewer := enter(r, string(body))
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(understood)), int64(len(understood))
		seen := &statusSeen{ResponseWriter: w, status: http.StatusOK}
		system.ServeHTTP(seen, r)
		g.status(seen.status, byNewer)
	}))
	t.Cleanup(server.Close)
	return server
}

type statusSeen struct {
	http.ResponseWriter
	status int
}

func (s *statusSeen) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// town is a gateway all of whose credentials are sealed, with everybody around
// it. PayTrace has one password at a time; an org and a shop take two credentials
// while theirs are changed, and a receiver knows one secret.
type secretTown struct {
	*serving
	paytrace                        *processor
	payGate, orgGate, shopGate, erp gate
	password, signing               atomic.Value
	told                            sync.Map // events that the receiver has verified, by id
}

func buildSecretTown(t *testing.T) *secretTown {
	t.Helper()
	town := &secretTown{paytrace: startProcessor(t)}
	town.password.Store("the-password-before")
	town.signing.Store(signingBefore)
	api, err := url.Parse("http://" + town.paytrace.api)
	if err != nil {
		t.Fatal(err)
	}
	pay := town.payGate.behind(t, httputil.NewSingleHostReverseProxy(api), func(r *http.Request, body string) (string, bool) {
		if r.URL.Path != "/oauth/token" {
			return body, false
		}
		password := town.password.Load().(string)
		return strings.Replace(body, "password="+password, "password=simulator-password", 1), password == passwordAfter
	})
	org := salesforcetest.New(salesforcetest.Settings{ClientID: "org", ClientSecret: orgSecret, RunAs: "gateway@shop.test"})
	orgServer := town.orgGate.behind(t, org, func(_ *http.Request, body string) (string, bool) {
		return strings.Replace(body, orgSecretAfter, orgSecret, 1), strings.Contains(body, orgSecretAfter)
	})
	before, after := magentotest.New(magentotest.Options{}), magentotest.New(magentotest.Options{Credentials: integrationAfter})
	byIntegration := func(r *http.Request) (http.Handler, bool) {
		if strings.Contains(r.Header.Get("Authorization"), integrationAfter.AccessToken) {
			return after, true
		}
		return before, false
	}
	shop := town.shopGate.behind(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		integration, _ := byIntegration(r)
		integration.ServeHTTP(w, r)
	}), func(r *http.Request, body string) (string, bool) {
		_, newer := byIntegration(r)
		return body, newer
	})
	erp := town.erp.behind(t, http.HandlerFunc(town.receive), func(_ *http.Request, body string) (string, bool) {
		return body, town.signing.Load() == signingAfter
	})
	town.serving = configure(t, strings.TrimPrefix(pay.URL, "http://"))
	town.sealOwn("integratorID", "maxConnections: 512\n      integratorID", "level: warn", "level: info")
	content, err := os.ReadFile(town.config)
	if err != nil {
		t.Fatal(err)
	}
	town.write(string(content) + fmt.Sprintf(`    callbacks:
      magento:
        baseURL: %s
        consumerKey: {sealed: shop-key}
        consumerSecret: {sealed: shop-secret}
        accessToken: {sealed: shop-token}
        accessTokenSecret: {sealed: shop-token-secret}
        way: core
        allowNetworks: [127.0.0.0/8]
      salesforce:
        loginURL: %s
        clientID: org
        clientSecret: {sealed: org}
        allowNetworks: [127.0.0.0/8]
      webhooks:
        - name: erp
          url: %s
          secret: {sealed: erp}
          events: [payment.approved]
          allowNetworks: [127.0.0.0/8]
`, shop.URL, orgServer.URL, erp.URL))
	return town
}

// receive verifies as a receiver does that has one secret.
func (town *secretTown) receive(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	library, err := standardwebhooks.NewWebhook(town.signing.Load().(string))
	if err != nil || library.Verify(body.Bytes(), r.Header) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	town.told.Store(r.Header.Get("Webhook-Id"), true)
}

func (town *secretTown) toldCount() (n int) {
	town.told.Range(func(any, any) bool { n++; return true })
	return n
}

// integration are four secrets in the order of integrationNames, a line each.
func integrationLines(c magentotest.Credentials) string {
	return strings.Join([]string{c.ConsumerKey, c.ConsumerSecret, c.AccessToken, c.AccessTokenSecret}, "\n")
}

var integrationNames = []string{"shop-key", "shop-secret", "shop-token", "shop-token-secret"}

// paying is how many payments are under way at most: a machine that cannot bear a
// hundred a second is not to refuse any.
const paying = 48

// payers send a payment every ten milliseconds, until each of so many is
// answered. No answer but an approval is a good one.
func (town *secretTown) payers(t *testing.T, count int) (approved *atomic.Int64, ended <-chan error) {
	approved = &atomic.Int64{}
	shop := openShop(t, town.address, shopID, shopSecret)
	methods := make([]string, count)
	for i := range methods {
		methods[i] = town.paytrace.hostedFields()
	}
	answers := make(chan error, count)
	go func() {
		rate := time.NewTicker(10 * time.Millisecond)
		defer rate.Stop()
		places := make(chan struct{}, paying)
		for i := range count {
			<-rate.C
			places <- struct{}{}
			go func() {
				defer func() { <-places }()
				key := fmt.Sprintf("sale-%d", i)
				a, err := shop.try(http.MethodPost, paymentsPath, key, order("sale", key, methods[i]), 0)
				if err == nil && a.tells() != "201 approved" {
					err = fmt.Errorf("%s: %s", key, a.tells())
				}
				if err == nil {
					approved.Add(1)
				}
				answers <- err
			}()
		}
	}()
	return approved, answers
}

func TestEverySecretIsRotatedDuringAHundredPaymentsASecond(t *testing.T) {
	t.Parallel()
	const count = 1000
	town := buildSecretTown(t)
	town.secrets("the-password-before", "set", "paytrace-password")
	town.secrets(orgSecret, "set", "org")
	town.secrets(signingBefore, "set", "erp")
	town.secrets(integrationLines(magentotest.DefaultCredentials), append([]string{"set"}, integrationNames...)...)
	town.start()
	approved, answers := town.payers(t, count)
	flow := func(n int64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d payments are approved", n), func() bool { return approved.Load() >= n })
	}

	flow(100)
	town.password.Store(passwordAfter)
	town.secrets(passwordAfter, "rotate", "paytrace-password")
	town.secrets(orgSecretAfter, "rotate", "org")
	town.secrets(integrationLines(integrationAfter), append([]string{"rotate"}, integrationNames...)...)
	town.secrets(signingAfter, "rotate", "erp", "--old-for", "1h")
	flow(approved.Load() + 100)
	town.signing.Store(signingAfter)
	flow(approved.Load() + 100)
	town.secrets("", "rotate", "erp", "--finish")
	for range count {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}

	if n := town.paytrace.charged("sale"); n != count {
		t.Errorf("%d cards were charged, want %d", n, count)
	}
	eventually(t, "the receiver has every payment", func() bool { return town.toldCount() >= count })
	for name, g := range map[string]*gate{"PayTrace": &town.payGate, "the org": &town.orgGate, "the shop": &town.shopGate, "the receiver": &town.erp} {
		if g.newer.Load() == 0 || g.refused.Load() != 0 {
			t.Errorf("%s let in %d by the newer credential, and refused %d", name, g.newer.Load(), g.refused.Load())
		}
	}
	town.stop()
	town.showsNone("the-password-before", passwordAfter, orgSecret, orgSecretAfter, strings.TrimPrefix(signingBefore, "whsec_"), strings.TrimPrefix(signingAfter, "whsec_"),
		integrationAfter.ConsumerSecret, integrationAfter.AccessTokenSecret, magentotest.DefaultCredentials.AccessTokenSecret)
	if _, err := os.Stat(filepath.Join(town.folder, "data", "ledger.db")); err != nil {
		t.Error(err)
	}
}
