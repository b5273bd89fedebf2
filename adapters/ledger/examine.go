package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"

	"paytrace-gateway/gateway"
)

const tried = "ledger"

func well(format string, args ...any) gateway.Finding {
	return gateway.Finding{Grade: gateway.Well, Tried: tried, Found: fmt.Sprintf(format, args...)}
}

func broken(mend, format string, args ...any) gateway.Finding {
	return gateway.Finding{Grade: gateway.Broken, Tried: tried, Found: fmt.Sprintf(format, args...), Mend: mend}
}

// ExamineSQLite says whether a gateway can open the ledger at path, or has it
// open. It makes no file and changes none.
func ExamineSQLite(path string) gateway.Finding {
	path, err := filepath.Abs(path)
	if err != nil {
		return broken("mend ledger.sqlite", "%v", err)
	}
	folder := filepath.Dir(path)
	if f, missing := examineFolder(path, folder); missing || f.Grade == gateway.Broken {
		return f
	}
	switch held, err := isHeld(path + ".lock"); {
	case err != nil:
		return broken("make its files this user's", "%s cannot be looked at by this user (uid %d): %v", path, os.Geteuid(), err)
	case held:
		return well("%s is in use by a gateway (pid %s)", path, holder(path+".lock"))
	}
	return examineFile(path)
}

// examineFolder says whether the ledger's files can be made. The folder itself
// is made by the first start.
func examineFolder(path, folder string) (f gateway.Finding, missing bool) {
	const mend = "name a folder that this user may write to, for the ledger, its log and its lock lie there"
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return well("there is none yet; the first start makes %s", path), true
	case err != nil:
		return broken(mend, "%s: %v", folder, err), false
	case !info.IsDir():
		return broken(mend, "%s is no folder", folder), false
	case !mayWrite(folder):
		return broken(mend, "the folder %s is not writable for this user (uid %d)", folder, os.Geteuid()), false
	}
	return gateway.Finding{}, false
}

// sqliteMark begins every file of SQLite's.
const sqliteMark = "SQLite format 3\x00"

// examineFile looks at the beginning of the file alone: SQLite itself would make
// files beside it, even to read.
func examineFile(path string) gateway.Finding {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return well("there is none yet; the first start makes %s", path)
	}
	if err != nil {
		return broken("make it this user's", "%s cannot be read by this user (uid %d)", path, os.Geteuid())
	}
	defer file.Close()
	head := make([]byte, len(sqliteMark))
	if n, err := io.ReadFull(file, head); n > 0 && (err != nil || string(head) != sqliteMark) {
		return broken("restore it from a backup, or name another file", "%s is no ledger", path)
	}
	if !mayWrite(path) {
		return broken("make it this user's", "%s is not writable for this user (uid %d)", path, os.Geteuid())
	}
	return well("%s is there, and no gateway uses it", path)
}

// ExaminePostgres connects as a gateway would, for reading alone, and says
// whether the server keeps a ledger's promises. It makes no table.
func ExaminePostgres(ctx context.Context, url string) gateway.Finding {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// What the parser says may quote the password.
		return broken("write it as postgres://user:password@host:5432/database?sslmode=verify-full, with special characters of the password as %XX",
			"the URL of the PostgreSQL ledger cannot be read")
	}
	place := fmt.Sprintf("%s on %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
	version, err := schemaOf(ctx, config)
	if err != nil {
		mend := adviceOn(err)
		if mend == "" {
			mend = "mend the server or the URL; without a ledger no payment is taken"
		}
		return broken(mend, "%s: %v", place, err)
	}
	return judgeSchema(place, version)
}

// schemaOf is the number of migrations that the database has had, zero for none.
func schemaOf(ctx context.Context, config *pgx.ConnConfig) (version int, err error) {
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	defer connection.Close(context.WithoutCancel(ctx))
	if err := greet(ctx, connection, readerSettings); err != nil {
		return 0, err
	}
	var there bool
	if err := connection.QueryRow(ctx, `SELECT to_regclass('schema_version') IS NOT NULL`).Scan(&there); err != nil || !there {
		return 0, err
	}
	return version, connection.QueryRow(ctx, versionSQL).Scan(&version)
}

func judgeSchema(place string, version int) gateway.Finding {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	known := len(files)
	kept := place + ": fsync and synchronous_commit are on"
	switch {
	case err != nil:
		return broken("please report this", "%v", err)
	case version > known:
		return broken("start the newer program, or restore a backup made before the upgrade",
			"%s was written by a newer gateway (schema %d, this program knows %d)", place, version, known)
	case version == 0:
		return well("%s, and the first start makes the tables", kept)
	case version < known:
		return gateway.Finding{
			Grade: gateway.Doubtful, Tried: tried, Found: fmt.Sprintf("%s, its schema is %d of %d", kept, version, known),
			Mend: "the next start of this program changes the tables: take a backup before, since older programs then refuse them",
		}
	}
	return well("%s, its tables are this program's", kept)
}
