package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"paytrace-gateway/gateway"
)

const (
	// MaxLifetime is the longest life of a token that can be configured.
	MaxLifetime = 24 * time.Hour
	// keptFor is how long a key is known after the next one has begun to sign. It
	// is above every token's life, whatever was configured when it was signed, by
	// what clocks may differ.
	keptFor = MaxLifetime + time.Hour
	// PublishFor is how long a new key is known before it signs: for all gateways
	// to read it, and for those who keep our published keys to ask again, which
	// they are told to do after five minutes.
	PublishFor = 15 * time.Minute
	// clocksDiffer is above what the clocks of two gateways may differ by: within it
	// a key signs at one that does not yet at another.
	clocksDiffer = time.Minute
	// maxKeys bounds the keys of a folder.
	maxKeys = 10
)

// ErrNoKeys is said of a folder without keys.
var ErrNoKeys = errors.New("no gateway has run with this configuration yet")

// KeyFolderConfig is what a KeyFolder needs.
type KeyFolderConfig struct {
	Path string
	// Every is the age at which the newest key gets a successor, 0 for never.
	Every time.Duration
	Now   func() time.Time
	Log   *slog.Logger
	// Trail keeps what people have changed; nil with a command, which has no
	// ledger.
	Trail gateway.AuditTrail
}

// KeyFolder is where the signing keys of one gateway lie, or of several that
// share the folder. What is so at any time follows from the files and the clock
// alone, so that all who look say the same.
type KeyFolder struct {
	KeyFolderConfig
	// Keys are those that were read last.
	Keys *Keys

	mu      sync.Mutex
	failing map[string]bool // what has failed, was said, and has not worked since
}

// NewKeyFolder makes a KeyFolder. It knows no keys until Load or Make.
func NewKeyFolder(c KeyFolderConfig) *KeyFolder {
	return &KeyFolder{KeyFolderConfig: c, Keys: &Keys{}, failing: map[string]bool{}}
}

// Make reads the keys, and makes the first one where there is none. Of two
// processes that make it at once both get the same key.
func (f *KeyFolder) Make() error {
	err := f.Load()
	if !errors.Is(err, ErrNoKeys) {
		return err
	}
	now := f.Now()
	if _, err := f.make(1, "the first start", now, now); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("signing key %s: %w", f.file(1), err)
	}
	return f.Load()
}

// Load reads the keys.
func (f *KeyFolder) Load() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	set, _, err := f.read()
	if err != nil {
		return err
	}
	f.Keys.set.Store(set)
	return nil
}

// List is all keys that are known, in the order in which they sign.
func (f *KeyFolder) List() []SigningKey { return slices.Clone(f.Keys.set.Load().keys) }

// Signer is the key that signs now.
func (f *KeyFolder) Signer() SigningKey { return f.Keys.signer(f.Now()) }

// KeptUntil is when the key is forgotten: some time after the next one has begun
// to sign, and never where there is no next one.
func (f *KeyFolder) KeptUntil(id string) time.Time {
	keys := f.Keys.set.Load().keys
	at := slices.IndexFunc(keys, func(k SigningKey) bool { return k.ID == id })
	if at < 0 || at+1 == len(keys) {
		return time.Time{}
	}
	return keys[at+1].SignsFrom.Add(keptFor)
}

// keyName is what keys are called. The first has the name from before there was
// a rotation.
var keyName = regexp.MustCompile(`^signing-key(?:-([0-9]{4}))?\.pem$`)

// numberOf is the number in a key's name, 1 where there is none.
func numberOf(file string) int {
	number, err := strconv.Atoi(keyName.FindStringSubmatch(filepath.Base(file))[1])
	if err != nil {
		return 1
	}
	return number
}

func (f *KeyFolder) file(number int) string {
	if number == 1 {
		return filepath.Join(f.Path, "signing-key.pem")
	}
	return filepath.Join(f.Path, fmt.Sprintf("signing-key-%04d.pem", number))
}

// read reads all keys that are not over, and the files of those that are.
func (f *KeyFolder) read() (set *keySet, over []string, err error) {
	keys, graves, err := f.readAll()
	if err != nil {
		return nil, nil, err
	}
	highest := highestNumber(keys, graves)
	for _, grave := range graves {
		// The last number that was given out is never given out again: a gateway that
		// is late would remove the new key as the grave that it saw.
		if grave.number != highest && !f.Now().Before(grave.RetiredAt.Add(keptFor)) {
			over = append(over, grave.File)
		}
	}
	slices.SortFunc(keys, func(a, b SigningKey) int {
		if order := a.SignsFrom.Compare(b.SignsFrom); order != 0 {
			return order
		}
		return a.number - b.number
	})
	for i := len(keys) - 1; i > 0; i-- {
		if !f.Now().Before(keys[i].SignsFrom.Add(keptFor)) {
			for _, key := range keys[:i] {
				over = append(over, key.File)
			}
			keys = keys[i:]
			break
		}
	}
	if set, err = newKeySet(keys); err == nil {
		set.graves = graves
	}
	return set, over, err
}

