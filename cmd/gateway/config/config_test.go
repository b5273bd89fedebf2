package config

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// minimal is the least that is accepted. Tests replace parts of it, so that
// the positions of their faults can be counted here.
const minimal = `merchants:
  - id: main
    paytrace:
      baseURL: https://api.sandbox.paytrace.com
      username: shop
      password: ${PASSWORD}
      integratorID: 9655aB
    clients:
      - id: magento
        secret: ${CLIENT}
        scopes: [payments:write]
`

// world is the environment and the files of a test.
type world struct {
	env   map[string]string
	files map[string]file
}

type file struct {
	data string
	mode fs.FileMode
	err  error
}

func newWorld() world {
	return world{
		env:   map[string]string{"PASSWORD": "paytrace-pass-word", "CLIENT": "client-pass-word-0123456789"},
		files: map[string]file{},
	}
}

func (w world) parse(text string) (*Config, error) {
	env := func(name string) (string, bool) {
		value, ok := w.env[name]
		return value, ok
	}
	readFile := func(path string) ([]byte, fs.FileMode, error) {
		f, ok := w.files[filepath.ToSlash(path)]
		if !ok {
			return nil, 0, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return []byte(f.data), f.mode, f.err
	}
	return Parse("etc/gateway.yaml", []byte(text), env, readFile)
}

func (w world) mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := w.parse(text)
	if err != nil {
		t.Fatalf("refused:\n%v", err)
	}
	return c
}

// replaced is minimal with one part replaced.
func replaced(t *testing.T, old, with string) string {
	t.Helper()
	if strings.Count(minimal, old) != 1 {
		t.Fatalf("%q does not stand exactly once in the minimal file", old)
	}
	return strings.Replace(minimal, old, with, 1)
}

func TestDefaultsFillWhatTheFileLeavesOut(t *testing.T) {
	c := newWorld().mustParse(t, minimal)
	m := c.Merchants[0]
	for _, check := range []struct {
		name      string
		got, want any
	}{
		{"listen", c.Listen, "127.0.0.1:8080"},
		{"operatorListen", c.OperatorListen, "127.0.0.1:9090"},
		{"publicURL", c.PublicURL, "http://127.0.0.1:8080"},
		{"clientAddressHeader", c.ClientAddressHeader, ""},
		{"dataDir", c.DataDir, filepath.FromSlash("etc/var/gateway")},
		{"ledger", c.Ledger.SQLite, filepath.FromSlash("etc/var/gateway/ledger.db")},
		{"secret", c.Secret.IsZero(), true},
		{"secret path", c.SecretPath(), filepath.FromSlash("etc/var/gateway/secret.key")},
		{"signing keys", len(c.SigningKeys), 0},
		{"signing key path", c.SigningKeyPath(), filepath.FromSlash("etc/var/gateway/signing-key.pem")},
		{"tokenLifetime", c.TokenLifetime, 15 * time.Minute},
		{"log", c.Log, Log{slog.LevelInfo, "json"}},
		{"maxInFlight", c.MaxInFlight, 1024},
		{"stopTimeout", c.StopTimeout, 65 * time.Second},
		{"retention", c.Retention, Retention{ArchiveFolder: filepath.Join(c.DataDir, "archive")}},
		{"rules of retention", c.Retention.Rules(), gateway.RetentionRules{}},
		{"redis", c.Redis.Enabled(), false},
		{"tracing endpoint", c.Tracing.Endpoint, ""},
		{"tracing sample", c.Tracing.Sample, 1.0},
		{"tracing headers", len(c.Tracing.Headers), 0},
		{"liveMode", m.LiveMode, false},
		{"tellUnmatched", m.TellUnmatched, false},
		{"verifyCards", m.VerifyCards, false},
		{"currency", m.Currency, "USD"},
		{"timeZone", m.TimeZone.String(), "America/Los_Angeles"},
		{"callDeadline", m.PayTrace.CallDeadline, 60 * time.Second},
		{"sendWindow", m.PayTrace.SendWindow, 5 * time.Second},
		{"referenceField", m.PayTrace.ReferenceField, "customer_reference_id"},
		{"invoiceSuffix", m.PayTrace.InvoiceSuffix, false},
		{"exportTimeZone", m.PayTrace.ExportTimeZone.String(), "America/Los_Angeles"},
		{"maxConnections", m.PayTrace.MaxConnections, 64},
		{"maxLookConnections", m.PayTrace.MaxLookConnections, 8},
		{"rateLimit", m.PayTrace.RateLimit, 0},
		{"watchEvery", m.PayTrace.WatchEvery, 5 * time.Minute},
		{"checkVaultEvery", m.PayTrace.CheckVaultEvery, 24 * time.Hour},
		{"watchDays", m.PayTrace.WatchDays, 2},
		{"ach.returnWindow", m.ACH.ReturnWindow, 5},
		{"ach.encryptedAccountField", m.ACH.EncryptedAccountField, "encrypted_account_number"},
		{"exportRowCap", m.PayTrace.ExportRowCap, 0},
		{"discretionaryData", len(m.PayTrace.DiscretionaryData), 0},
		{"channel", m.Clients[0].Channel, ""},
		{"quota", m.Clients[0].Quota, Quota{Per: time.Second}},
	} {
		if check.got != check.want {
			t.Errorf("%s: got %v, want %v", check.name, check.got, check.want)
		}
	}
}

