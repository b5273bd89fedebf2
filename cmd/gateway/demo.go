package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// The demo's own account and caller. They open a simulator on this machine and
// nothing else.
const (
	demoMerchant   = "demo"
	demoClient     = "demo"
	demoSecret     = "demo-secret-change-me"
	demoUsername   = "demo"
	demoPassword   = "demo-paytrace-password"
	demoIntegrator = "demo"
	demoOrgSecret  = "demo-org-secret-change-me"
	demoHookSecret = "whsec_ZGVtby13ZWJob29rLXNlY3JldC1jaGFuZ2UtbWUtMDA="
	// demoConfig is the name of its configuration file, beside its data.
	demoConfig = "gateway.yaml"
)

// demoCustomers are the vault customers that the simulator starts with.
var demoCustomers = []string{"demo-visa", "demo-mastercard", "demo-amex", "demo-discover"}

// demoOptions are the addresses and paths of a demo.
type demoOptions struct {
	listen, simulator, control string
	shop                       string
	webhook                    string
	data, simulatorBinary      string
	logLevel                   string
	keep                       bool
}

func demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the gateway with a simulated PayTrace on this machine, and print a request to try",
		Long: "Runs the gateway with a simulated PayTrace on this machine. Both start empty each time; --keep keeps both.\n" +
			"Every flag has an environment variable: --simulator-control is GATEWAY_DEMO_SIMULATOR_CONTROL.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, o) },
	}
	flag := func(into *string, name, value, usage string) {
		cmd.Flags().StringVar(into, name, demoEnv(name, value), usage)
	}
	flag(&o.listen, "listen", "127.0.0.1:8080", "the gateway's address")
	flag(&o.simulator, "simulator", "127.0.0.1:8081", "the address of the simulated PayTrace")
	flag(&o.control, "simulator-control", "127.0.0.1:8082", "the address of the simulator's control port")
	flag(&o.shop, "shop", "127.0.0.1:8083", "the address of the demo's small shop, which shows what everybody is told")
	flag(&o.webhook, "webhook", "", "an address of yours on this machine that is told too, as webhooks are; the secret is in hook.secret, in the demo's data")
	flag(&o.data, "data", filepath.Join("var", "demo"), "the folder that holds the demo's data")
	flag(&o.simulatorBinary, "simulator-binary", "", "the paytrace-sim program (default: beside this one)")
	flag(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	cmd.Flags().BoolVar(&o.keep, "keep", demoEnv("keep", "") == "true", "keep the data of the last demo")
	return cmd
}

func demoEnv(flag, otherwise string) string {
	name := "GATEWAY_DEMO_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}

func runDemo(cmd *cobra.Command, o demoOptions) error {
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	cfg, err := o.config()
	if err != nil {
		return err
	}
	log, endLog := newLog(cfg.Log, cmd.ErrOrStderr())
	defer endLog()
	listenToLibraries(log)
	if err := o.free(); err != nil {
		return err
	}
	if err := o.prepare(ctx); err != nil {
		return err
	}
	if err := o.keepConfig(); err != nil {
		return err
	}
	sim, err := startSimulator(ctx, o)
	if err != nil {
		return err
	}
	defer sim.stop()
	go func() { cancel(sim.wait()) }()

	app, err := open(ctx, cfg, log)
	if err != nil {
		return err
	}
	if err := app.stockVault(ctx); err != nil {
		app.close()
		return errors.Join(err, context.Cause(ctx))
	}
	if err := app.openShop(o); err != nil {
		app.close()
		return err
	}
	fmt.Fprint(cmd.OutOrStdout(), o.banner())
	err = app.run(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return errors.Join(cause, err)
	}
	return err
}

// free finds the addresses free before anything of a demo that may be running
// is touched.
func (o demoOptions) free() error {
	for flag, address := range map[string]string{
		"--listen": o.listen, "--simulator": o.simulator, "--simulator-control": o.control, "--shop": o.shop,
	} {
		l, err := listenOn(flag, address)
		if err != nil {
			return err
		}
		l.Close()
	}
	return nil
}

// prepare begins with an empty folder, unless the last demo's data is kept.
func (o demoOptions) prepare(ctx context.Context) error {
	if o.keep {
		return os.MkdirAll(o.data, 0o700)
	}
	if err := o.unused(ctx); err != nil {
		return fmt.Errorf("cannot begin afresh: %w; name another folder with --data, or remove %s if no demo uses it", err, o.data)
	}
	for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm", "secret.key", "simulator.json"} {
		if err := os.Remove(filepath.Join(o.data, name)); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("cannot begin afresh: %w; is another demo running?", err)
		}
	}
	return os.MkdirAll(o.data, 0o700)
}

// unused makes sure that the ledger which is about to be removed is in nobody's
// use: a demo on other addresses may stand on it.
func (o demoOptions) unused(ctx context.Context) error {
	path := filepath.Join(o.data, "ledger.db")
	if _, err := os.Stat(path); err != nil {
		return nil // There is none; what else is wrong with the folder shows later.
	}
	old, err := ledger.OpenSQLite(ctx, path, ledger.Options{})
	if err != nil {
		return err
	}
	return old.Close()
}

