package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

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
		return examineRoom(folder, well("%s is in use by a gateway (pid %s)", path, holder(path+".lock")))
	}
	return examineRoom(folder, examineFile(path))
}

// roomNeeded is what the ledger takes to show that it can write, with its log of
// that write.
const roomNeeded = 256 << 10

// examineRoom looks, where all else is well, whether the disk has room. A system
// that does not tell is believed to have it.
func examineRoom(folder string, otherwise gateway.Finding) gateway.Finding {
	free, err := roomIn(folder)
	if err != nil || otherwise.Grade != gateway.Well {
		return otherwise
	}
	return withRoom(folder, free, otherwise)
}

// withRoom says whether so many free bytes are enough for one more payment.
func withRoom(folder string, free uint64, otherwise gateway.Finding) gateway.Finding {
	if free < roomNeeded {
		return broken("free some space there, no restart is needed", "the disk of %s has %d KiB left; payments are refused meanwhile", folder, free>>10)
	}
	return otherwise
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
	switch n, err := io.ReadFull(file, head); {
	case n == 0 && errors.Is(err, io.EOF):
		return broken("mount its disk, or restore it from a backup; if no payment has ever been taken with it, remove it", "%s is there and empty, which no ledger is", path)
	case err != nil || string(head) != sqliteMark:
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
	place := placeOf(config)
	kept, err := stateOf(ctx, config)
	if err != nil {
		mend := adviceOn(err)
		if mend == "" {
			mend = "mend the server or the URL; without a ledger no payment is taken"
		}
		return broken(mend, "%s: %v", place, err)
	}
	if f := judgeSchema(place, kept.version); f.Grade == gateway.Broken || !kept.mayLose() {
		return f
	}
	return gateway.Finding{
		Grade: gateway.Doubtful, Tried: tried,
		Found: fmt.Sprintf("%s has %d standbys and waits for none: a failover loses the last payments, and their keys could be charged again", place, kept.standbys),
		Mend:  "set synchronous_standby_names, or do after each failover what docs/operating.md says under Replicas and failover",
	}
}

// state is what a server is looked at for.
type state struct {
	version  int // the number of migrations that the database has had, zero for none
	standbys int
	waits    bool // for one of them
}

func (s state) mayLose() bool { return s.standbys > 0 && !s.waits }

// standbysSQL counts what takes the log of the server. Every user may see that
// they are there.
const standbysSQL = `SELECT (SELECT COUNT(*) FROM pg_stat_replication), current_setting('synchronous_standby_names') <> ''`

func stateOf(ctx context.Context, config *pgx.ConnConfig) (s state, err error) {
	connection, err := connectToLook(ctx, config)
	if err != nil {
		return s, err
	}
	defer connection.Close(context.WithoutCancel(ctx))
	if err := connection.QueryRow(ctx, standbysSQL).Scan(&s.standbys, &s.waits); err != nil {
		return s, err
	}
	var there bool
	if err := connection.QueryRow(ctx, versionThereSQL).Scan(&there); err != nil || !there {
		return s, err
	}
	return s, connection.QueryRow(ctx, versionSQL).Scan(&s.version)
}

// connectToLook is a session for reading alone, at a server that keeps a ledger's
// promises.
func connectToLook(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := greet(ctx, connection, readerSettings); err != nil {
		connection.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return connection, nil
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
