package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	clientID     = "bench"
	clientSecret = "the secret of the bench, long enough"
	// gatewayCustomer is the gateway's name of the customer whom everybody charges.
	gatewayCustomer = "bench-visa"
)

// gatewayConfig is for a merchant whose PayTrace may take seconds. What looks
// at PayTrace by the clock is put off, so that no stretch has it and another not.
const gatewayConfig = `listen: %[1]s
operatorListen: %[2]s
dataDir: %[3]s
secret: ${FINGERPRINT_SECRET}
signingKeys: [{file: %[5]s}]
log: {level: info, format: json}
maxInFlight: 10000
redis: {url: "${BENCH_REDIS_URL}"}
merchants:
  - id: main
    paytrace:
      baseURL: http://%[4]s
      username: ` + payTraceUser + `
      password: ${PAYTRACE_ACCOUNT_PASSWORD}
      integratorID: ` + payTraceIntegrator + `
      maxConnections: 8192
      watchEvery: 24h
      checkVaultEvery: 720h
    clients:
      - id: ` + clientID + `
        secret: ${BENCH_SECRET}
        scopes: [payments:write, payments:read, vault:write, vault:read]
`

// subscriberConfig is the end of gatewayConfig, where somebody is told.
const subscriberConfig = `    callbacks:
      webhooks:
        - name: bench
          url: %[1]s
          secret: ${HOOK_SECRET}
          allowNetworks: [127.0.0.0/8]
          atOnce: 8
`

// gateway is the program `gateway serve`, doing everything.
type gateway struct {
	*process
	address, operator string
	// hook is nil where nobody is told.
	hook *subscriber
}

// surroundings are what a gateway is put between.
type surroundings struct {
	name, programs, folder string
	// program is the gateway's.
	program         string
	payTrace, redis string
	// ledger is the variable that names it.
	ledger string
	told   bool
	// profiled takes the gateway that can be profiled.
	profiled bool
}

func startGateway(ctx context.Context, s surroundings) (g *gateway, err error) {
	g = &gateway{}
	if s.told {
		if g.hook, err = startSubscriber(); err != nil {
			return nil, err
		}
	}
	cmd, err := g.command(s)
	if err != nil {
		return nil, err
	}
	if g.process, err = start(s.name, s.folder, cmd); err != nil {
		return nil, err
	}
	if err := g.ready(ctx, g.answers); err != nil {
		return nil, err
	}
	if err := g.stock(ctx); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

func (g *gateway) command(s surroundings) (*exec.Cmd, error) {
	var err error
	if g.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if g.operator, err = freeAddress(); err != nil {
		return nil, err
	}
	data := filepath.Join(s.folder, s.name)
	config := data + ".yaml"
	key := data + ".pem"
	if err := makeKey(key); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(gatewayConfig, g.address, g.operator, data, s.payTrace, key)
	if g.hook != nil {
		text += fmt.Sprintf(subscriberConfig, g.hook.url)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	cmd := exec.Command(s.program, "serve", "--config", config)
	cmd.Env = environment("PAYTRACE_ACCOUNT_PASSWORD="+payTracePassword, "BENCH_SECRET="+clientSecret, "FINGERPRINT_SECRET="+rand.Text()+rand.Text(), "BENCH_REDIS_URL=redis://"+s.redis+"/0",
		"HOOK_SECRET=whsec_"+base64.StdEncoding.EncodeToString(secret), s.ledger)
	if s.profiled {
		cmd.Path = filepath.Join(s.programs, profiledPrograms, "gateway")
		cmd.Env = append(cmd.Env, profileEnv+"="+profileOf(s.folder, s.name))
	}
	cmd.SysProcAttr = endingWithUs(syscall.SIGKILL)
	return cmd, nil
}

// makeKey makes a key that signs tokens, as openssl would.
func makeKey(file string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// stop ends the gateway before those whom it tells.
func (g *gateway) stop() error {
	err := g.process.stop()
	if g.hook != nil {
		_ = g.hook.stop()
	}
	return err
}

func (g *gateway) answers(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.operator+"/readyz", nil)
	if err != nil {
		return err
	}
	return exchange(request, nil)
}

// stock lets the gateway's vault know the customer that PayTrace has.
func (g *gateway) stock(ctx context.Context) error {
	token, err := g.token(ctx)
	if err != nil {
		return err
	}
	body := `{"customerId":"` + gatewayCustomer + `","paymentMethod":{"processorProfile":{"profileId":"` + payTraceCustomer + `"}}}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.address+"/api/v1/customer_vault", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", rand.Text())
	return exchange(request, nil)
}

func (g *gateway) token(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {clientSecret}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.address+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var granted struct {
		AccessToken string `json:"access_token"`
	}
	err = exchange(request, &granted)
	return granted.AccessToken, err
}

// exchange makes a request that has to succeed.
func exchange(request *http.Request, into any) error {
	ctx, cancel := context.WithTimeout(request.Context(), httpPatience)
	defer cancel()
	answer, err := http.DefaultClient.Do(request.WithContext(ctx))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	switch {
	case err != nil:
		return err
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("%s %s: HTTP %d: %.300s", request.Method, request.URL.Path, answer.StatusCode, body)
	case into == nil:
		return nil
	}
	return json.Unmarshal(body, into)
}
