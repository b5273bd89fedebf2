package config

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const plain = "s3cr3t-value-of-the-test"

// wrapped holds a secret in every way that a struct can.
type wrapped struct {
	Exported Secret
	hidden   Secret
	pointer  *Secret
	list     []Secret
	table    map[string]Secret
	any      any
}

func wrap(s Secret) wrapped {
	return wrapped{s, s, &s, []Secret{s}, map[string]Secret{"k": s}, s}
}

func TestNoWayOfPrintingShowsASecret(t *testing.T) {
	s := newSecret(plain, "${X}")
	for _, value := range []any{s, &s, wrap(s), &wrapped{hidden: s}, []any{s}, struct{ w wrapped }{wrap(s)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s", "%T %v", "%p", "%U", "%!"} {
			silent(t, verb, fmt.Sprintf(verb, value))
		}
		silent(t, "Sprint", fmt.Sprint(value))
		var text, structured bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", value, slog.Any("w", []any{value}))
		slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "v", value)
		silent(t, "slog text", text.String())
		silent(t, "slog JSON", structured.String())
		asJSON, _ := json.Marshal(value)
		silent(t, "JSON", string(asJSON))
		silent(t, "error", fmt.Errorf("failed: %v", value).Error())
	}
	asYAML, err := yaml.Marshal(map[string]Secret{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	silent(t, "YAML", string(asYAML))
	asXML, _ := xml.Marshal(struct{ S Secret }{s})
	silent(t, "XML", string(asXML))
	var asGob bytes.Buffer
	_ = gob.NewEncoder(&asGob).Encode(struct{ S Secret }{s})
	silent(t, "gob", asGob.String())
	silent(t, "panic", panicked(s))
}

func panicked(value any) (said string) {
	defer func() { said = fmt.Sprint(recover()) }()
	panic(value)
}

// silent looks for the secret as it is, and in hexadecimal.
func silent(t *testing.T, way, output string) {
	t.Helper()
	for _, form := range []string{plain, fmt.Sprintf("%x", plain), plain[:8]} {
		if strings.Contains(strings.ToLower(output), form) {
			t.Errorf("%s shows the secret: %s", way, output)
		}
	}
}

func TestASecretSaysItsLengthAndSource(t *testing.T) {
	s := newSecret(plain, "${X}")
	if got := fmt.Sprint(s); got != "set (24 characters, from ${X})" {
		t.Errorf("got %s", got)
	}
	if s.Reveal() != plain {
		t.Errorf("revealed %q", s.Reveal())
	}
	var none Secret
	if got := fmt.Sprint(none); got != "not set" || none.Reveal() != "" {
		t.Errorf("without a secret: %s, %q", got, none.Reveal())
	}
}

func TestRedactedShowsTheEffectiveConfigurationWithoutSecrets(t *testing.T) {
	w := newWorld()
	w.env["PASSWORD"] = plain
	w.env["GATEWAY_SECRET"] = plain + plain
	w.env["GATEWAY_LISTEN"] = "127.0.0.1:7000"
	w.files["etc/client"] = file{data: plain + "\n", mode: 0o600}
	w.files["etc/org.crt"] = file{data: certificatePEM(t, rsaKey(t, 2048)), mode: 0o644}
	hash := "sha256:" + strings.Repeat("ab", 32)
	text := strings.Replace(minimal, "secret: ${CLIENT}", "secret: {file: client}", 1) +
		"      - {id: org, secretHash: '" + hash + "', scopes: [admin], certificates: [{file: org.crt}]}\n"
	c := w.mustParse(t, text)
	got := strings.ReplaceAll(c.Redacted(), `\`, "/")
	if got != redacted {
		t.Errorf("got:\n%s\nwant:\n%s", got, redacted)
	}
	silent(t, "Redacted", got)
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		silent(t, verb, fmt.Sprintf(verb, c))
		silent(t, verb, fmt.Sprintf(verb, *c))
		if strings.Contains(fmt.Sprintf(verb, *c), hash) {
			t.Errorf("%s shows the hash", verb)
		}
	}
}

const redacted = `listen: 127.0.0.1:7000
operatorListen: 127.0.0.1:9090
publicURL: http://127.0.0.1:7000
dataDir: etc/var/gateway
ledger:
  sqlite: etc/var/gateway/ledger.db
secret: set (48 characters, from ${GATEWAY_SECRET})
signingKeyFolder: etc/var/gateway
signingKeyDays: 90
tokenLifetime: 15m0s
log:
  level: INFO
  format: json
tracing:
  endpoint: ""
  sample: 1
maxInFlight: 1024
stopTimeout: 1m5s
retention:
  archiveAfterDays: 0
  archiveFolder: etc/var/gateway/archive
  forgetAfterDays: 0
merchants:
  - id: main
    liveMode: false
    currency: USD
    timeZone: America/Los_Angeles
    tellUnmatched: false
    verifyCards: false
    rawCards: false
    rawBankAccounts: false
    ach:
      returnWindow: 5
      encryptedAccountField: encrypted_account_number
    paytrace:
      baseURL: https://api.sandbox.paytrace.com
      username: shop
      password: set (24 characters, from ${PASSWORD})
      integratorID: 9655aB
      callDeadline: 1m0s
      sendWindow: 5s
      referenceField: customer_reference_id
      invoiceSuffix: false
      balanceField: discretionary_data.BALANCEAMOUNT
      exportTimeZone: America/Los_Angeles
      exportRowCap: 0
      maxConnections: 64
      maxLookConnections: 8
      rateLimit: 0
      watchEvery: 5m0s
      watchDays: 2
      checkVaultEvery: 24h0m0s
    clients:
      - id: magento
        secret: set (24 characters, from file etc/client)
        scopes:
          - payments:write
        quota:
          requests: 0
          per: 1s
      - id: org
        secretHash: set (71 characters, from this file)
        scopes:
          - admin
        quota:
          requests: 0
          per: 1s
        certificates:
          - etc/org.crt (CN=org, until 2031-01-02)
# signingKeys is not set: the first one is made in etc/var/gateway/signing-key.pem
`
