package config

import (
	"strings"
	"testing"
)

func TestASharedLedgerNeedsSharedSecrets(t *testing.T) {
	w := newWorld()
	w.env["DATABASE_URL"] = "postgres://gateway:pass-word@db.test/payments"
	_, err := w.parse("ledger: {postgres: \"${DATABASE_URL}\"}\n" + minimal)
	for _, want := range []string{"secret: is missing", "signingKeyFolder: is missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	_, err = w.parse("ledger: {postgres: \"${DATABASE_URL}\", sqlite: x.db}\n" + minimal)
	if err == nil || !strings.Contains(err.Error(), "ledger.sqlite: stands beside postgres") {
		t.Errorf("both ledgers: %v", err)
	}
	_, err = w.parse("ledger: {postgres: postgres://gateway:pass-word@db.test/payments}\n" + minimal)
	if err == nil || strings.Contains(err.Error(), "pass-word") {
		t.Errorf("a password in the file: %v", err)
	}
}

func TestTheDatabaseAddressIsNeverPrinted(t *testing.T) {
	w := newWorld()
	w.env["GATEWAY_LEDGER_POSTGRES"] = "postgres://gateway:pass-word@db.test/payments"
	w.env["GATEWAY_SECRET"] = strings.Repeat("s", 32)
	w.files["etc/key.pem"] = file{data: privateKeyPEM(t), mode: 0o600}
	c := w.mustParse(t, "signingKeys: [{file: key.pem}]\n"+minimal)
	if c.Ledger.Postgres.Reveal() != w.env["GATEWAY_LEDGER_POSTGRES"] || c.Ledger.SQLite != "" {
		t.Errorf("the ledger is %+v", c.Ledger)
	}
	if strings.Contains(c.Redacted(), "pass-word") {
		t.Error("the password is printed")
	}
}

func TestASharedLedgerNeedsASharedArchive(t *testing.T) {
	w := newWorld()
	w.env["DATABASE_URL"] = "postgres://gateway:pass-word@db.test/payments"
	w.env["GATEWAY_SECRET"] = strings.Repeat("s", 32)
	w.files["etc/key.pem"] = file{data: privateKeyPEM(t), mode: 0o600}
	shared := "ledger: {postgres: \"${DATABASE_URL}\"}\nsigningKeys: [{file: key.pem}]\n" + minimal
	_, err := w.parse("retention: {archiveAfterDays: 400}\n" + shared)
	if err == nil || !strings.Contains(err.Error(), "retention.archiveFolder: is missing") {
		t.Errorf("no folder: %v", err)
	}
	c := w.mustParse(t, "retention: {archiveAfterDays: 400, archiveFolder: /shared, forgetAfterDays: 90}\n"+shared)
	if r := c.Retention.Rules(); c.Retention.ArchiveFolder != "/shared" || r.ArchiveAfter.Hours() != 400*24 || r.ForgetAfter.Hours() != 90*24 {
		t.Errorf("the retention is %+v", c.Retention)
	}
	w.mustParse(t, shared)
}
