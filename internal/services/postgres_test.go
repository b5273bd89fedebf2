package services

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	one, two := Postgres(t), Postgres(t)
	if err := ask(one, "CREATE TABLE mine (n INT)"); err != nil {
		t.Fatal(err)
	}
	if err := ask(two, "SELECT * FROM mine"); err == nil {
		t.Error("two tests share a database")
	}
}

func TestADatabaseEndsWithItsTest(t *testing.T) {
	var database string
	t.Run("inner", func(t *testing.T) { database = Postgres(t) })
	if database == "" {
		t.Skip("there is none")
	}
	if err := answers(database); err == nil || !strings.Contains(err.Error(), "3D000") {
		t.Errorf("error = %v, want that the database does not exist", err)
	}
}

func TestAGivenServerGoesBeforeAllOthers(t *testing.T) {
	given := "postgres://user@example.invalid/db"
	t.Setenv(PostgresVariable, given)
	if found, end, err := findPostgres(); found != given || end != nil || err != nil {
		t.Errorf("found %s, %v", found, err)
	}
}

func TestACrashedServerRecoversWhatItHadMadeDurable(t *testing.T) {
	s := PostgresServer(t)
	if err := ask(s.URL, "CREATE TABLE kept AS SELECT 1 AS n"); err != nil {
		t.Fatal(err)
	}
	s.Crash()
	if err := answers(s.URL); err == nil {
		t.Fatal("the server answers after its crash")
	}
	s.Restart(t)
	conn, err := pgx.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n); err != nil || n != 1 {
		t.Errorf("n = %d, %v", n, err)
	}
}

func TestAServerEndsWithTestsThatAreKilled(t *testing.T) {
	if _, err := postgresPrograms(); err != nil {
		missing(t, err)
	}
	server, kill := killable(t, "postgres")
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	kill()
	// The server closes its connections when it ends.
	ctx, cancel := context.WithTimeout(t.Context(), adminPatience)
	defer cancel()
	if _, err := conn.WaitForNotification(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the server goes on: %v", err)
	}
}
