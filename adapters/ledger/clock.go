package ledger

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"paytrace-gateway/gateway"
)

// clockBound is a difference that no clock kept by NTP has, nor a stumble of the
// machine explains for long. It is told well before it harms: gateways whose clocks
// differ by less than half a minute are tried (docs/reliability.md).
const clockBound = 5 * time.Second

// clockSQL asks for the moment, which now() is not within a transaction.
const clockSQL = `SELECT clock_timestamp()`

// aheadOf is by how much our clock is ahead of the database's for certain, below
// zero where it is behind. Ours was looked at before and after the database's: what
// the way there and back may explain is no difference.
func aheadOf(before, database, after time.Time) time.Duration {
	switch {
	case database.Before(before):
		return before.Sub(database)
	case database.After(after):
		return after.Sub(database)
	}
	return 0
}

// compareClocks is aheadOf for the server behind a connection.
func compareClocks(ctx context.Context, conn *pgx.Conn, now func() time.Time) (ahead time.Duration, err error) {
	before := now()
	var database time.Time
	if err := conn.QueryRow(ctx, clockSQL).Scan(&database); err != nil {
		return 0, err
	}
	return aheadOf(before, database, now()), nil
}

const clockAdvice = "set both clocks by NTP: gateways on one ledger compare times that others have written, until when a payment may be sent, what is due and who has it in hand"

// clockWords say which clock is ahead where they differ by more than the bound,
// and nothing else.
func clockWords(ahead time.Duration) string {
	switch by := ahead.Abs().Round(time.Millisecond); {
	case by <= clockBound:
		return ""
	case ahead > 0:
		return fmt.Sprintf("this machine's clock is %s ahead of PostgreSQL's", by)
	default:
		return fmt.Sprintf("PostgreSQL's clock is %s ahead of this machine's", by)
	}
}

// ExamineClock compares this machine's clock with that of the PostgreSQL server at
// url. It says nothing of a server that cannot be asked, of which ExaminePostgres
// does.
func ExamineClock(ctx context.Context, url string, now func() time.Time) []gateway.Finding {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil
	}
	conn, err := connectToLook(ctx, config)
	if err != nil {
		return nil
	}
	defer conn.Close(context.WithoutCancel(ctx))
	ahead, err := compareClocks(ctx, conn, now)
	if err != nil {
		return nil
	}
	f := gateway.Finding{Grade: gateway.Well, Tried: "ledger clock", Found: "this machine's and that of " + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + " agree"}
	if words := clockWords(ahead); words != "" {
		f.Grade, f.Found, f.Mend = gateway.Doubtful, words, clockAdvice
	}
	return []gateway.Finding{f}
}
