package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

const (
	oneSecret     = "one secret of the gateway, long enough"
	anotherSecret = "another secret of it, and long enough"
)

// withSecret is a configuration whose secret is set, on a PostgreSQL ledger
// where a URL is given.
func withSecret(t *testing.T, folder, postgres, secret string) *config.Config {
	t.Helper()
	text := "secret: ${GATEWAY_SECRET_OF_TEST}\n" + fmt.Sprintf(servingYAML, "127.0.0.1:1", "127.0.0.1:2")
	if postgres != "" {
		text = "publicURL: http://pair.test\nsigningKeyFolder: keys\nledger: {postgres: \"${POSTGRES_OF_TEST}\"}\n" + text
	}
	path := filepath.Join(folder, "gateway.yaml")
	put(t, path, []byte(text))
	env := map[string]string{
		"GATEWAY_SECRET_OF_TEST": secret, "POSTGRES_OF_TEST": postgres,
		"SHOP_SECRET": shopSecret, "PAYTRACE_ACCOUNT_PASSWORD": "simulator-password",
	}
	cfg, err := config.Load(path, func(name string) (string, bool) { value, ok := env[name]; return value, ok })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// wantStrange wants the start and the doctor to refuse the secret in the same
// words, without a secret in them.
func wantStrange(t *testing.T, cfg *config.Config, words ...string) {
	t.Helper()
	l, err := takeLedger(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err == nil {
		l.Close()
		t.Fatal("the ledger was taken")
	}
	found := examineSecretOfLedger(t.Context(), cfg)
	if len(found) != 1 || found[0].Grade != gateway.Broken {
		t.Fatalf("the doctor says %+v", found)
	}
	doctor := found[0].Found + ": " + found[0].Mend
	for _, word := range append(words, "A secret that is lost") {
		if !strings.Contains(err.Error(), word) || !strings.Contains(doctor, word) {
			t.Errorf("%q is not said by the start, %v, or by the doctor, %s", word, err, doctor)
		}
	}
	for _, secret := range []string{oneSecret, anotherSecret} {
		if strings.Contains(err.Error()+doctor, secret) {
			t.Errorf("the secret is shown: %v, %s", err, doctor)
		}
	}
}

func wantFamiliar(t *testing.T, cfg *config.Config) {
	t.Helper()
	takes(t, cfg)
	found := examineSecretOfLedger(t.Context(), cfg)
	if len(found) != 1 || found[0].Grade != gateway.Well || found[0].Tried != "ledger secret" {
		t.Errorf("the doctor says %+v", found)
	}
}

func TestALedgerIsRefusedWithAnotherSecret(t *testing.T) {
	for name, url := range map[string]func() string{
		"SQLite":     func() string { return "" },
		"PostgreSQL": func() string { return services.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			folder, postgres := t.TempDir(), url()
			one := withSecret(t, folder, postgres, oneSecret)
			if found := examineSecretOfLedger(t.Context(), one); found != nil {
				t.Errorf("before the first start the doctor says %+v", found)
			}
			wantFamiliar(t, one)
			wantStrange(t, withSecret(t, folder, postgres, anotherSecret),
				"has been used with another secret than that of the setting secret", "${GATEWAY_SECRET_OF_TEST}", "bring the secret of before back")
			wantFamiliar(t, one)
		})
	}
}

func TestALedgerWhoseSecretFileIsAnotherIsRefused(t *testing.T) {
	cfg := load(t)
	wantFamiliar(t, cfg)
	of := func(content string) {
		t.Helper()
		put(t, cfg.SecretPath(), []byte(content))
	}
	own, err := os.ReadFile(cfg.SecretPath())
	if err != nil {
		t.Fatal(err)
	}
	of(strings.Repeat("k", 32))
	wantStrange(t, cfg, cfg.Ledger.SQLite, "another secret than that of "+cfg.SecretPath())
	of("cut off")
	if found := examineSecretOfLedger(t.Context(), cfg); len(found) != 1 || found[0].Grade != gateway.Broken || !strings.Contains(found[0].Found, "cut off") {
		t.Errorf("of a file that is cut off the doctor says %+v", found)
	}
	of(string(own))
	wantFamiliar(t, cfg)
}

// alter carries out a statement on a ledger that nobody has open.
func alter(t *testing.T, cfg *config.Config, statement string) {
	t.Helper()
	(&serving{t: t, folder: filepath.Dir(cfg.DataDir)}).tamper(statement)
}

// asOfBefore makes of the ledger one that a gateway has used which left no check.
func asOfBefore(t *testing.T, cfg *config.Config) {
	t.Helper()
	alter(t, cfg, `DELETE FROM marks`)
	alter(t, cfg, `INSERT INTO idempotency_keys (merchant_id, key, fingerprint, bound_at) VALUES ('main', 'one', x'00', 1)`)
}

func TestASecretThatIsLostIsNotMadeAnew(t *testing.T) {
	for name, use := range map[string]func(*testing.T, *config.Config){
		"of a ledger that knows it": func(*testing.T, *config.Config) {},
		"of a ledger of before that": func(t *testing.T, cfg *config.Config) {
			asOfBefore(t, cfg)
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := withFileSecret(t)
			takes(t, cfg)
			use(t, cfg)
			move(t, cfg.SecretPath())
			wantStrange(t, cfg, cfg.Ledger.SQLite, "there is none: neither "+cfg.SecretPath()+" nor secret in the configuration", "restore "+cfg.SecretPath())
			if !isMissing(cfg.SecretPath()) {
				t.Error("a secret was made")
			}
			// What docs/operating.md says under "A secret that is lost".
			put(t, cfg.SecretPath(), []byte(strings.Repeat("n", 64)))
			alter(t, cfg, `DELETE FROM marks WHERE name = 'secret'`)
			wantFamiliar(t, cfg)
		})
	}
}

// withFileSecret is a configuration that has its secret made beside the ledger.
func withFileSecret(t *testing.T) *config.Config {
	t.Helper()
	folder := t.TempDir()
	cfg := withSecret(t, folder, "", oneSecret)
	cfg.Secret = config.Secret{}
	return cfg
}

// A first start that was cut off between the ledger and its secret leaves a
// ledger that nothing was made with.
func TestTheSecretOfALedgerThatWasNeverUsedIsMade(t *testing.T) {
	cfg := withFileSecret(t)
	l, err := ledger.OpenSQLite(t.Context(), cfg.Ledger.SQLite, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if found := examineSecretOfLedger(t.Context(), cfg); found != nil {
		t.Errorf("the doctor says %+v", found)
	}
	wantFamiliar(t, cfg)
}

func TestAGatewayFromBeforeLeavesNoCheckAndIsTaken(t *testing.T) {
	cfg := withFileSecret(t)
	takes(t, cfg)
	asOfBefore(t, cfg)
	if found := examineSecretOfLedger(t.Context(), cfg); found != nil {
		t.Errorf("the doctor says %+v", found)
	}
	wantFamiliar(t, cfg)
}
