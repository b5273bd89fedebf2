package leakhunt

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/internal/services"
)

// townYAML has everybody in it to whom a gateway can talk, and the most talkative
// log.
const townYAML = `listen: %[1]s
operatorListen: %[2]s
publicURL: http://hunt.test
dataDir: data
retention: {archiveAfterDays: 400, archiveFolder: archive}
signingKeys: [{file: %[3]s}]
log: {level: debug}
redis: {url: "${HUNT_REDIS}"}
tracing:
  endpoint: %[4]s
  headers: {Authorization: "${HUNT_COLLECTOR}"}
merchants:
  - id: main
    tellUnmatched: true
    paytrace:
      baseURL: %[5]s
      username: simulator@paytrace.test
      password: ${HUNT_PAYTRACE}
      integratorID: simulator001
      callDeadline: 10s
      sendWindow: 1s
      watchEvery: 1m
    clients:
      - id: shop
        secret: ${HUNT_SHOP}
        scopes: [payments:write, payments:read, vault:write, vault:read, reports:read, callbacks:read, callbacks:write, admin]
        channel: shop
      - id: hurried
        secret: ${HUNT_HURRIED}
        scopes: [payments:read]
        quota: {requests: 1, per: 1h}
    callbacks:
      magento:
        baseURL: %[6]s
        consumerKey: ${HUNT_CONSUMER_KEY}
        consumerSecret: ${HUNT_CONSUMER_SECRET}
        accessToken: ${HUNT_ACCESS_TOKEN}
        accessTokenSecret: ${HUNT_ACCESS_TOKEN_SECRET}
        way: core
        allowNetworks: [127.0.0.0/8]
      salesforce:
        loginURL: %[7]s
        clientID: org
        clientSecret: ${HUNT_ORG}
        allowNetworks: [127.0.0.0/8]
      webhooks:
        - name: erp
          url: %[8]s/hooks
          secret: ${HUNT_ERP}
          previousSecret: ${HUNT_ERP_OLD}
          allowNetworks: [127.0.0.0/8]
`

// town is the gateway among all its neighbours, and what they have seen of it.
type town struct {
	t       testing.TB
	cage    *Cage
	records *records

	simulator *process
	control   string
	paytrace  *neighbour
	erp, org  *neighbour
	shop      *neighbour
	collector *neighbour
	orders    *magentotest.Shop
	redis     *services.RedisInstance
	// postgres is nil where the ledger is a file.
	postgres *services.Server

	folder, config, paytraceURL string
	listen, operators           string
	// cards is the listener for card data, where there is one.
	cards       string
	trust       *tls.Config
	cardClient  *http.Client
	environment []string
	gateway     *process
	// lives are the gateways that were there, the present one included.
	lives []*process
	token string
	// person is the session of somebody who was let in.
	person string
	// key is the file of the key that signs tokens.
	key string
}

