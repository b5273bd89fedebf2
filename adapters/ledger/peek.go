package ledger

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"paytrace-gateway/gateway"
)

// PeekSQLite is what the ledger in the file at path knows of the gateway's secret,
// asked beside a gateway that may have it open. It makes no file: one that nobody
// has open is read as one that cannot change, and not at all where its newest
// changes lie in a log, which only a gateway may move into it.
func PeekSQLite(ctx context.Context, path string) (known gateway.SecretCheck, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return known, err
	}
	held, err := isHeld(path + ".lock")
	if err != nil {
		return known, err
	}
	source := dsn(path, "ro", readerPragmas)
	if !held {
		if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
			return known, err
		}
		source += "&immutable=1"
	}
	reads, err := sql.Open("sqlite", source)
	if err != nil {
		return known, err
	}
	defer reads.Close()
	err = reads.QueryRowContext(ctx, secretCheckSQL).Scan(&known.Value, &known.Used)
	return known, err
}

// PeekPostgres is what the ledger at url knows of the gateway's secret. It makes
// no table, and says nothing of a ledger that an older program has made.
func PeekPostgres(ctx context.Context, url string) (known gateway.SecretCheck, err error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return known, errURL
	}
	conn, err := connectToLook(ctx, config)
	if err != nil {
		return known, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('marks') IS NOT NULL`).Scan(&there); err != nil || !there {
		return known, err
	}
	err = conn.QueryRow(ctx, secretCheckSQL).Scan(&known.Value, &known.Used)
	return known, err
}
