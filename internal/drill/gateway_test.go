package drill

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The deadline and the window are the shortest there are, so that what a dead
// gateway has left is found within a minute. Who wants one request to be sent at
// once, on a machine that may be busy for a second, takes a longer window.
const (
	callDeadline = 10 * time.Second
	sendWindow   = time.Second
	longWindow   = 9 * time.Second
)

// gatewayYAML is for gateways that share everything but their addresses.
const gatewayYAML = `listen: %[1]s
operatorListen: %[1]s
publicURL: http://drill.test
dataDir: data
signingKeys: [{file: %[3]s}]
log: {level: warn}
%[4]smerchants:
  - id: main
    paytrace:
      baseURL: http://%[2]s
      username: ` + payTraceUser + `
      password: ${PAYTRACE_ACCOUNT_PASSWORD}
      integratorID: simulator001
      callDeadline: 10s
      sendWindow: %[7]s
      watchEvery: 1m
%[5]s    clients:
      - id: shop
        secret: ${SHOP_SECRET}
        scopes: [payments:write, payments:read]
%[6]s`

const shopSecret = "the shop's own secret, at least long enough"

// gateway is `gateway serve`. It can be killed and started again.
type gateway struct {
	t                     testing.TB
	name, address, config string
	environment           []string
	// troubles counts how often it was killed or paused; away says that it is.
	troubles atomic.Int32
	away     atomic.Bool

	*process
}

// setup is what gateways of one town share.
type setup struct {
	ledger   string // the URL of a PostgreSQL database
	redisURL string
	// redis is the section of the configuration, where it is not one URL.
	redis string
	// payTrace and client are further members of these sections.
	payTrace, client string
	key              string
	sendWindow       time.Duration
}

func (s setup) gateway(t testing.TB, name, payTrace string) *gateway {
	t.Helper()
	folder := t.TempDir()
	g := &gateway{t: t, name: name, address: freeAddress(t), config: filepath.Join(folder, "gateway.yaml")}
	g.environment = []string{
		"GATEWAY_LEDGER_POSTGRES=" + s.ledger, "GATEWAY_SECRET=" + strings.Repeat("0123456789abcdef", 4),
		"SHOP_SECRET=" + shopSecret, "PAYTRACE_ACCOUNT_PASSWORD=simulator-password",
		"TOWN_REDIS_URL=" + s.redisURL,
	}
	if s.redis == "" {
		s.redis = "redis: {url: \"${TOWN_REDIS_URL}\"}\n"
	}
	text := fmt.Sprintf(gatewayYAML, g.address, payTrace, s.key, s.redis, s.payTrace, s.client, cmp.Or(s.sendWindow, sendWindow))
	if err := os.WriteFile(g.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gateway) start() {
	g.t.Helper()
	cmd := command("gateway", "serve", "--config", g.config)
	cmd.Env = append(cmd.Env, g.environment...)
	g.process = launch(g.t, cmd)
	g.ready("http://" + g.address + "/readyz")
	g.away.Store(false)
}

func (g *gateway) trouble() {
	g.away.Store(true)
	g.troubles.Add(1)
}

func (g *gateway) kill() {
	g.trouble()
	g.process.kill()
}

func (g *gateway) pause() {
	g.trouble()
	g.process.pause()
}

func (g *gateway) resume() {
	g.process.resume()
	g.away.Store(false)
}

// watch says, once a request is over, whether the gateway was in trouble
// meanwhile, and so could not answer it.
func (g *gateway) watch() (troubled func() bool) {
	before, away := g.troubles.Load(), g.away.Load()
	return func() bool { return away || g.troubles.Load() != before }
}

// degraded is what the gateway says that it goes on without.
func (g *gateway) degraded() []string {
	status, body, err := fetch("http://" + g.address + "/readyz")
	var said struct{ Degraded []string }
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &said) != nil {
		return []string{fmt.Sprintf("HTTP %d", status)}
	}
	return said.Degraded
}

// metric is the sum of the samples whose line begins so.
func (g *gateway) metric(begins string) (sum float64, found bool) {
	_, body, err := fetch("http://" + g.address + "/metrics")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, begins) {
			continue
		}
		words := strings.Fields(line)
		if n, err := strconv.ParseFloat(words[len(words)-1], 64); err == nil {
			sum, found = sum+n, true
		}
	}
	return sum, found
}

// misses says whether the gateway tells everybody that Redis is away.
func (g *gateway) missesRedis() bool {
	up, told := g.metric("paytrace_gateway_redis_up")
	return told && up == 0 && slices.Equal(g.degraded(), []string{"redis"})
}

func (g *gateway) hasRedis() bool {
	up, _ := g.metric("paytrace_gateway_redis_up")
	return up == 1 && len(g.degraded()) == 0
}

// signingKey is a file that all gateways of these tests sign tokens with.
func signingKey(t testing.TB) string {
	t.Helper()
	der, err := madeKey()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var madeKey = sync.OnceValues(func() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
})