func TestStopTimeoutOutlastsTheLongestCall(t *testing.T) {
	c := newWorld().mustParse(t, replaced(t, "      username: shop", "      username: shop\n      callDeadline: 90s"))
	if c.StopTimeout != 95*time.Second {
		t.Errorf("got %s, want 1m35s", c.StopTimeout)
	}
}

func TestTheFileIsReadAsWritten(t *testing.T) {
	c := newWorld().mustParse(t, `listen: ":80"
publicURL: https://pay.shop.test/
dataDir: /data
ledger: {sqlite: books.db}
log: {level: debug, format: text}
stopTimeout: 3s
`+replaced(t, "      username: shop", `      username: shop
      callDeadline: 20s
      sendWindow: 2s
      referenceField: description
      invoiceSuffix: true
      exportTimeZone: UTC
      exportRowCap: 1000000
      hostedFieldsScript: http://127.0.0.1:8082/protect.js
      maxConnections: 8
      maxLookConnections: 2
      rateLimit: 1000
      watchEvery: 24h
      checkVaultEvery: 10m
      watchDays: 31
      discretionaryData: {salesRep: SALESREP}`))
	p := c.Merchants[0].PayTrace
	if c.Listen != ":80" || c.PublicURL != "https://pay.shop.test" || c.DataDir != filepath.FromSlash("/data") ||
		c.Ledger.SQLite != filepath.FromSlash("etc/books.db") || c.Log != (Log{slog.LevelDebug, "text"}) || c.StopTimeout != 3*time.Second {
		t.Errorf("the gateway's own members: %+v", c)
	}
	if p.BaseURL != "https://api.sandbox.paytrace.com" || p.Username != "shop" || p.IntegratorID != "9655aB" || p.CallDeadline != 20*time.Second ||
		p.SendWindow != 2*time.Second || p.ReferenceField != "description" || !p.InvoiceSuffix || p.ExportTimeZone.String() != "UTC" ||
		p.HostedFieldsScript != "http://127.0.0.1:8082/protect.js" ||
		p.MaxConnections != 8 || p.MaxLookConnections != 2 || p.RateLimit != 1000 || p.WatchEvery != 24*time.Hour || p.CheckVaultEvery != 10*time.Minute || p.WatchDays != 31 || p.ExportRowCap != 1_000_000 || p.DiscretionaryData["salesRep"] != "SALESREP" {
		t.Errorf("the account: %+v", p)
	}
}

func TestTheExampleIsAcceptedAndNamesEveryMember(t *testing.T) {
	w := newWorld()
	for _, name := range []string{"GATEWAY_SECRET", "PAYTRACE_USERNAME", "PAYTRACE_PASSWORD", "MAGENTO_CLIENT_SECRET"} {
		w.env[name] = strings.Repeat(strings.ToLower(name), 3)
	}
	w.env["PAYTRACE_INTEGRATOR_ID"] = "9655aB"
	c := w.mustParse(t, Example())
	if c.PublicURL != "https://pay.example.com" || c.Merchants[0].Clients[0].Secret.Reveal() != w.env["MAGENTO_CLIENT_SECRET"] {
		t.Errorf("got %+v", c)
	}
	for kind, names := range members {
		for _, name := range names {
			if !strings.Contains(Example(), name+":") {
				t.Errorf("the example does not show %s of %s", name, kind)
			}
		}
	}
	for path, variable := range overrides {
		if !strings.Contains(Example(), variable) {
			t.Errorf("the example does not name %s, which replaces %s", variable, path)
		}
	}
}

// What the example shows in comments has to be acceptable once uncommented.
func TestTheCommentedMembersOfTheExampleAreTheDefaults(t *testing.T) {
	w := newWorld()
	w.env["GATEWAY_SECRET"] = strings.Repeat("s", 40)
	for _, name := range []string{"PAYTRACE_USERNAME", "PAYTRACE_PASSWORD", "PAYTRACE_INTEGRATOR_ID", "MAGENTO_CLIENT_SECRET"} {
		w.env[name] = "abcdefghij"
	}
	before := w.mustParse(t, Example()).Redacted()
	text := Example()
	for _, line := range []string{"ledger:", "  sqlite: ./var/gateway/ledger.db", "tokenLifetime: 15m", "maxInFlight: 1024", "stopTimeout: 65s",
		"retention:", "  archiveAfterDays: 0", "  archiveFolder: ./var/gateway/archive", "  forgetAfterDays: 0",
		"currency: USD", "timeZone: America", "callDeadline: 60s", "sendWindow: 5s", "referenceField: customer", "invoiceSuffix: false",
		"exportTimeZone: America", "exportRowCap: 0", "maxConnections: 64", "maxLookConnections: 8", "rateLimit: 0",
		"tellUnmatched: false", "verifyCards: false", "rawCards: false", "rawBankAccounts: false", "watchEvery: 5m", "watchDays: 2", "checkVaultEvery: 24h", "quota: {requests: 0, per: 1s}", "tracing:", `  endpoint: ""`, "  sample: 1.0"} {
		if strings.Count(text, "# "+line) != 1 {
			t.Fatalf("the example does not show %q in one comment", line)
		}
		text = strings.Replace(text, "# "+line, line, 1)
	}
	if after := w.mustParse(t, text).Redacted(); after != before {
		t.Errorf("uncommented:\n%s\nwant:\n%s", after, before)
	}
}

