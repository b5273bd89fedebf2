package ledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The version of the schema is the number of migrations that were carried out.
const (
	createVersionSQL = `CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)`
	versionSQL       = `SELECT COALESCE(MAX(version), 0) FROM schema_version`
	// versionThereSQL is PostgreSQL's alone.
	versionThereSQL = `SELECT to_regclass('schema_version') IS NOT NULL`
	setVersionSQL   = `INSERT INTO schema_version (version) VALUES (?)`
)

// migrate brings the schema to this program's version, in one transaction, so
// that gateways which start at once find all of it or do all of it. It refuses
// a newer one: an older program would write rows that the newer one misreads. No
// migration says that an older program may start beside it all the same, since that
// would write payments back without the members that it does not know. One that
// runs already is not stopped: whoever upgrades stops it first.
//
// made says that there were no tables at all.
func migrate(ctx context.Context, db *sql.DB, d dialect) (made bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	for _, statement := range append(slices.Clone(d.exclusive), createVersionSQL) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return false, err
		}
	}
	if made, err = migrateFrom(ctx, tx, d); err != nil {
		return false, err
	}
	return made, tx.Commit()
}

func migrateFrom(ctx context.Context, tx *sql.Tx, d dialect) (made bool, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return false, err
	}
	var version int
	if err := tx.QueryRowContext(ctx, versionSQL).Scan(&version); err != nil {
		return false, err
	}
	if version > len(files) {
		return false, fmt.Errorf("it was written by a newer gateway (schema %d, this program knows %d): "+
			"start the newer program, or restore a backup made before the upgrade", version, len(files))
	}
	for next := version; next < len(files); next++ {
		if err := migrateOne(ctx, tx, d, files[next], next+1); err != nil {
			return false, fmt.Errorf("migration %s: %w", files[next], err)
		}
	}
	return version == 0, nil
}

func migrateOne(ctx context.Context, tx *sql.Tx, d dialect, file string, version int) error {
	statements, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, d.schema(string(statements))); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, d.query(setVersionSQL), version)
	return err
}
