package services

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// admin makes and drops the databases of the tests. It stays connected: to
// connect costs the server more than to copy a small database.
type admin struct {
	server string
	db     *sql.DB
	how    string
}

var sharedAdmin = sync.OnceValues(newAdmin)

// byFiles has the server copy a database's files between two checkpoints. What
// it does by itself writes every page into the log as well, which takes four
// times as long. Servers before the fifteenth know nothing else, and no word for it.
const (
	byFiles        = " STRATEGY FILE_COPY"
	firstWithWords = 150000
)

func newAdmin() (*admin, error) {
	server, err := sharedPostgres.get()
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		return nil, err
	}
	a := &admin{server: server, db: db}
	ctx, cancel := context.WithTimeout(context.Background(), adminPatience)
	defer cancel()
	var version int
	if err := db.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return nil, fmt.Errorf("the tests' PostgreSQL cannot be reached: %w", err)
	}
	if version >= firstWithWords {
		a.how = byFiles
	}
	return a, nil
}

// administrator skips the test where there is no server.
func administrator(t testing.TB) *admin {
	t.Helper()
	a, err := sharedAdmin()
	if errors.As(err, new(missingError)) {
		missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *admin) make(name, like string) error {
	return a.do("CREATE DATABASE " + name + " TEMPLATE " + like + a.how)
}

func (a *admin) drop(name string) error { return a.do("DROP DATABASE " + name + " WITH (FORCE)") }

func (a *admin) do(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), adminPatience)
	defer cancel()
	_, err := a.db.ExecContext(ctx, statement)
	return err
}

// Pattern is a database that is prepared once, by the first test that wants one
// like it, and copied for each of them: a ledger's tables take far longer to make
// than to copy.
type Pattern struct {
	prepare func(url string) error

	once sync.Once
	name string
	err  error
}

// NewPattern is for a variable of a package whose tests are run by Main or Run.
// prepare leaves nobody connected.
func NewPattern(prepare func(url string) error) *Pattern { return &Pattern{prepare: prepare} }

// Postgres is the URL of a database like the pattern that only this test uses.
func (p *Pattern) Postgres(t testing.TB) string {
	t.Helper()
	a := administrator(t)
	p.once.Do(func() { p.name, p.err = a.pattern(t, p.prepare) })
	if p.err != nil {
		t.Fatalf("the pattern of the tests' databases cannot be made: %v", p.err)
	}
	return copyOf(t, p.name)
}

func (a *admin) pattern(t testing.TB, prepare func(url string) error) (string, error) {
	name := newName()
	if err := a.make(name, "template1"); err != nil {
		return "", err
	}
	afterTests(func() { _ = a.drop(name) })
	return name, prepare(withDatabase(t, a.server, name))
}
