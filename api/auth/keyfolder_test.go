package auth

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// instance is a gateway on a folder that others share, with a clock that is late.
type instance struct {
	folder *KeyFolder
	config Config
	log    *bytes.Buffer
}

func newInstance(t *testing.T, path string, c *clock, late time.Duration) instance {
	t.Helper()
	in := instance{log: &bytes.Buffer{}}
	in.config, _ = testConfig(t)
	in.config.Now = func() time.Time { return c.now().Add(-late) }
	in.config.Lifetime = MaxLifetime
	in.folder = NewKeyFolder(KeyFolderConfig{
		Path: path, Every: 90 * 24 * time.Hour, Now: in.config.Now, Log: slog.New(slog.NewJSONHandler(in.log, nil)),
	})
	if err := in.folder.Make(); err != nil {
		t.Fatal(err)
	}
	in.config.Keys = in.folder.Keys
	return in
}

func keyFiles(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, %v; want 0600", entry.Name(), info.Mode(), err)
		}
	}
	return names
}

// Two gateways share a folder, and the clock of one is 20 seconds late. Each
// gives tokens all the time, which live for a day, while the key of 90 days gets
// its successor and goes. Each takes every one of them to its end.
func TestNoTokenIsRefusedWhileTheScheduleChangesKeys(t *testing.T) {
	path, c := t.TempDir(), &clock{at: today}
	one, two := newInstance(t, path, c, 0), newInstance(t, path, c, 20*time.Second)
	first := one.folder.Signer().ID
	c.advance(90*24*time.Hour - time.Minute)

	type given struct {
		token string
		until time.Time
	}
	var alive []given
	signers := map[string]bool{}
	begun := c.now()
	for step := 0; c.now().Sub(begun) < 26*time.Hour; step++ {
		wait := FollowEvery
		if c.now().Sub(begun) > 20*time.Minute {
			wait = 10 * time.Minute
		}
		c.advance(wait)
		// They read the folder one after the other, and in between a caller may
		// have a token of either.
		one.folder.Follow(t.Context())
		if step%2 == 0 {
			two.folder.Follow(t.Context())
		}
		for _, in := range []instance{one, two} {
			if step%3 == 0 {
				alive = append(alive, given{shopToken(t, in.config), in.config.Now().Add(MaxLifetime)})
			}
			signers[in.folder.Signer().ID] = true
			v := NewVerifier(in.config) // it has seen none of them
			for _, g := range alive {
				if in.config.Now().Before(g.until) {
					if _, err := v.Verify(g.token); err != nil {
						t.Fatalf("after %s a token is refused: %v", c.now().Sub(begun), err)
					}
				}
			}
		}
	}
	two.folder.Follow(t.Context())
	if files := keyFiles(t, path); len(signers) != 2 || len(files) != 1 || files[0] != "signing-key-0002.pem" {
		t.Errorf("%d keys have signed, and the files are %v; want two, and that of the second", len(signers), files)
	}
	if one.folder.Signer().ID == first || one.folder.Signer().ID != two.folder.Signer().ID {
		t.Error("the gateways do not sign with the one new key")
	}
	for _, in := range []instance{one, two} {
		for _, event := range []string{"\"key.published\"", "\"key.retired\""} {
			if n := strings.Count(in.log.String(), event); n != 1 {
				t.Errorf("%s is said %d times, want once: %s", event, n, in.log)
			}
		}
	}
}

// Others keep our published keys for five minutes: a key is among them for longer
// before it signs.
func TestAKeyIsPublishedBeforeItSigns(t *testing.T) {
	c := &clock{at: today}
	in := newInstance(t, t.TempDir(), c, 0)
	key, err := in.folder.Rotate("Ada Byron", PublishFor)
	if err != nil {
		t.Fatal(err)
	}
	in.folder.Follow(t.Context())
	c.advance(PublishFor - time.Second)
	if published := string(NewIssuer(in.config).JWKS()); !strings.Contains(published, key.ID) {
		t.Errorf("the published keys lack the new one: %s", published)
	}
	if in.folder.Signer().ID == key.ID {
		t.Error("the key signs before its time")
	}
	if _, err := in.folder.Rotate("Ada Byron", PublishFor); err == nil || !strings.Contains(err.Error(), "under way") {
		t.Errorf("a third key beside one that waits: %v", err)
	}
	c.advance(time.Second)
	if in.folder.Signer().ID != key.ID {
		t.Error("the key does not sign at its time")
	}
	if _, err := in.folder.Rotate("two\nlines", 0); err == nil {
		t.Error("a name of two lines was taken")
	}
}

