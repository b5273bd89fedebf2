package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

func wantFinding(t *testing.T, f gateway.Finding, grade gateway.Grade, words ...string) {
	t.Helper()
	if f.Grade != grade || (f.Mend == "") != (grade == gateway.Well) {
		t.Errorf("found %+v, want %s", f, grade)
	}
	for _, word := range words {
		if !strings.Contains(f.Found+" → "+f.Mend, word) {
			t.Errorf("it does not say %q: %+v", word, f)
		}
	}
}

// names are the files of a folder.
func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestExamineOfASQLiteLedgerMakesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "data", "ledger.db")
	wantFinding(t, ExamineSQLite(path), gateway.Well, "there is none yet; the first start makes "+path)
	if got := names(t, folder); got != "" {
		t.Fatalf("it made %s", got)
	}
	l, err := OpenSQLite(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantFinding(t, ExamineSQLite(path), gateway.Well, "is in use by a gateway (pid ")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := names(t, filepath.Dir(path))
	wantFinding(t, ExamineSQLite(path), gateway.Well, "is there, and no gateway uses it")
	if got := names(t, filepath.Dir(path)); got != before {
		t.Errorf("it made of %s %s", before, got)
	}
	// A look lets go of the lock.
	if l, err = OpenSQLite(t.Context(), path, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestExamineSaysWhatKeepsASQLiteLedgerFromOpening(t *testing.T) {
	folder := t.TempDir()
	other := filepath.Join(folder, "other")
	if err := os.WriteFile(other, []byte("this is somebody's shopping list"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, ExamineSQLite(other), gateway.Broken, other+" is no ledger", "restore it from a backup")
	empty := filepath.Join(folder, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, ExamineSQLite(empty), gateway.Broken, empty+" is there and empty", "mount its disk", "remove it")
	wantFinding(t, ExamineSQLite(filepath.Join(other, "ledger.db")), gateway.Broken, other+" is no folder")
}

func TestExamineOfAPostgresLedgerMakesNoTable(t *testing.T) {
	url := services.Postgres(t)
	for range 2 {
		wantFinding(t, ExaminePostgres(t.Context(), url), gateway.Well, "fsync and synchronous_commit are on", "the first start makes the tables")
	}
	if err := onPostgres(t, url).Close(); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, ExaminePostgres(t.Context(), url), gateway.Well, "its tables are this program's")
	admin(t, url, `DELETE FROM schema_version WHERE version > 1`)
	wantFinding(t, ExaminePostgres(t.Context(), url), gateway.Doubtful, "its schema is 1 of", "backup")
	admin(t, url, `INSERT INTO schema_version (version) VALUES (9999)`)
	wantFinding(t, ExaminePostgres(t.Context(), url), gateway.Broken, "was written by a newer gateway")
}

func TestExamineSaysWhatKeepsAPostgresLedgerFromOpening(t *testing.T) {
	url := services.Postgres(t)
	joint := "?"
	if strings.Contains(url, "?") {
		joint = "&"
	}
	wantFinding(t, ExaminePostgres(t.Context(), url+joint+"options=-c%20synchronous_commit%3Doff"), gateway.Broken, "synchronous_commit is off")
	wantFinding(t, ExaminePostgres(t.Context(), url+joint+"options=-c%20synchronous_commit%3Dlocal"), gateway.Broken, "synchronous_commit is local")
	wantFinding(t, ExaminePostgres(t.Context(), "postgres://u:hunter2secret@127.0.0.1:1/nowhere"), gateway.Broken, "nowhere on 127.0.0.1:1", "is it running")
	for _, f := range []string{"postgres://u:hunter2secret@127.0.0.1:1/nowhere", "postgres://u:hunter2secret%zz@h/d"} {
		if found := ExaminePostgres(t.Context(), f); strings.Contains(found.Found+found.Mend, "hunter2secret") {
			t.Errorf("the password is shown: %+v", found)
		}
	}
}

func TestOnlyAServerWithAStandbyItDoesNotWaitForMayLosePayments(t *testing.T) {
	for s, want := range map[state]bool{
		{}:                         false,
		{waits: true}:              false,
		{standbys: 1}:              true,
		{standbys: 2, waits: true}: false,
	} {
		if s.mayLose() != want {
			t.Errorf("%+v: %t, want %t", s, !want, want)
		}
	}
}

func TestExamineSaysThatTheDiskHasNoRoom(t *testing.T) {
	folder := t.TempDir()
	if free, err := roomIn(folder); err != nil || free == 0 {
		t.Errorf("%d bytes are free in %s: %v", free, folder, err)
	}
	wantFinding(t, withRoom(folder, 10<<10, well("is in use")), gateway.Broken, folder+" has 10 KiB left", "free some space there")
	wantFinding(t, withRoom(folder, 1<<30, well("is in use")), gateway.Well, "is in use")
}
