package sealing

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const secret = "a-password-of-the-test"

var home = Place{MerchantID: "main", LiveMode: true, Name: "paytrace-password", Number: 3}

func newKey(t *testing.T) (Key, string) {
	t.Helper()
	var b [keySize]byte
	rand.Read(b[:])
	text := base64.StdEncoding.EncodeToString(b[:])
	k, err := ParseKey(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return k, text
}

func TestASealedValueOpensAtItsPlaceAlone(t *testing.T) {
	k, _ := newKey(t)
	id, sealed, err := Keys{k}.Seal(home, secret)
	if err != nil {
		t.Fatal(err)
	}
	if value, err := (Keys{k}).Open(home, id, sealed); err != nil || value != secret {
		t.Errorf("at home it is %q, %v", value, err)
	}
	for name, move := range map[string]func(*Place){
		"another merchant": func(p *Place) { p.MerchantID = "other" },
		"the other mode":   func(p *Place) { p.LiveMode = false },
		"another name":     func(p *Place) { p.Name = "erp" },
		"an older number":  func(p *Place) { p.Number-- },
		"joined":           func(p *Place) { p.MerchantID, p.Name = `main",true,"paytrace`, "password" },
	} {
		place := home
		move(&place)
		if value, err := (Keys{k}).Open(place, id, sealed); !errors.Is(err, ErrUnopened) || value != "" {
			t.Errorf("at %s it is %q, %v", name, value, err)
		}
	}
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		if _, err := (Keys{k}).Open(home, id, bent); err == nil {
			t.Fatalf("it opens with byte %d bent", i)
		}
	}
	if bytes.Contains(sealed, []byte(secret)) {
		t.Error("the sealed value shows the secret")
	}
}

func TestTheFirstKeySealsAndEveryKeyOpens(t *testing.T) {
	old, _ := newKey(t)
	next, _ := newKey(t)
	id, sealed, err := Keys{old}.Seal(home, secret)
	if err != nil {
		t.Fatal(err)
	}
	both := Keys{next, old}
	if value, err := both.Open(home, id, sealed); err != nil || value != secret {
		t.Errorf("beside the new key it is %q, %v", value, err)
	}
	if newID, _, _ := both.Seal(home, secret); newID != next.ID() {
		t.Errorf("%s sealed, want the first, %s", newID, next.ID())
	}
	_, err = Keys{next}.Open(home, id, sealed)
	if err == nil || !strings.Contains(err.Error(), old.ID()) || !strings.Contains(err.Error(), next.ID()) {
		t.Errorf("without the old key: %v, want both named", err)
	}
	if _, _, err := (Keys{}).Seal(home, secret); err == nil {
		t.Error("something was sealed without a key")
	}
}

func TestAKeyIsNamedAndNeverQuoted(t *testing.T) {
	k, text := newKey(t)
	again, err := ParseKey(text)
	if err != nil || again.ID() != k.ID() || len(k.ID()) != 2*nameSize {
		t.Errorf("the key is named %s, then %s, %v", k.ID(), again.ID(), err)
	}
	if shown := fmt.Sprintf("%v %+v %#v", k, k, k); strings.Contains(shown, text) {
		t.Error("printing shows the key")
	}
	for _, bad := range []string{"", text[:40], text + "AAAA", "not base64 " + text, strings.Repeat("A", 43)} {
		if _, err := ParseKey(bad); err == nil || (bad != "" && strings.Contains(err.Error(), bad)) {
			t.Errorf("a key of %d characters: %v", len(bad), err)
		}
	}
}

// script writes a program for the shell.
func script(t *testing.T, lines string) []string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: a program for the shell was NOT run, Windows has none")
	}
	path := filepath.Join(t.TempDir(), "open-key")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

func TestAKeyComesFromACommandWhoseWordsAreShownNowhere(t *testing.T) {
	k, text := newKey(t)
	if got, err := KeyFrom(t.Context(), append(script(t, `printf '%s\n' "$1"`), text)); err != nil || got.ID() != k.ID() {
		t.Errorf("the key is %s, %v, want %s", got.ID(), err, k.ID())
	}
	for name, lines := range map[string]string{
		"fails":          "echo " + text + "; echo " + text + " >&2; exit 3",
		"says no key":    "echo hunter2-" + text,
		"says too much":  "yes " + text,
		"says nothing":   "true",
		"is not a shell": "nosuchprogram",
	} {
		_, err := KeyFrom(t.Context(), script(t, lines))
		if err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("one that %s: %v", name, err)
		}
	}
	if _, err := KeyFrom(t.Context(), []string{filepath.Join(t.TempDir(), "nowhere")}); err == nil {
		t.Error("a program that is not there gave a key")
	}
	if _, err := KeyFrom(t.Context(), nil); err == nil {
		t.Error("no command gave a key")
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := KeyFrom(done, script(t, "sleep 60")); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "within") {
		t.Errorf("a command whose caller has given up: %v", err)
	}
}