func TestAKeyIsRetiredOnlyWhereItIsMeant(t *testing.T) {
	c := &clock{at: today}
	in := newInstance(t, t.TempDir(), c, 0)
	verifier, old := NewVerifier(in.config), shopToken(t, in.config)
	if _, err := verifier.Verify(old); err != nil {
		t.Fatal(err)
	}
	first := in.folder.Signer().ID
	refused := func(id string, force bool, want string) {
		t.Helper()
		if _, err := in.folder.Retire(id, "Ada Byron", force); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("retire %q: %v, want %q", id, err, want)
		}
	}
	refused(first, true, "signs; make another one")
	refused(first[:5], true, "at least 6 characters")
	refused("nothing", true, "0 keys")
	waiting, err := in.folder.Rotate("Ada Byron", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.folder.Retire(waiting.ID[:6], "Ada Byron", false); err != nil {
		t.Errorf("one that has signed nothing: %v", err)
	}
	if _, err := in.folder.Rotate("Ada Byron", 0); err != nil {
		t.Fatal(err)
	}
	in.folder.Follow(t.Context())
	refused(first, false, "may be in use")
	if _, err := in.folder.Retire(first, "Ada Byron", true); err != nil {
		t.Fatal(err)
	}
	in.folder.Follow(t.Context())
	// It is refused though it was seen to be good before.
	if _, err := verifier.Verify(old); err == nil || !strings.Contains(err.Error(), "unknown key") {
		t.Errorf("a token of a retired key: %v", err)
	}
	if _, err := verifier.Verify(shopToken(t, in.config)); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
}