// settle builds a town, has something happen in it, and starts its gateway.
func settle(t testing.TB, seed uint64, postgres *services.Server, before func(*town)) *town {
	t.Helper()
	w := &town{
		t: t, cage: NewCage(seed), records: &records{places: map[string]*bytes.Buffer{}}, postgres: postgres, folder: t.TempDir(),
		listen: freeAddress(t), operators: freeAddress(t), control: freeAddress(t),
	}
	w.config = filepath.Join(w.folder, "gateway.yaml")
	w.redis = services.RedisServer(t, "--appendonly", "yes")
	w.startSimulator()
	collector, collectorURL := w.records.meet(t, "traces", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w.collector = collector
	erp, erpURL := w.records.meet(t, toERP, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w.erp = erp
	orgURL, shopURL := w.meetOrg(), w.meetShop()
	w.secrets()
	w.key = w.signingKey()
	text := fmt.Sprintf(townYAML, w.listen, w.operators, w.key, collectorURL, w.paytraceURL, shopURL, orgURL, erpURL)
	w.write(w.config, text)
	before(w)
	w.start()
	return w
}

// The places where neighbours see the gateway.
const (
	toPayTrace = "what PayTrace was sent"
	toERP      = "what the webhook was sent"
	toOrg      = "what the Salesforce org was sent"
	toShop     = "what the Magento shop was sent"
	answered   = "answers of the API"
	commanded  = "output of commands"
	measured   = "metrics"
)

func (w *town) write(path, text string) {
	w.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) startSimulator() {
	w.t.Helper()
	api := freeAddress(w.t)
	password := w.secret("PAYTRACE", "the password at PayTrace", random())
	w.simulator = launch(w.t, command("paytrace-sim", []string{
		"--listen", api, "--control", w.control, "--password", password, "--demo-customers", "--no-auto-settle", "--quiet",
	}, nil))
	w.simulator.ready("http://" + w.control + "/healthz")
	target, err := url.Parse("http://" + api)
	if err != nil {
		w.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	// A simulator that hangs up is a PayTrace that hangs up.
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	w.paytrace, w.paytraceURL = w.records.meet(w.t, toPayTrace, whateverBecomesOfTheCaller(proxy))
	w.paytrace.learn = w.learns("PayTrace's token")
}

// whateverBecomesOfTheCaller has a request reach PayTrace once it was counted. The
// proxy would take it back from a gateway that is killed before it was handed on,
// and nobody would ever find the payment there.
func whateverBecomesOfTheCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// learns keeps the access tokens that a neighbour gives out.
func (w *town) learns(label string) func(string, []byte) {
	return func(_ string, answer []byte) {
		if token := accessToken(answer); len(token) >= 12 {
			w.cage.Keep(label, token)
		}
	}
}

func (w *town) meetOrg() string {
	w.t.Helper()
	secret := w.secret("ORG", "the org's client secret", random())
	org := salesforcetest.New(salesforcetest.Settings{ClientID: "org", ClientSecret: secret, RunAs: "gateway@shop.test"})
	n, address := w.records.meet(w.t, toOrg, org)
	n.learn = w.learns("the org's token")
	w.org = n
	return address
}

func (w *town) meetShop() string {
	w.t.Helper()
	c := magentotest.Credentials{}
	for name, field := range map[string]*string{
		"CONSUMER_KEY": &c.ConsumerKey, "CONSUMER_SECRET": &c.ConsumerSecret, "ACCESS_TOKEN": &c.AccessToken, "ACCESS_TOKEN_SECRET": &c.AccessTokenSecret,
	} {
		*field = w.secret(name, "the shop's "+strings.ToLower(strings.ReplaceAll(name, "_", " ")), rand.Text()+rand.Text()[:6])
	}
	w.orders = magentotest.New(magentotest.Options{Credentials: c})
	n, address := w.records.meet(w.t, toShop, w.orders)
	w.shop = n
	return address
}

// secret makes one known to the gateway and to the cage.
func (w *town) secret(variable, label, value string) string {
	w.environment = append(w.environment, "HUNT_"+variable+"="+value)
	return w.cage.Keep(label, value)
}

func (w *town) secrets() {
	w.environment = append(w.environment, "HUNT_REDIS="+w.redis.URL)
	w.secret("SHOP", "the client secret", random())
	w.secret("HURRIED", "the hurried client's secret", random())
	w.secret("COLLECTOR", "the collector's key", random())
	for _, name := range []string{"ERP", "ERP_OLD"} {
		key := rand.Text() + rand.Text()[:6]
		w.secret(name, "the webhook secret "+name, "whsec_"+base64.StdEncoding.EncodeToString([]byte(key)))
		w.cage.Keep("the bytes of the webhook secret "+name, key)
	}
	fingerprint := random() + random()
	w.environment = append(w.environment, "GATEWAY_SECRET="+w.cage.Keep("the key of fingerprints", fingerprint))
	if w.postgres != nil {
		w.environment = append(w.environment, "GATEWAY_LEDGER_POSTGRES="+w.postgres.URL)
		if u, err := url.Parse(w.postgres.URL); err == nil {
			password, _ := u.User.Password()
			w.cage.Keep("the password of PostgreSQL", password)
		}
	}
}

// random is a secret that nobody has used, short enough not to be taken for a
// token or a ciphertext, which are kept out of foreign texts by their length.
func random() string { return rand.Text() }

// signingKey makes the key of tokens, outside of the folders that are searched.
func (w *town) signingKey() string {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cage.Keep("a factor of the signing key", string(key.Primes[0].Bytes()))
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for i, line := range strings.Split(text, "\n") {
		if i > 6 && len(line) == 64 {
			w.cage.Keep(fmt.Sprintf("line %d of the signing key", i), line)
		}
	}
	path := filepath.Join(w.t.TempDir(), "key.pem")
	w.write(path, text)
	return path
}

// start runs the gateway, for the first time or again, and logs in.
func (w *town) start() {
	w.t.Helper()
	w.gateway = launch(w.t, command("gateway", []string{"serve", "--config", w.config}, w.environment))
	w.lives = append(w.lives, w.gateway)
	w.gateway.ready("http://" + w.operators + "/readyz")
	w.logIn()
}

// operate runs a command of the operator's.
func (w *town) operate(args ...string) string {
	w.t.Helper()
	said := finish(w.t, "gateway", args, w.environment)
	w.records.note(commanded, said)
	return said
}
