package ledger

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/internal/services"
)

const timelineNoted = `SELECT COALESCE(MAX(value), 'none') FROM marks WHERE name = 'timeline'`

// starts opens the ledger, closes it again and gives what the log has said.
func starts(t *testing.T, url string) string {
	t.Helper()
	var log said
	l, err := OpenPostgres(t.Context(), url, Options{Log: log.log()})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return log.all()
}

func wantNoted(t *testing.T, url, want string) {
	t.Helper()
	var noted string
	if err := database(t, "pgx", url).QueryRowContext(t.Context(), timelineNoted).Scan(&noted); err != nil || noted != want {
		t.Errorf("timeline %s is noted, %v; want %s", noted, err, want)
	}
}

func wantFailover(t *testing.T, text, before, now string) {
	t.Helper()
	for _, words := range []string{"level=WARN", "ledger.failed_over", "before=" + before, "timeline=" + now, "Replicas and failover"} {
		if strings.Count(text, words) != 1 {
			t.Errorf("%q is not said once: %s", words, text)
		}
	}
}

// TestANewTimelineIsToldOnce has the server come back as after a failover: what
// recovers from its archive and finds no more there begins a new timeline, as a
// standby does that is promoted.
func TestANewTimelineIsToldOnce(t *testing.T) {
	server := services.PostgresServer(t, "restore_command=false")
	for range 2 {
		if text := starts(t, server.URL); text != "" {
			t.Errorf("on the first timeline the start says %s", text)
		}
		wantNoted(t, server.URL, "1")
	}
	server.Crash()
	signal := filepath.Join(server.Data(), "recovery.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// The server, which may run as another user, has it durably there and removes it.
	if err := os.Chmod(signal, 0o666); err != nil {
		t.Fatal(err)
	}
	server.Restart(t)
	wantFailover(t, starts(t, server.URL), "1", "2")
	wantNoted(t, server.URL, "2")
	if text := starts(t, server.URL); text != "" {
		t.Errorf("once it is noted the start says %s", text)
	}
}

// untilAlone ends when all other sessions have: they are told to and do so later.
const untilAlone = `DO $$ BEGIN
	WHILE EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) LOOP
		PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
	END LOOP;
END $$`

// A gateway that runs connects again after a failover, and is not started.
func TestARunningGatewayTellsOfANewTimeline(t *testing.T) {
	url := services.Postgres(t)
	var log said
	l, err := OpenPostgres(t.Context(), url, Options{Log: log.log()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.tryWrite(t.Context(), "", func(*session) error { return nil }); err != nil {
		t.Fatal(err)
	}
	admin(t, url, `UPDATE marks SET value = '7' WHERE name = 'timeline'`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
		untilAlone)
	for range 2 { // the first finds the session gone
		err = l.tryWrite(t.Context(), "", func(*session) error { return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	wantFailover(t, log.all(), "7", "1")
	wantNoted(t, url, "1")
}

// asPlainUser is the URL for a user who has what docs/operating.md asks for and no
// more: a role that every server has, and that owns nothing.
func asPlainUser(t *testing.T, server string) string {
	t.Helper()
	admin(t, server, `GRANT ALL ON SCHEMA public TO pg_signal_backend`)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("options", "-c role=pg_signal_backend")
	// A plus is no space to PostgreSQL.
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u.String()
}

func TestAPlainUserMayAskForTheTimeline(t *testing.T) {
	plain := asPlainUser(t, services.Postgres(t))
	if text := starts(t, plain); text != "" {
		t.Errorf("the start says %s", text)
	}
	wantNoted(t, plain, "1")
}

func TestATimelineThatMayNotBeAskedForIsLeftOut(t *testing.T) {
	server := services.Postgres(t)
	plain := asPlainUser(t, server)
	admin(t, server, `REVOKE EXECUTE ON FUNCTION pg_current_wal_lsn() FROM PUBLIC`)
	if text := starts(t, plain); text != "" {
		t.Errorf("the start says %s", text)
	}
	wantNoted(t, server, "none")
}
