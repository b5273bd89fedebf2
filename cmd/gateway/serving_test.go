package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The words of the gateway's configuration in these tests. The password is the
// simulator's own. The time to send is long, since on a busy machine each step of
// a payment may take seconds, and what comes too late is refused.
const (
	shopID     = "shop"
	shopSecret = "the shop's own secret, at least long enough"
)

var shopEnvironment = []string{
	"SHOP_SECRET=" + shopSecret,
	"PAYTRACE_ACCOUNT_PASSWORD=simulator-password",
}

const servingYAML = `listen: %[1]s
operatorListen: %[1]s
dataDir: data
log: {level: warn}
merchants:
  - id: main
    paytrace:
      baseURL: http://%[2]s
      username: simulator@paytrace.test
      password: ${PAYTRACE_ACCOUNT_PASSWORD}
      integratorID: simulator001
      hostedFieldsScript: http://%[2]s/protect.js
      sendWindow: 20s
    clients:
      - id: shop
        secret: ${SHOP_SECRET}
        scopes: [payments:write, payments:read]
`

// serving is `gateway serve` before a simulated PayTrace. It can be ended and
// started again on the same data.
type serving struct {
	*process
	t       *testing.T
	address string
	config  string
	folder  string
	// environment is added to the shop's.
	environment []string
}

// configure writes a configuration without starting anything.
func configure(t *testing.T, paytrace string) *serving {
	t.Helper()
	s := &serving{t: t, address: freeAddress(t), folder: t.TempDir()}
	s.config = filepath.Join(s.folder, "gateway.yaml")
	s.write(fmt.Sprintf(servingYAML, s.address, paytrace))
	return s
}

func (s *serving) write(config string) {
	s.t.Helper()
	if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// ledger is where the configuration puts the ledger.
func (s *serving) ledger() string { return filepath.Join(s.folder, "data", "ledger.db") }

func (s *serving) launch() *process {
	s.t.Helper()
	cmd := command("gateway", "serve", "--config", s.config)
	cmd.Env = append(append(cmd.Env, shopEnvironment...), s.environment...)
	return launch(s.t, cmd)
}

// start runs the gateway, for the first time or again.
func (s *serving) start() {
	s.t.Helper()
	s.process = s.launch()
	s.ready("http://" + s.address + "/readyz")
}

// serve starts a simulator, a gateway before it, and a shop that calls it.
func serve(t *testing.T) (*serving, *processor, *shop) {
	t.Helper()
	paytrace := startProcessor(t)
	gateway := configure(t, paytrace.api)
	gateway.start()
	return gateway, paytrace, openShop(t, gateway.address, shopID, shopSecret)
}
