package services

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresVariable names a server to use, with a user who may make databases.
const PostgresVariable = "POSTGRES_URL"

// adminPatience bounds what is asked of a server beside the tests' own questions.
const adminPatience = 2 * time.Minute

var sharedPostgres = &shared{start: findPostgres}

// Postgres is the URL of an empty database that only this test uses.
func Postgres(t testing.TB) string {
	t.Helper()
	return copyOf(t, "template1")
}

// copyOf is the URL of a database that is like another one, to which nobody is
// connected, and that only this test uses.
func copyOf(t testing.TB, like string) string {
	t.Helper()
	a := administrator(t)
	name := newName()
	if err := a.make(name, like); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.drop(name); err != nil {
			t.Errorf("a test's database is left behind: %v", err)
		}
	})
	return withDatabase(t, a.server, name)
}

func newName() string { return "test_" + strings.ToLower(rand.Text()) }

func withDatabase(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no URL", PostgresVariable)
	}
	u.Path = "/" + name
	return u.String()
}

func findPostgres() (string, func(), error) {
	if given := os.Getenv(PostgresVariable); given != "" {
		return given, nil, nil
	}
	if _, err := postgresPrograms(); err == nil {
		s, err := newServer()
		if err != nil {
			return "", nil, err
		}
		return s.URL, s.remove, nil
	}
	return dockerPostgres(answers)
}

// postgresPrograms is the folder of the newest postgres on this machine.
// Debian's are not on the path.
func postgresPrograms() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", missingError{"PostgreSQL", "neither on the path nor in /usr/lib/postgresql"}
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func answers(server string) error { return ask(server, "SELECT 1") }

func ask(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), adminPatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("the tests' PostgreSQL cannot be reached: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}