func TestTheExampleSaysWhatTheOperatorsListenerServes(t *testing.T) {
	if !strings.Contains(Example(), "/metrics") || !strings.Contains(Example(), "/readyz") {
		t.Error("the operator's listener serves /readyz and /metrics")
	}
}

func TestEnvironmentReplacesTheFile(t *testing.T) {
	w := newWorld()
	for name, value := range map[string]string{
		"GATEWAY_LISTEN": "127.0.0.1:1", "GATEWAY_OPERATOR_LISTEN": "127.0.0.1:2", "GATEWAY_PUBLIC_URL": "https://p.test",
		"GATEWAY_DATA_DIR": "here", "GATEWAY_SECRET": strings.Repeat("k", 32), "GATEWAY_TOKEN_LIFETIME": "2m",
		"GATEWAY_LOG_LEVEL": "WARN", "GATEWAY_LOG_FORMAT": "text", "GATEWAY_MAX_IN_FLIGHT": "7", "GATEWAY_STOP_TIMEOUT": "9s",
	} {
		w.env[name] = value
	}
	c := w.mustParse(t, "listen: 127.0.0.1:5\nmaxInFlight: 5\nlog: {level: debug}\n"+minimal)
	want := Config{Listen: "127.0.0.1:1", OperatorListen: "127.0.0.1:2", PublicURL: "https://p.test", DataDir: "here",
		TokenLifetime: 2 * time.Minute, Log: Log{slog.LevelWarn, "text"}, MaxInFlight: 7, StopTimeout: 9 * time.Second}
	if c.Listen != want.Listen || c.OperatorListen != want.OperatorListen || c.PublicURL != want.PublicURL || c.DataDir != want.DataDir ||
		c.TokenLifetime != want.TokenLifetime || c.Log != want.Log || c.MaxInFlight != want.MaxInFlight || c.StopTimeout != want.StopTimeout {
		t.Errorf("got %+v", c)
	}
	if c.Secret.Reveal() != w.env["GATEWAY_SECRET"] {
		t.Errorf("the secret is %s", c.Secret)
	}
	if c.Ledger.SQLite != filepath.Join("here", "ledger.db") {
		t.Errorf("the ledger did not follow its folder: %s", c.Ledger.SQLite)
	}
	w.env["GATEWAY_LEDGER_SQLITE"] = "there.db"
	if got := w.mustParse(t, minimal).Ledger.SQLite; got != "there.db" {
		t.Errorf("the ledger is %s", got)
	}
}

func TestAnEmptyVariableReplacesNothing(t *testing.T) {
	w := newWorld()
	for _, variable := range overrides {
		w.env[variable] = ""
	}
	if got, want := w.mustParse(t, minimal).Redacted(), newWorld().mustParse(t, minimal).Redacted(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestLoadReadsTheFileAndWhatItNames(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "gateway.yaml")
	write(t, path, replaced(t, "${PASSWORD}", "{file: password}"), 0o644)
	write(t, filepath.Join(folder, "password"), "from-the-file\r\n", 0o640)
	env := func(string) (string, bool) { return "client-pass-word", true }
	noOverrides := func(name string) (string, bool) {
		if strings.HasPrefix(name, "GATEWAY_") {
			return "", false
		}
		return env(name)
	}
	c, err := Load(path, noOverrides)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Merchants[0].PayTrace.Password.Reveal(); got != "from-the-file" {
		t.Errorf("the password is %q", got)
	}
	if runtime.GOOS == "windows" {
		return // no bits for other users there
	}
	if err := os.Chmod(filepath.Join(folder, "password"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Load(path, noOverrides)
	if err == nil || !strings.Contains(err.Error(), "is open to everyone (mode 0644)") {
		t.Errorf("a password that everyone may read: %v", err)
	}
}

func TestLoadSaysWhatToDoWithoutAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, err := Load(path, os.LookupEnv)
	var faults *Faults
	want := path + ": cannot be read: there is no such file; `gateway config example` prints a file to start from"
	if !errors.As(err, &faults) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	// Another file to start from does not help where one is there.
	if _, err := Load(t.TempDir(), os.LookupEnv); err == nil || !strings.Contains(err.Error(), "cannot be read") || strings.Contains(err.Error(), "config example") {
		t.Errorf("of a folder it says %v", err)
	}
}

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestAMerchantMayHaveNoClientsInTheFile(t *testing.T) {
	c := newWorld().mustParse(t, minimal[:strings.Index(minimal, "    clients")]+"    clients: []\n")
	if n := len(c.Merchants[0].Clients); n != 0 {
		t.Errorf("there are %d clients", n)
	}
}