// readAll reads every key, and what is left of those that were removed.
func (f *KeyFolder) readAll() (keys, graves []SigningKey, err error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("signing keys: %w", err)
	}
	for _, entry := range entries {
		name := keyName.FindStringSubmatch(entry.Name())
		if name == nil {
			continue
		}
		key, err := readKey(filepath.Join(f.Path, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // another gateway has just removed it
		}
		if err != nil {
			return nil, nil, err
		}
		if name[1] != "" && key.private != nil && key.SignsFrom.IsZero() {
			return nil, nil, fmt.Errorf("signing key %s does not say when it signs: keys in this folder are made by `gateway keys rotate`; remove it", key.File)
		}
		key.number = numberOf(key.File)
		if key.private == nil {
			graves = append(graves, key)
		} else {
			keys = append(keys, key)
		}
	}
	switch {
	case len(keys) == 0:
		return nil, nil, fmt.Errorf("there is no signing key %s: %w", f.file(1), ErrNoKeys)
	case len(keys) > maxKeys:
		return nil, nil, fmt.Errorf("signing keys: %s holds %d of them, at most %d are taken", f.Path, len(keys), maxKeys)
	}
	return keys, graves, nil
}

// make makes the key with that number. It is an error, fs.ErrExist, where
// another process was faster.
func (f *KeyFolder) make(number int, by string, madeAt, signsFrom time.Time) (SigningKey, error) {
	private, err := GenerateKey()
	if err != nil {
		return SigningKey{}, err
	}
	key := SigningKey{
		File: f.file(number), MadeBy: by, private: private, ID: jwkOf(&private.PublicKey).KeyID,
		MadeAt: madeAt.UTC().Truncate(time.Second), SignsFrom: signsFrom.UTC().Truncate(time.Second),
	}
	return key, writeKey(key)
}

// Rotate makes a key that is published from now on, and signs in publishFor.
func (f *KeyFolder) Rotate(by string, publishFor time.Duration) (SigningKey, error) {
	if err := checkName(by); err != nil {
		return SigningKey{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	set, over, err := f.read()
	if err != nil {
		return SigningKey{}, err
	}
	now, newest := f.Now(), set.keys[len(set.keys)-1]
	if now.Before(newest.SignsFrom) {
		return SigningKey{}, fmt.Errorf("a rotation is under way: key %s signs from %s; wait, or retire it", newest.ID, newest.SignsFrom.UTC().Format(time.RFC3339))
	}
	if len(set.keys) >= maxKeys {
		return SigningKey{}, fmt.Errorf("there are %d signing keys, which is as many as there may be; retire one", len(set.keys))
	}
	key, err := f.make(f.next(set, over), by, now, now.Add(publishFor))
	if errors.Is(err, fs.ErrExist) {
		return SigningKey{}, fmt.Errorf("somebody else has just made a signing key; look at the list: %w", err)
	}
	if err != nil {
		return SigningKey{}, fmt.Errorf("signing key %s: %w", key.File, err)
	}
	return key, nil
}

// checkName says whether a file of lines can hold who decides.
func checkName(by string) error {
	if by == "" || len(by) > 100 || strings.ContainsFunc(by, unicode.IsControl) {
		return errors.New("who decides: expected 1 to 100 characters on one line")
	}
	return nil
}

// next is the number above all that there are.
func (f *KeyFolder) next(set *keySet, over []string) int {
	highest := highestNumber(set.keys, set.graves)
	for _, file := range over {
		highest = max(highest, numberOf(file))
	}
	return highest + 1
}

func highestNumber(keys, graves []SigningKey) (highest int) {
	for _, key := range slices.Concat(keys, graves) {
		highest = max(highest, key.number)
	}
	return highest
}

// Retire removes the key whose id begins so. One whose tokens may still be in
// use goes only with force, which refuses them; the one that signs never does.
func (f *KeyFolder) Retire(id, by string, force bool) (SigningKey, error) {
	if err := checkName(by); err != nil {
		return SigningKey{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	set, _, err := f.read()
	if err != nil {
		return SigningKey{}, err
	}
	key, err := set.named(id)
	if err != nil {
		return SigningKey{}, err
	}
	now, signer := f.Now(), set.signer(f.Now())
	if key.ID == signer.ID {
		return SigningKey{}, fmt.Errorf("key %s signs; make another one first, with `gateway keys rotate`, and wait until it signs", key.ID)
	}
	if !force && !now.Add(clocksDiffer).Before(key.SignsFrom) {
		return SigningKey{}, fmt.Errorf("tokens that key %s has signed may be in use, or it may be about to sign; it goes by itself, %s after the next one has begun to sign. "+
			"--now removes it at once, and its tokens are refused", key.ID, keptFor)
	}
	key.RetiredAt, key.RetiredBy = now.UTC().Truncate(time.Second), by
	if err := writeGrave(key); err != nil {
		return SigningKey{}, fmt.Errorf("signing key: %w", err)
	}
	return key, nil
}

// fewest is how much of an id has to be given.
const fewest = 6

func (s *keySet) named(id string) (SigningKey, error) {
	var found []SigningKey
	for _, key := range s.keys {
		if len(id) >= fewest && strings.HasPrefix(key.ID, id) {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		return SigningKey{}, fmt.Errorf("%d keys have an id that begins with %q; give at least %d characters of one that `gateway keys list` shows", len(found), id, fewest)
	}
	return found[0], nil
}
