package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// tamper changes the ledger as whoever has its file can.
func (s *serving) tamper(statement string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.ledger())
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		s.t.Fatal(err)
	}
}

func TestAnAuditorSeesChecksAndExportsWhatWasDecided(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	secret := s.secret("add", "terminal", "--scope", "payments:read", "--by", "Ada Byron")
	s.secret("rotate", "terminal", "--by", "Bob")
	s.operate("clients", "revoke", "nobody").says(t, 1, "no client with this id") // leaves nothing
	s.operate("audit", "verify").says(t, 0, "3 records, each as it was written")
	list := s.operate("audit", "list")
	list.says(t, 0, "configuration.started", "client.added", "terminal", "Ada Byron (operator:"+userName()+")", "127.0.0.1", "scopes=payments:read", "client.rotated", "Bob")
	if strings.Index(list.stdout, "client.rotated") > strings.Index(list.stdout, "client.added") {
		t.Errorf("the newest is not the first:\n%s", list.stdout)
	}
	if found := s.operate("audit", "list", "--subject", "terminal", "--action", "client.added").stdout; strings.Count(found, "\n") != 2 {
		t.Errorf("of one kind there are\n%s", found)
	}

	export := s.operate("audit", "export")
	lines := strings.Split(strings.TrimSpace(export.stdout), "\n")
	var last struct {
		Sequence int64
		Record   struct {
			Action, MerchantID string
			Actor              struct{ Client, Person, From string }
		}
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != 3 || last.Sequence != 3 ||
		last.Record.Action != "client.rotated" || last.Record.MerchantID != "main" || last.Record.Actor.Person != "Bob" || last.Record.Actor.From != "127.0.0.1" {
		t.Errorf("%+v, %v, of %d lines", last, err, len(lines))
	}
	if strings.Contains(export.stdout, secret) {
		t.Error("the export has a secret")
	}
	if rest := s.operate("audit", "export", "--after", "2").stdout; rest != lines[2]+"\n" {
		t.Errorf("behind the second there is\n%s", rest)
	}
	file := filepath.Join(t.TempDir(), "export.ndjson")
	if err := os.WriteFile(file, []byte(export.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	s.clients("revoke", "terminal")
	s.operate("audit", "verify", "--against", file).says(t, 0, "3 records of the export were compared", "4 records, each as it was written")

	// The same start again is no news, another configuration is.
	s.stop()
	s.start()
	s.operate("audit", "verify").says(t, 0, "4 records")
	s.stop()
	s.rewrite("log: {level: warn}", "log: {level: info}")
	s.start()
	s.operate("audit", "list", "--count", "1").says(t, 0, "configuration.started", "changed=log version=")
	if list := s.operate("audit", "list").stdout; strings.ContainsAny(list, "#") || strings.Contains(list, "log=") {
		t.Errorf("the list has more than names of members:\n%s", list)
	}

	s.tamper(`UPDATE audit_entries SET body = REPLACE(body, 'Ada Byron', 'Eve') WHERE sequence = 2`)
	s.operate("audit", "verify").says(t, 1, "record 2 was changed", "docs/audit.md")
	s.operate("audit", "verify", "--against", file).says(t, 1, "record 2 is another one than in the export")
}

func TestAMachineWithoutTheSecretIsToldSo(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	if err := os.Rename(filepath.Join(s.folder, "data", "secret.key"), filepath.Join(s.folder, "away")); err != nil {
		t.Fatal(err)
	}
	s.operate("audit", "verify").says(t, 1, "the gateway's secret is not here")
	if _, err := os.Stat(filepath.Join(s.folder, "data", "secret.key")); err == nil {
		t.Error("a secret was made that is not the gateway's")
	}
	s.operate("audit", "list").says(t, 0, "configuration.started")
}
