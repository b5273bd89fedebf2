package ledger

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// dialect is what the two databases do not share. Schema and queries are
// written once, in the words of both, and pass through here before they are
// sent.
type dialect struct {
	// query and schema turn a statement, or a migration, into the database's own.
	query, schema func(string) string
	// begin opens the transaction of a group of changes. PostgreSQL's are READ
	// COMMITTED: a statement that had to wait for a row looks at it again.
	begin string
	// exclusive are the statements that keep other gateways out of a migration,
	// until the end of its transaction.
	exclusive []string
	// again says that the database has given up a whole transaction, nothing of
	// which was kept, and that it may go through at the next attempt.
	again func(error) bool
	// taken is the port's word for a statement that failed by one of the indexes
	// which keep what is the processor's from belonging to two of ours, and nil
	// for any other.
	taken func(error) error
	// shared says that several gateways may be at work on one ledger.
	shared bool
	// pipelines says that statements can go to the database many at once.
	pipelines bool
	// patience bounds one group of changes. Zero leaves that to the database.
	patience time.Duration
	// inPlace says that the answer of a key is kept as the payment's body, for as
	// long as that is the same.
	inPlace bool
	// explain is the border at which the database's errors become an operator's.
	explain func(error) error
}

func sqliteDialect(path string) dialect {
	return dialect{
		query:   forSQLite,
		begin:   `BEGIN IMMEDIATE`,
		schema:  alsoSQLite.Replace,
		inPlace: true,
		again:   func(error) bool { return false },
		taken:   takenInSQLite,
		explain: explainSQLite(path),
	}
}

func postgresDialect(place string) dialect {
	return dialect{
		query:     numbered,
		begin:     `BEGIN ISOLATION LEVEL READ COMMITTED`,
		schema:    postgresTypes.Replace,
		exclusive: exclusiveSQL,
		again:     abortedByPostgres,
		taken:     takenInPostgres,
		patience:  groupPatience,
		shared:    true,
		pipelines: true,
		explain:   explainPostgres(place),
	}
}

// bounded is the context of one group of changes. One that can end costs a
// goroutine for each statement, which SQLite does without.
func (d dialect) bounded() (context.Context, context.CancelFunc) {
	if d.patience == 0 {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), d.patience)
}

// forSQLite leaves out the holding of rows, since nobody else writes.
func forSQLite(statement string) string {
	return limitAsSum(strings.ReplaceAll(alsoSQLite.Replace(statement), " FOR UPDATE", ""))
}

// alsoSQLite has SQLite carry out what PostgreSQL takes for a comment.
var alsoSQLite = strings.NewReplacer("/*sqlite", "", "sqlite*/", "")

// byStatus is for SQLite, which keeps no statistics here: between two days it
// would rather read all payments than those of one status.
const byStatus = ` INDEXED BY payments_by_status`

// ofMerchantSQL wants a row that its id leads to to be the merchant's, in words that
// lead to no index. PostgreSQL, which keeps a plan that was made before it knew
// anything of a table, would as soon look for the id in all rows of the merchant.
const ofMerchantSQL = ` AND merchant_id || '' = ?`

// notTold is for SQLite too, which would else look for what was not told among all
// deliveries.
const notTold = ` INDEXED BY deliveries_not_told`

// withoutHints is a statement for PostgreSQL.
var withoutHints = strings.NewReplacer(byStatus, "", notTold, "")

// limitAsSum keeps SQLite from planning a statement anew each time: it makes a
// plan for the very value of a bare LIMIT ?, and throws it away when another is
// bound, be it the same. It cost eight times what the looking itself does.
func limitAsSum(statement string) string {
	return strings.ReplaceAll(statement, "LIMIT ?", "LIMIT ? + 0")
}

// postgresTypes are the types that PostgreSQL knows by another name. Text is
// compared by its bytes, as SQLite does: the order of ids is the order of time,
// and an order made by the system's locale changes when the system is upgraded
// and leaves the indexes wrong.
var postgresTypes = strings.NewReplacer(" BLOB", " BYTEA", " TEXT", ` TEXT COLLATE "C"`)

// numbered turns each ? into $1, $2 and so on, and leaves out what is for SQLite.
// No statement of ours has a question mark in a literal.
func numbered(query string) string {
	var b strings.Builder
	for i, part := range strings.Split(withoutHints.Replace(query), "?") {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	return b.String()
}
