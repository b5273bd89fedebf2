package leakhunt

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// holdVariable has a process of this test keep a text and do nothing else.
const holdVariable = "HUNT_HOLD"

// hold writes a text, keeps another in its heap alone, and waits for its end.
func hold() int {
	number := os.Getenv(holdVariable)
	// What is kept differs from what was handed in, and is there before anybody looks.
	kept := grouped(number, "-")
	fmt.Println("standard output has " + number)
	fmt.Fprintln(os.Stderr, "the log has "+number)
	_, _ = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(kept)
	return 0
}

// TestAPlantedLeakIsFoundInEveryPlace puts a card into each place by that
// place's own road. A reader that does not find it would find no leak either.
func TestAPlantedLeakIsFoundInEveryPlace(t *testing.T) {
	t.Parallel()
	onEveryLedger(t, quietly, func(t *testing.T, w *town) {
		wantNothing(t, w.search())
		p := planter{w, t, map[string]string{}}
		p.neighbours()
		p.redis()
		p.ledger()
		p.archive()
		p.process()
		p.commands()
		hits := w.search()
		for label, place := range p.planted {
			found := false
			for _, h := range hits {
				found = found || (strings.HasPrefix(h.Place, place) && strings.Contains(h.Canary, label))
			}
			if !found {
				t.Errorf("the card in %s was not found in %q", label, place)
			}
		}
		t.Logf("%d planted cards are found", len(p.planted))
	})
}

type planter struct {
	w       *town
	t       *testing.T
	planted map[string]string // by label, the place
}

func (p *planter) card(label, place string) string {
	p.planted[label] = place
	return p.w.cage.Card(label)
}

func (p *planter) neighbours() {
	for place, n := range map[string]*neighbour{toERP: p.w.erp, toOrg: p.w.org, toShop: p.w.shop, toPayTrace: p.w.paytrace, "traces": p.w.collector} {
		n.instead("", 3, says(200, "text/plain", ""))
		post := func(header, body string) {
			request := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
			request.Header.Set("X-Card", header)
			n.ServeHTTP(httptest.NewRecorder(), request)
		}
		post(p.card("a header in "+place, place), `{"a":"`+p.card("a body in "+place, place)+`"}`)
		request := httptest.NewRequest(http.MethodPost, "/"+p.card("a path in "+place, place), nil)
		n.ServeHTTP(httptest.NewRecorder(), request)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write([]byte(p.card("a packed body in "+place, place)))
		_ = z.Close()
		request = httptest.NewRequest(http.MethodPost, "/x", &packed)
		request.Header.Set("Content-Encoding", "gzip")
		n.ServeHTTP(httptest.NewRecorder(), request)
	}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Card", p.card("a header of an answer", answered))
		_, _ = io.WriteString(w, `card_total{n="`+p.card("an answer's body", answered)+`"} 1`)
	}))
	defer echo.Close()
	listen := p.w.listen
	p.w.listen = strings.TrimPrefix(echo.URL, "http://")
	p.w.send(call{method: http.MethodGet, path: "/"})
	p.w.listen = listen
	metrics := p.card("a label of the metrics", measured)
	said := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `card_total{n="`+metrics+`"} 1`)
	}))
	defer said.Close()
	operators := p.w.operators
	p.w.operators = strings.TrimPrefix(said.URL, "http://")
	p.w.scrape()
	p.w.operators = operators
}

func (p *planter) redis() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	options, err := redis.ParseURL(p.w.redis.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	db := redis.NewClient(options)
	defer db.Close()
	const keys, files = "Redis, its keys", "Redis, its files"
	for _, err := range []error{
		db.Set(ctx, "planted:"+p.card("a key's name", keys), 1, 0).Err(),
		// Long texts that repeat themselves are packed in a dump.
		db.Set(ctx, "planted:string", strings.Repeat("a", 500)+p.card("a string", keys), 0).Err(),
		db.HSet(ctx, "planted:hash", p.card("a field of a hash", keys), p.card("a value of a hash", keys)).Err(),
		db.RPush(ctx, "planted:list", p.card("a list", keys)).Err(),
		db.SAdd(ctx, "planted:set", p.card("a set", keys)).Err(),
		db.SAdd(ctx, "planted:numbers", p.card("a set of numbers", keys)).Err(),
		db.ZAdd(ctx, "planted:zset", redis.Z{Member: p.card("a sorted set", keys)}).Err(),
		db.XAdd(ctx, &redis.XAddArgs{Stream: "planted:stream", Values: []string{"card", p.card("a stream", keys)}}).Err(),
		db.Set(ctx, "planted:gone", p.card("a key that is gone", files), 0).Err(),
		db.Del(ctx, "planted:gone").Err(),
	} {
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// ledger writes rows, some of which are deleted before anybody looks.
func (p *planter) ledger() {
	db := p.w.openLedger()
	defer db.Close()
	rows, files := "the ledger's folder", "the ledger's folder"
	if p.w.postgres != nil {
		rows, files = "PostgreSQL, its rows", "PostgreSQL, its files"
	}
	p.rows(func(question string) error { _, err := db.Exec(question); return err }, rows, files)
}

func (p *planter) rows(exec func(string) error, rows, files string) {
	gone := p.card("a row that is gone", files)
	for _, question := range []string{
		"CREATE TABLE planted (body text, number bigint)",
		"INSERT INTO planted (body) VALUES ('" + p.card("a row", rows) + "')",
		"INSERT INTO planted (body) VALUES ('" + strings.Repeat("abc", 2000) + p.card("a long row", rows) + "')",
		"INSERT INTO planted (number) VALUES (" + p.w.cage.Visa(p.label("a row of numbers", files)) + ")",
		"INSERT INTO planted (body) VALUES ('" + gone + "')",
		"DELETE FROM planted WHERE body = '" + gone + "'",
	} {
		if err := exec(question); err != nil {
			p.t.Fatalf("a row cannot be planted: %v", err)
		}
	}
}

func (p *planter) label(label, place string) string {
	p.planted[label] = place
	return label
}

// process keeps a card in the output and the heap of a process, which stands
// for a gateway.
func (p *planter) process() {
	number := p.w.cage.Visa("a process")
	p.planted["a process"] = "the log of the gateway's life 2"
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"="+number)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	held := launch(p.t, cmd)
	defer stdin.Close()
	eventually(p.t, "the process has spoken", func() bool { return strings.Contains(held.stderr.String(), number) })
	p.w.lives = append(p.w.lives, held)
	forms := map[string]bool{}
	for _, h := range p.w.memory(held) {
		forms[h.Form] = true
	}
	if runtime.GOOS == "linux" && !forms["dashed"] {
		p.t.Errorf("what a process keeps in its heap alone is not found: %v", forms)
	}
}

// commands has a command print a card that nobody takes for one, since it
// touches a letter.
func (p *planter) commands() {
	content, err := os.ReadFile(p.w.config)
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(p.t.TempDir(), "gateway.yaml")
	p.w.write(path, strings.Replace(string(content), "channel: shop", "channel: x"+p.card("a command's output", commanded)+"x", 1))
	p.w.operate("config", "show", "--config", path)
}
