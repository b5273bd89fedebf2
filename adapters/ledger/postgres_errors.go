package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"paytrace-gateway/gateway"
)

// The first two are the SQLSTATE of a transaction that PostgreSQL itself has
// given up.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
)

// abortedByPostgres relies on PostgreSQL's word: a transaction that failed in
// this way was rolled back, even when it is the commit that says so.
func abortedByPostgres(err error) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && (failed.Code == serializationFailure || failed.Code == deadlockDetected)
}

// takenInPostgres knows the three indexes that keep what is the processor's from
// belonging to two of ours.
func takenInPostgres(err error) error {
	var failed *pgconn.PgError
	if !errors.As(err, &failed) || failed.Code != uniqueViolation {
		return nil
	}
	switch failed.ConstraintName {
	case "payments_by_transaction", "operations_refunds":
		return gateway.ErrTransactionTaken
	case "vault_methods_profiles":
		return gateway.ErrProfileTaken
	}
	return nil
}

// postgresAdvice is what an operator can do about the errors that are not ours,
// by SQLSTATE or by its class, the first two characters.
var postgresAdvice = map[string]string{
	"08":    "the connection to PostgreSQL was lost, the gateway connects again by itself",
	"28":    "PostgreSQL refuses the user: look at user, password and certificate in the URL, and at pg_hba.conf",
	"3D":    "the database does not exist: make it with CREATE DATABASE",
	"40":    "PostgreSQL has given up the transaction several times, other sessions stand in its way: look at pg_stat_activity",
	"53":    "PostgreSQL lacks memory or other resources: look at its log",
	"53100": "the disk of PostgreSQL is full: free some space there, no restart is needed",
	"53300": "PostgreSQL has no connection left: raise max_connections, a gateway needs nine",
	"55P03": "another session has held a row or a table of the ledger for too long, such as a pg_dump during an upgrade: look for it in pg_stat_activity and end it, or try again after it",
	"57":    "PostgreSQL is stopping, starting or not taking connections, the gateway connects again by itself",
	"57014": "PostgreSQL took too long for a statement: look at its load and its disk",
	"58":    "PostgreSQL fails to read or write: look at its log and at its disk",
	"25006": "PostgreSQL does not take writes: name the primary, and look at default_transaction_read_only",
	"25P03": "PostgreSQL has ended a session that was idle in its transaction: is this machine overloaded?",
	"42501": "the user lacks a right: it has to own the tables of the ledger, and to create them in its schema",
	"XX":    "PostgreSQL finds its own data damaged: look at its log, and keep a copy before anything else",
}

// explainPostgres is the border at which PostgreSQL's errors become an operator's.
func explainPostgres(place string) func(error) error {
	return func(err error) error {
		if advice := adviceOn(err); advice != "" {
			return fmt.Errorf("ledger %s: %s: %w", place, advice, err)
		}
		return err
	}
}

func adviceOn(err error) string {
	var failed *pgconn.PgError
	var unreachable *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &failed):
		if advice, ok := postgresAdvice[failed.Code]; ok {
			return advice
		}
		if len(failed.Code) == 5 {
			return postgresAdvice[failed.Code[:2]]
		}
		return ""
	case errors.As(err, &unreachable):
		return "PostgreSQL cannot be reached: is it running, and are host, port and TLS in the URL right?"
	case errors.Is(err, context.DeadlineExceeded):
		return "PostgreSQL has not answered in time: look at its load, its disk and the network"
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return postgresAdvice["08"]
	}
	return ""
}
