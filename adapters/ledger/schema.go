package ledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The version of the schema is the number of migrations that were carried out.
const (
	createVersionSQL = `CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)`
	versionSQL       = `SELECT COALESCE(MAX(version), 0) FROM schema_version`
	setVersionSQL    = `INSERT INTO schema_version (version) VALUES (?)`
)

// migrate brings the schema to this program's version. It refuses one that is
// newer: an older program would write rows that the newer one misreads.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, createVersionSQL); err != nil {
		return err
	}
	var version int
	if err := db.QueryRowContext(ctx, versionSQL).Scan(&version); err != nil {
		return err
	}
	if version > len(files) {
		return fmt.Errorf("it was written by a newer gateway (schema %d, this program knows %d): "+
			"start the newer program, or restore a backup made before the upgrade", version, len(files))
	}
	for ; version < len(files); version++ {
		if err := migrateOne(ctx, db, files[version], version+1); err != nil {
			return fmt.Errorf("migration %s: %w", files[version], err)
		}
	}
	return nil
}

func migrateOne(ctx context.Context, db *sql.DB, file string, version int) error {
	statements, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, setVersionSQL, version); err != nil {
		return err
	}
	return tx.Commit()
}
