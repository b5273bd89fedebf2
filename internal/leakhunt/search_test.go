package leakhunt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"paytrace-gateway/internal/services"
)

// belongs are the secrets that a place is there for: who must be shown a
// secret to let the gateway in is shown it.
var belongs = map[string][]string{
	toPayTrace: {"the password at PayTrace", "PayTrace's token", "of the hosted fields", "the ciphertext"},
	toOrg:      {"the org's"},
	toShop:     {"the shop's consumer key", "the shop's access token"},
	"traces":   {"the collector's key"},
}

// search looks through every place but the memory.
func (w *town) search() []Hit {
	w.t.Helper()
	w.scrape()
	s := NewScanner(w.cage.Canaries())
	var all []Hit
	var sizes []string
	found := func(place string, hits []Hit, size int64) {
		all, sizes = append(all, hits...), append(sizes, fmt.Sprintf("%s %s", place, amount(size)))
	}
	records := w.records.all()
	for _, place := range slices.Sorted(maps.Keys(records)) {
		found(place, s.Bytes(place, []byte(records[place])), int64(len(records[place])))
	}
	for i, g := range w.lives {
		for name, text := range map[string]string{"standard output": g.stdout.String(), "the log": g.stderr.String()} {
			place := fmt.Sprintf("%s of the gateway's life %d", name, i+1)
			found(place, s.Bytes(place, []byte(text)), int64(len(text)))
		}
	}
	w.searchRedis(s, found)
	w.searchLedger(s, found)
	w.searchArchive(s, found)
	w.t.Logf("searched for %d canaries in %s", len(w.cage.Canaries()), strings.Join(sizes, ", "))
	return slices.DeleteFunc(all, mayBe)
}

// toBeCharged begins the labels of cards that are given to the gateway in the
// clear, to be charged. At PayTrace they belong; all others belong nowhere.
const toBeCharged = "to be charged"

// mayBe says that something was found where it belongs.
func mayBe(h Hit) bool {
	if !strings.HasPrefix(h.Canary, string(Secret)) {
		return h.Place == toPayTrace && strings.Contains(h.Canary, " of "+toBeCharged)
	}
	return slices.ContainsFunc(belongs[h.Place], func(label string) bool { return strings.Contains(h.Canary, label) })
}

func amount(size int64) string {
	if size < 1<<20 {
		return fmt.Sprintf("%d KB", size>>10)
	}
	return fmt.Sprintf("%d MB", size>>20)
}

type finder func(place string, hits []Hit, size int64)

// scrape reads the metrics as a collector of them does.
func (w *town) scrape() {
	w.t.Helper()
	answer, err := client.Get("http://" + w.operators + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("no metrics: %d, %v", answer.StatusCode, err)
	}
	w.records.note(measured, string(text))
}

// searchRedis reads every key, as it is and as Redis would write it into a
// dump, and the file of all that was ever written.
func (w *town) searchRedis(s *Scanner, found finder) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	options, err := redis.ParseURL(w.redis.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	db := redis.NewClient(options)
	defer db.Close()
	var text strings.Builder
	keys := db.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		text.WriteString(keys.Val() + "\n" + readKey(ctx, w.t, db, keys.Val()) + "\n" + db.Dump(ctx, keys.Val()).Val() + "\n")
	}
	if err := keys.Err(); err != nil {
		w.t.Fatal(err)
	}
	found("Redis, its keys", s.Bytes("Redis, its keys", []byte(text.String())), int64(text.Len()))
	hits, size, err := s.Folder("Redis, its files", w.redis.Folder())
	if err != nil || size == 0 {
		w.t.Fatalf("the files of Redis: %d bytes, %v", size, err)
	}
	found("Redis, its files", hits, size)
}

// readKey is a key's value in words, whatever its type.
func readKey(ctx context.Context, t testing.TB, db *redis.Client, key string) string {
	t.Helper()
	var value any
	switch kind := db.Type(ctx, key).Val(); kind {
	case "string":
		return db.Get(ctx, key).Val()
	case "hash":
		value = db.HGetAll(ctx, key).Val()
	case "list":
		value = db.LRange(ctx, key, 0, -1).Val()
	case "set":
		value = db.SMembers(ctx, key).Val()
	case "zset":
		value = db.ZRange(ctx, key, 0, -1).Val()
	case "stream":
		value = db.XRange(ctx, key, "-", "+").Val()
	case "none":
	default:
		t.Fatalf("a key of Redis has the type %s, which nobody reads", kind)
	}
	return fmt.Sprint(value)
}

// searchLedger reads the ledger's files byte by byte, with what was written
// ahead, and PostgreSQL's rows too: it packs long ones.
func (w *town) searchLedger(s *Scanner, found finder) {
	w.t.Helper()
	folder := filepath.Join(w.folder, "data")
	if w.postgres != nil {
		place := "PostgreSQL, its rows"
		text := rowsOf(w.t, w.postgres)
		found(place, s.Bytes(place, []byte(text)), int64(len(text)))
		hits, size, err := s.Folder("PostgreSQL, its files", w.postgres.Data())
		if err != nil || size == 0 {
			w.t.Fatalf("the files of PostgreSQL: %d bytes, %v", size, err)
		}
		found("PostgreSQL, its files", hits, size)
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	hits, size, err := s.Folder("the ledger's folder", folder)
	if err != nil || (size == 0 && w.postgres == nil) {
		w.t.Fatalf("the ledger's folder: %d bytes, %v", size, err)
	}
	found("the ledger's folder", hits, size)
}

// rowsOf writes all that is in memory to the disk, and gives every row as text.
func rowsOf(t testing.TB, server *services.Server) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := pgx.Connect(ctx, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	if _, err := db.Exec(ctx, "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	column := func(question string) []string {
		rows, err := db.Query(ctx, question)
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	var text strings.Builder
	for _, table := range column("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'") {
		for _, row := range column("SELECT t::text FROM " + table + " t") {
			text.WriteString(row + "\n")
		}
	}
	return text.String()
}

// memory searches the gateway's memory, while it stands still.
func (w *town) memory(p *process, kinds ...Kind) []Hit {
	w.t.Helper()
	if err := pause(p); err != nil {
		w.t.Fatal(err)
	}
	defer resume(p)
	canaries := w.cage.Canaries(kinds...)
	hits, size, err := NewScanner(canaries).Memory("memory", p.cmd.Process.Pid)
	if errors.Is(err, errors.ErrUnsupported) {
		if os.Getenv(services.RequireVariable) == "1" {
			w.t.Fatal("this system does not show a process's memory")
		}
		w.t.Log("skipped: this system does not show a process's memory")
		return nil
	}
	if err != nil || size == 0 {
		w.t.Fatalf("the memory: %d bytes, %v", size, err)
	}
	w.t.Logf("searched %s of memory for %d canaries", amount(size), len(canaries))
	return hits
}

// wantNothing fails the test for every hit, in words that name no number.
func wantNothing(t testing.TB, hits []Hit) {
	t.Helper()
	const most = 60
	for i, h := range hits {
		if i == most {
			t.Errorf("and %d more", len(hits)-most)
			return
		}
		t.Errorf("leaked: %s", h)
	}
}
