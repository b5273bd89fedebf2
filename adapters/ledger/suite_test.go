package ledger_test

import (
	"path/filepath"
	"testing"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

func open(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.OpenSQLite(t.Context(), path, ledger.Options{Archive: filepath.Join(filepath.Dir(path), "archive"), AuditKey: storetest.AuditKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

func TestSQLiteIsALedger(t *testing.T) {
	storetest.Run(t, func(t *testing.T) gateway.Ledger {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"))
	})
}

func TestSQLiteKeepsWhatItAcknowledged(t *testing.T) {
	storetest.RunReopened(t, func(t *testing.T) (gateway.Ledger, func() gateway.Ledger) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l := open(t, path)
		return l, func() gateway.Ledger {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, path)
			return l
		}
	})
}

func TestSQLiteKeepsAnAuditTrail(t *testing.T) {
	storetest.RunAudit(t, func(t *testing.T) storetest.AuditStore {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"))
	})
}

func TestSQLiteKeepsOperators(t *testing.T) {
	storetest.RunOperators(t, func(t *testing.T) gateway.OperatorStore {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"))
	})
}

func TestSQLiteKeepsClients(t *testing.T) {
	storetest.RunClients(t, func(t *testing.T) gateway.ClientStore {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"))
	})
}

func TestSQLiteKnowsTheGatewaysSecret(t *testing.T) {
	storetest.RunSecretCheck(t, func(t *testing.T) storetest.SecretCheckStore {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"))
	})
}

func TestSQLiteKeepsSealedSecrets(t *testing.T) {
	storetest.RunSecrets(t, func(t *testing.T) gateway.SecretStore {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"))
	})
}
