package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kidOf is the key that has signed the token.
func kidOf(t *testing.T, token string) string {
	t.Helper()
	encoded, _, _ := strings.Cut(token, ".")
	header, err := base64.RawURLEncoding.DecodeString(encoded)
	var said struct{ Kid string }
	if err != nil || json.Unmarshal(header, &said) != nil {
		t.Fatalf("no token: %v", err)
	}
	return said.Kid
}

// keys runs a command about keys that has to go well.
func (s *serving) keys(args ...string) string {
	s.t.Helper()
	f := s.onFolder(args...)
	if f.code != 0 {
		s.t.Fatalf("gateway keys %s: %s%s", strings.Join(args, " "), f.stdout, f.stderr)
	}
	return f.stdout
}

// onFolder runs a command about keys, which calls no gateway.
func (s *serving) onFolder(args ...string) finished {
	s.t.Helper()
	cmd := command("gateway", append(append([]string{"keys"}, args...), "--config", s.config)...)
	cmd.Env = append(cmd.Env, shopEnvironment...)
	return finish(s.t, cmd)
}

// Tokens are fetched, and payments looked for, all the time, while the key that
// signs them is changed by command and the old one goes.
func TestNothingIsRefusedWhileASigningKeyIsRotated(t *testing.T) {
	t.Parallel()
	s, paytrace, old := serve(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan string, 1)
	go func() {
		for ctx.Err() == nil {
			if a := openShop(t, s.address, shopID, shopSecret).byKey("none"); a.httpStatus != http.StatusNotFound {
				ended <- "a look with a new token is answered " + a.tells()
				return
			}
			if a := old.byKey("none"); a.httpStatus != http.StatusNotFound {
				ended <- "a look with the old token is answered " + a.tells()
				return
			}
		}
		ended <- ""
	}()
	first := kidOf(t, old.token)
	if printed := s.keys("rotate", "--publish-for", "0s", "--by", "Ada Byron"); !strings.Contains(printed, "key "+first+" is kept until") {
		t.Errorf("rotate prints: %s", printed)
	}
	var renewed *shop
	eventually(t, "the new key signs", func() bool {
		renewed = openShop(t, s.address, shopID, shopSecret)
		return kidOf(t, renewed.token) != first || len(ended) > 0
	})
	want(t, "a sale with a token of the new key", renewed.pay("sale", "new", paytrace.hostedFields(), 0), "201 approved")
	want(t, "a look with one of the old", old.byKey("new"), "200 approved")
	stop()
	if refused := <-ended; refused != "" {
		t.Fatal(refused)
	}
	list := s.keys("list")
	for _, word := range []string{first, kidOf(t, renewed.token), "signs", "kept", "Ada Byron", "signing-key-0002.pem"} {
		if !strings.Contains(list, word) {
			t.Errorf("the list lacks %q:\n%s", word, list)
		}
	}
	if f := s.onFolder("retire", first[:8]); f.code != 1 || !strings.Contains(f.stderr, "may be in use") {
		t.Errorf("the old key goes before its time: %+v", f)
	}
	s.keys("retire", first[:8], "--now")
	eventually(t, "the old token is refused", func() bool { return old.byKey("new").httpStatus == http.StatusUnauthorized })
	want(t, "a look with one of the new", renewed.byKey("new"), "200 approved")
	// The commands of an operator sign with the new key too.
	if f := s.operate("clients", "list"); f.code != 0 {
		t.Errorf("gateway clients list: %+v", f)
	}
	for _, text := range []string{list, s.stderr.String()} {
		if strings.Contains(text, "PRIVATE") {
			t.Errorf("a key is shown: %s", text)
		}
	}
}

// A second gateway on the ledger shares the folder: it takes the tokens of the
// first one's new key.
func TestGatewaysThatShareTheFolderTakeEachOthersTokens(t *testing.T) {
	t.Parallel()
	s, _, shop := serve(t)
	s.stop()
	other := configure(t, "127.0.0.1:9")
	folder := filepath.Join(s.folder, "data")
	publicURL := url.URL{Scheme: "http", Host: s.address}
	for _, g := range []*serving{s, other} {
		g.rewrite("dataDir: data", "dataDir: data\nsigningKeyFolder: "+folder+"\npublicURL: "+publicURL.String())
		g.start()
	}
	beside := *shop
	beside.base = "http://" + other.address
	want(t, "a token of the first key", beside.byKey("none"), "404 not_found")
	s.keys("rotate", "--publish-for", "0s")
	eventually(t, "the other gateway signs with the new key, and the first takes it", func() bool {
		renewed := openShop(t, other.address, shopID, shopSecret)
		here := *renewed
		here.base = "http://" + s.address
		return kidOf(t, renewed.token) != kidOf(t, shop.token) && here.byKey("none").httpStatus == http.StatusNotFound
	})
	want(t, "a token of the first key", beside.byKey("none"), "404 not_found")
	if files, err := filepath.Glob(filepath.Join(other.folder, "data", "signing-key*")); err != nil || len(files) != 0 {
		t.Errorf("the other gateway has keys of its own: %v, %v", files, err)
	}
}

func TestCommandsAboutKeysSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := configure(t, "127.0.0.1:9")
	wrong := func(words string, args ...string) {
		t.Helper()
		if f := s.onFolder(args...); f.code != 1 || !strings.Contains(f.stderr, words) {
			t.Errorf("gateway keys %v: %+v, want %q", args, f, words)
		}
	}
	wrong("no gateway has run with this configuration yet", "list")
	if err := os.MkdirAll(filepath.Join(s.folder, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	wrong("no gateway has run with this configuration yet", "list")
	wrong("expected a time from 0 to 24h", "rotate", "--publish-for", "25h")
}
