package sealing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

const (
	// readEvery is how often the ledger is asked whether its secrets have changed,
	// and readWithin how long that may take: what is set at one gateway, every other
	// uses within the sum of both.
	readEvery  = 2 * time.Second
	readWithin = 2 * time.Second
	// MaxKept bounds the secrets of one merchant that are set.
	MaxKept = 100
)

// Use is a place of the configuration that takes a secret.
type Use struct {
	MerchantID string
	LiveMode   bool
	Name       string
	// Path says where in the configuration.
	Path string
	// Overlaps says that the value before is used beside the newest while a
	// rotation lasts.
	Overlaps bool
	// Fits says what is wrong with a value in that place, or nothing. It never
	// quotes it.
	Fits func(value string) string
}

func (u Use) ref() ref { return ref{u.MerchantID, u.LiveMode, u.Name} }

// ref names a secret.
type ref struct {
	merchantID string
	liveMode   bool
	name       string
}

func refOf(s gateway.SealedSecret) ref { return ref{s.MerchantID, s.LiveMode, s.Name} }

// Config is what a Keeper needs.
type Config struct {
	Store gateway.SecretStore
	Keys  Keys
	// Uses are all places that take a secret.
	Uses []Use
	Now  func() time.Time
	Log  *slog.Logger
}

// Keeper holds the secrets that are good now.
type Keeper struct {
	Config

	mu      sync.Mutex
	read    bool // whether the ledger has been read yet
	version int64
	away    bool // whether the last reading failed
	opened  map[ref][]value
	strange map[string]bool // what has been warned of
	watches []*watch
	// telling keeps one call of a watch at a time.
	telling sync.Mutex
}

// value is an opened value and when it ends. Of one without an end nothing is
// known yet.
type value struct {
	text  string
	until time.Time
}

// watch is somebody who wants to know of secrets that have changed.
type watch struct {
	of   []ref
	take func() error
	seen string // what was taken last
}

// NewKeeper makes a Keeper. It has no secrets until Load.
func NewKeeper(c Config) *Keeper {
	return &Keeper{Config: c, opened: map[ref][]value{}, strange: map[string]bool{}}
}

// Load reads the secrets, and refuses to go on without one that is used.
func (k *Keeper) Load(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	failed, err := k.refresh(ctx)
	if err != nil {
		return fmt.Errorf("the sealed secrets cannot be read: %w", err)
	}
	var faults []error
	for _, u := range k.Uses {
		newest, _ := k.values(u.ref())
		switch why, unopened := failed[u.ref()]; {
		case unopened:
			faults = append(faults, fmt.Errorf("%s is sealed as %s, which cannot be opened: %w", u.Path, u.Name, why))
		case newest == "":
			faults = append(faults, fmt.Errorf("%s is sealed as %s, which is not set; `gateway secrets set %s --merchant %s` sets it", u.Path, u.Name, u.Name, u.MerchantID))
		default:
			if fault := u.Fits(newest); fault != "" {
				faults = append(faults, fmt.Errorf("%s is sealed as %s, and %s", u.Path, u.Name, fault))
			}
		}
	}
	return errors.Join(faults...)
}

// Values are the newest value of a secret, and the one before it while that is
// good too. Of a secret that is not set both are empty.
func (k *Keeper) Values(merchantID string, liveMode bool, name string) (newest, before string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.values(ref{merchantID, liveMode, name})
}

func (k *Keeper) values(r ref) (newest, before string) {
	all := k.opened[r]
	if len(all) == 0 {
		return "", ""
	}
	newest = all[len(all)-1].text
	if len(all) > 1 && (all[0].until.IsZero() || k.Now().Before(all[0].until)) {
		before = all[0].text
	}
	return newest, before
}

// Watch has take called, one call at a time, whenever what is good of the named
// secrets has changed since it was last called, or since now.
func (k *Keeper) Watch(merchantID string, liveMode bool, names []string, take func() error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := &watch{take: take}
	for _, name := range names {
		w.of = append(w.of, ref{merchantID, liveMode, name})
	}
	w.seen = k.sight(w)
	k.watches = append(k.watches, w)
}

// sight is all that a watch looks at, in one text.
func (k *Keeper) sight(w *watch) (all string) {
	for _, r := range w.of {
		newest, before := k.values(r)
		all += newest + "\x00" + before + "\x00"
	}
	return all
}