// A gateway whose clock is ahead may sign with it already.
func TestAKeyThatIsAboutToSignIsNotRetiredLightly(t *testing.T) {
	c := &clock{at: today}
	in := newInstance(t, t.TempDir(), c, 0)
	waiting, err := in.folder.Rotate("Ada Byron", 2*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.advance(time.Minute)
	if _, err := in.folder.Retire(waiting.ID, "Ada Byron", false); err == nil || !strings.Contains(err.Error(), "about to sign") {
		t.Errorf("a minute before it signs: %v", err)
	}
	if _, err := in.folder.Retire(waiting.ID, "Ada Byron", true); err != nil {
		t.Errorf("with force: %v", err)
	}
}

// A gateway that is late removes what it saw as a grave: no live key may lie there.
func TestTheNumberOfAGraveIsNotGivenOutAgain(t *testing.T) {
	path, c := t.TempDir(), &clock{at: today}
	in := newInstance(t, path, c, 0)
	waiting, err := in.folder.Rotate("Ada Byron", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.folder.Retire(waiting.ID, "Ada Byron", false); err != nil {
		t.Fatal(err)
	}
	c.advance(keptFor)
	in.folder.Follow(t.Context())
	next, err := in.folder.Rotate("Ada Byron", 0)
	if err != nil {
		t.Fatal(err)
	}
	if next.File == waiting.File {
		t.Errorf("the next key lies in %s, as the one that was retired did", next.File)
	}
	in.folder.Follow(t.Context())
	if files := keyFiles(t, path); len(files) != 2 {
		t.Errorf("the files are %v: the grave goes once a higher number is given out", files)
	}
}

func TestProcessesThatMakeAKeyAtOnceMakeOne(t *testing.T) {
	path, c := t.TempDir(), &clock{at: today}
	var all sync.WaitGroup
	ids := make([]string, 4)
	folders := make([]*KeyFolder, len(ids))
	for i := range ids {
		all.Go(func() {
			folders[i] = NewKeyFolder(KeyFolderConfig{Path: path, Every: time.Hour, Now: c.now, Log: slog.New(slog.DiscardHandler)})
			if err := folders[i].Make(); err != nil {
				t.Error(err)
				return
			}
			ids[i] = folders[i].Signer().ID
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("the first keys are %v, want the same", ids)
		}
	}
	c.advance(time.Hour)
	for _, folder := range folders {
		all.Go(func() { folder.Follow(t.Context()) })
	}
	all.Wait()
	if files := keyFiles(t, path); len(files) != 2 {
		t.Errorf("the files are %v, want the first key and one more", files)
	}
}

// Whatever happens to the folder, a gateway goes on with the keys that it has.
func TestAFolderThatCannotBeReadChangesNothing(t *testing.T) {
	path, c := t.TempDir(), &clock{at: today}
	in := newInstance(t, path, c, 0)
	token := shopToken(t, in.config)
	broken := filepath.Join(path, "signing-key-0007.pem")
	for name, spoil := range map[string]func() error{
		"half a key": func() error { return os.WriteFile(broken, []byte("-----BEGIN PRIVATE KEY-----\nAAAA"), 0o600) },
		"a key for all": func() error {
			if err := os.Rename(filepath.Join(path, "signing-key.pem"), broken); err != nil {
				return err
			}
			return os.Chmod(broken, 0o644)
		},
		"a folder that is away": func() error { return os.Rename(path, path+".away") },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		in.log.Reset()
		in.folder.Follow(t.Context())
		in.folder.Follow(t.Context())
		if _, err := NewVerifier(in.config).Verify(token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := strings.Count(in.log.String(), "keys.not_read"); n != 1 {
			t.Errorf("%s is said %d times, want once: %s", name, n, in.log)
		}
		// As it was.
		_ = os.Rename(path+".away", path)
		if name == "a key for all" {
			_ = os.Chmod(broken, 0o600)
			_ = os.Rename(broken, filepath.Join(path, "signing-key.pem"))
		}
		_ = os.Remove(broken)
		in.folder.Follow(t.Context())
	}
	if err := in.folder.Load(); err != nil {
		t.Error(err)
	}
}

// A key from before there was a rotation, or one that a person has made, signs
// from the beginning. Others know no later one without its lines.
func TestAFileWithoutLinesIsTheFirstKey(t *testing.T) {
	path := t.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(gatewayKey())
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: pemPrivateKey, Bytes: der})
	put := func(name string) {
		if err := os.WriteFile(filepath.Join(path, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("signing-key.pem")
	put("signing-key.pem.12.new")
	c := &clock{at: today}
	in := newInstance(t, path, c, 0)
	if id := in.folder.Signer().ID; id != jwkOf(&gatewayKey().PublicKey).KeyID {
		t.Errorf("the signer is %s", id)
	}
	if _, err := NewVerifier(in.config).Verify(shopToken(t, in.config)); err != nil {
		t.Error(err)
	}
	put("signing-key-0003.pem")
	if err := in.folder.Load(); err == nil || !strings.Contains(err.Error(), "does not say when it signs") {
		t.Errorf("a later key without its lines: %v", err)
	}
}

// Nothing that is said of keys says anything of their private half.
func TestNoPrivateHalfIsShown(t *testing.T) {
	in := newInstance(t, t.TempDir(), &clock{at: today}, 0)
	if _, err := in.folder.Rotate("Ada Byron", 0); err != nil {
		t.Fatal(err)
	}
	in.folder.Follow(t.Context())
	shown, err := json.Marshal(in.folder.List())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range in.folder.List() {
		for _, factor := range key.private.Primes {
			for _, text := range []string{string(shown), in.log.String(), string(in.folder.Keys.JWKS())} {
				if strings.Contains(text, factor.String()) || strings.Contains(text, "PRIVATE") {
					t.Errorf("a factor of the key is shown: %s", text)
				}
			}
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	in := newInstance(t, t.TempDir(), &clock{at: today}, 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in.folder.Run(ctx)
}

// book is an audit trail in memory, which two gateways share.
type book struct {
	gateway.AuditTrail
	records []gateway.AuditRecord
	entries []gateway.AuditEntry
	away    error
}

func (b *book) Audit(_ context.Context, r gateway.AuditRecord) error {
	if b.away != nil {
		return b.away
	}
	body, err := json.Marshal(r)
	b.records, b.entries = append(b.records, r), append(b.entries, gateway.AuditEntry{Body: string(body)})
	return err
}

func (b *book) LatestAuditEntries(context.Context, int64, int) ([]gateway.AuditEntry, error) {
	return b.entries, b.away
}

// Of two gateways on a folder and a ledger, one keeps what a person has done, and
// what the schedule has.
func TestWhatIsDoneToKeysIsRecordedOnce(t *testing.T) {
	path, c, trail := t.TempDir(), &clock{at: today}, &book{}
	one, two := newInstance(t, path, c, 0), newInstance(t, path, c, 0)
	one.folder.Trail, two.folder.Trail = trail, trail
	first := one.folder.Signer().ID
	follow := func() { one.folder.Follow(t.Context()); two.folder.Follow(t.Context()) }
	made, err := one.folder.Rotate("Ada Byron", 0)
	if err != nil {
		t.Fatal(err)
	}
	follow()
	if _, err := two.folder.Retire(first, "Grace Hopper", true); err != nil {
		t.Fatal(err)
	}
	follow()
	c.advance(90 * 24 * time.Hour)
	follow() // makes the next one
	follow() // sees it
	type said struct{ action, person, subject string }
	var got []said
	for _, r := range trail.records {
		got = append(got, said{string(r.Action), r.Actor.Person, r.Subject.ID})
	}
	want := []said{
		{"signing_key.published", "Ada Byron", made.ID}, {"signing_key.retired", "Grace Hopper", first},
		{"signing_key.published", "", one.folder.List()[1].ID},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the records are %v, want %v", got, want)
	}
	if files := keyFiles(t, path); len(files) != 2 {
		t.Errorf("the files are %v: what is left of a retired key goes too", files)
	}
	trail.away = errors.New("the ledger is away")
	if _, err := one.folder.Retire(one.folder.List()[1].ID, "Ada Byron", false); err != nil {
		t.Fatal(err)
	}
	one.folder.Follow(t.Context())
	if !strings.Contains(one.log.String(), "keys.not_recorded") {
		t.Errorf("nobody is told that the trail lacks a change: %s", one.log)
	}
}