//go:embed demo.yaml
var demoYAML string

// yaml is the demo's own configuration file, for a reader who finds its data in
// that folder.
func (o demoOptions) yaml(data string) string {
	file := demoYAML
	if o.webhook != "" {
		file += demoWebhook
	}
	return strings.NewReplacer(
		"LISTEN", strconv.Quote(o.listen), "SIMULATOR", strconv.Quote("http://"+o.simulator), "SCRIPT", strconv.Quote("http://"+o.control+"/protect.js"), "SHOP", "http://"+o.shop, "ADDRESS", strconv.Quote(o.shop),
		"DATA", strconv.Quote(data), "LEVEL", strconv.Quote(o.logLevel),
		"ENDPOINT", strconv.Quote(o.webhook),
	).Replace(file)
}

// demoWebhook is one webhook more, at the end of the file.
const demoWebhook = `        - name: yours
          url: ENDPOINT
          secret: ${HOOK}
          allowNetworks: [127.0.0.0/8]
`

// demoSecrets are the demo's, by their names in its configuration file. They
// open doubles on this machine and nothing else.
var demoSecrets = map[string]string{
	"CLIENT": demoSecret, "PAYTRACE": demoPassword, "HOOK": demoHookSecret, "ORG": demoOrgSecret,
	"CONSUMER_KEY": magentotest.DefaultCredentials.ConsumerKey, "CONSUMER_SECRET": magentotest.DefaultCredentials.ConsumerSecret,
	"ACCESS_TOKEN": magentotest.DefaultCredentials.AccessToken, "ACCESS_TOKEN_SECRET": magentotest.DefaultCredentials.AccessTokenSecret,
}

// keepConfig leaves a configuration file beside the demo's data, for the
// commands that need one, and each secret in a file of its own.
func (o demoOptions) keepConfig() error {
	file := o.yaml(".")
	for name, secret := range demoSecrets {
		beside := strings.ToLower(name) + ".secret"
		file = strings.ReplaceAll(file, "${"+name+"}", "{file: "+beside+"}")
		if err := os.WriteFile(filepath.Join(o.data, beside), []byte(secret+"\n"), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(o.data, demoConfig), []byte(file), 0o600)
}

// config reads the demo's own configuration file the way every other is read.
func (o demoOptions) config() (*config.Config, error) {
	env := func(name string) (string, bool) { value, ok := demoSecrets[name]; return value, ok }
	return config.Parse("the demo's flags", []byte(o.yaml(o.data)), env, nil)
}

// stockVault puts the simulated PayTrace's profiles under customers of the same
// name, unless an earlier run has.
func (a *app) stockVault(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, id := range demoCustomers {
		shown, err := a.clients[demoMerchant].Profile(ctx, id)
		if err != nil {
			return fmt.Errorf("the simulated PayTrace does not show customer %s: %w", id, err)
		}
		now := time.Now().UTC()
		method := gateway.VaultMethod{ID: "pm_" + id, ProfileID: id, Card: shown.Card, Default: true, CreatedAt: now, UpdatedAt: now, CheckDue: now}
		customer := gateway.VaultCustomer{
			MerchantID: demoMerchant, ID: id, Methods: []gateway.VaultMethod{method}, Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		err = a.ledger.ApplyVault(ctx, gateway.VaultChange{Customer: &customer})
		if err != nil && !errors.Is(err, gateway.ErrStale) {
			return err
		}
	}
	return nil
}

// banner is what a newcomer sees first: addresses, the caller, and a request
// that works when it is pasted.
func (o demoOptions) banner() string {
	return fmt.Sprintf(`
The gateway is running with a simulated PayTrace. No real card is charged.

  gateway             http://%[1]s        contract: http://%[1]s/docs
  simulated PayTrace  http://%[2]s        its control port: http://%[3]s
  a small shop        http://%[9]s        buy something, and see who is told what
  demo client         %[4]s / %[5]s
  vault customers     demo-visa, demo-mastercard, demo-amex, demo-discover
  data                %[6]s
  for the operator    %[8]s attention list --config %[7]s
                      http://%[1]s/metrics

Paste this into another terminal to take a payment:

  TOKEN=$(curl -s -u %[4]s:%[5]s -d grant_type=client_credentials http://%[1]s/oauth/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s http://%[1]s/api/v1/payments \
    -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
    -H "Idempotency-Key: demo-$(date +%%s)-$$-$RANDOM" \
    -d '{"amount":"19.99","orderId":"100000001","paymentMethod":{"vault":{"customerId":"demo-visa"}}}'

The README's walk-through goes on from here. Ctrl-C stops all of it.
`, o.listen, o.simulator, o.control, demoClient, demoSecret, o.data, filepath.Join(o.data, demoConfig), os.Args[0], o.shop)
}