// Run follows what other gateways and commands change, and the ends of values,
// until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	for {
		select {
		case <-time.After(readEvery):
		case <-ctx.Done():
			return
		}
		k.follow(ctx)
	}
}

// follow leaves things as they are when the ledger cannot be read: what was good
// is better than nothing.
func (k *Keeper) follow(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	k.mu.Lock()
	_, err := k.refresh(within)
	news := err != nil && !k.away && ctx.Err() == nil
	k.away = err != nil
	k.mu.Unlock()
	if news {
		k.Log.Warn("secrets.not_read", "error", err, "consequence", "what is rotated is not known here until the ledger can be read; the values from before are used")
	}
	k.tell()
}

// refresh puts what the ledger has in the place of what was known, if it has
// changed, and returns what could not be opened. Of that the value from before
// stays in use.
func (k *Keeper) refresh(ctx context.Context) (failed map[ref]error, err error) {
	// The version is read first: what changes in between is read again.
	version, err := k.Store.SealedSecretsVersion(ctx)
	if err != nil || (k.read && version == k.version) {
		return nil, err
	}
	all, bad, err := k.stored(ctx)
	if err != nil {
		return nil, err
	}
	opened, failed := make(map[ref][]value, len(all)), map[ref]error{}
	for _, one := range bad {
		s := gateway.SealedSecret{MerchantID: one.MerchantID, LiveMode: one.LiveMode, Name: one.ID}
		failed[refOf(s)] = one.Err
		k.warn(s, one.Err)
		opened[refOf(s)] = k.opened[refOf(s)]
	}
	for _, s := range all {
		values, err := k.open(s)
		if err != nil {
			failed[refOf(s)] = err
			k.warn(s, err)
			values = k.opened[refOf(s)]
		}
		opened[refOf(s)] = values
	}
	k.opened, k.read, k.version = opened, true, version
	return failed, nil
}

// stored are the secrets that can be read, and those that cannot. These keep
// nobody from the others.
func (k *Keeper) stored(ctx context.Context) ([]gateway.SealedSecret, gateway.UnreadableError, error) {
	all, err := k.Store.SealedSecrets(ctx)
	var bad gateway.UnreadableError
	if errors.As(err, &bad) {
		return all, bad, nil
	}
	return all, nil, err
}

func (k *Keeper) open(s gateway.SealedSecret) ([]value, error) {
	var values []value
	for _, v := range s.Values {
		text, err := k.Keys.Open(placeOf(s, v.Number), v.KeyID, v.Sealed)
		if err != nil {
			return nil, err
		}
		values = append(values, value{text, v.Until})
	}
	return values, nil
}

func placeOf(s gateway.SealedSecret, number int64) Place {
	return Place{MerchantID: s.MerchantID, LiveMode: s.LiveMode, Name: s.Name, Number: number}
}

// warn says once of each secret that it cannot be opened.
func (k *Keeper) warn(s gateway.SealedSecret, why error) {
	key := fmt.Sprint(refOf(s), s.Version)
	if k.strange[key] {
		return
	}
	k.strange[key] = true
	k.Log.Warn("secrets.not_opened", "secret", s.Name, "merchant", s.MerchantID, "reason", why.Error(), "consequence", "the value from before is used, if there is one")
}

// tell calls those whose secrets have changed. Who cannot take one keeps the
// value from before, and is told of the next.
func (k *Keeper) tell() {
	k.telling.Lock()
	defer k.telling.Unlock()
	for _, w := range k.changed() {
		var names []string
		for _, r := range w.of {
			names = append(names, r.name)
		}
		if err := w.take(); err != nil {
			k.Log.Warn("secrets.not_taken", "merchant", w.of[0].merchantID, "secrets", names, "error", err, "consequence", "the values from before stay in use")
			continue
		}
		k.Log.Info("secrets.taken", "merchant", w.of[0].merchantID, "secrets", names)
	}
}

// changed are the watches that have not seen what is good now, each once.
func (k *Keeper) changed() (all []*watch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, w := range k.watches {
		if sight := k.sight(w); sight != w.seen {
			w.seen = sight
			all = append(all, w)
		}
	}
	return all
}
