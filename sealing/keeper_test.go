package sealing

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
)

// shelf is a store in memory.
type shelf struct {
	mu   sync.Mutex
	all  map[ref]gateway.SealedSecret
	away error
	// records are those of all decisions.
	records []gateway.AuditRecord
}

func (s *shelf) SealedSecrets(context.Context) (all []gateway.SealedSecret, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.all {
		secret.Values = slices.Clone(secret.Values)
		all = append(all, secret)
	}
	slices.SortFunc(all, func(a, b gateway.SealedSecret) int {
		return cmp.Or(strings.Compare(a.MerchantID, b.MerchantID), strings.Compare(a.Name, b.Name))
	})
	return all, s.away
}

func (s *shelf) SealedSecretsVersion(context.Context) (sum int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.all {
		sum += secret.Version
	}
	return sum, s.away
}

func (s *shelf) SaveSealedSecrets(_ context.Context, all []gateway.SealedSecret, records []gateway.AuditRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range all {
		if s.all[refOf(secret)].Version != secret.Version-1 {
			return gateway.ErrStale
		}
	}
	for _, secret := range all {
		s.all[refOf(secret)] = secret
	}
	s.records = append(s.records, records...)
	return s.away
}

// lines is a log that can be read.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// desk is a keeper with a person before it.
type desk struct {
	*Keeper
	t   *testing.T
	log *lines
}

// uses are a password, which is used alone, and a webhook, whose old secret signs
// beside the new one.
func uses() []Use {
	short := func(value string) string {
		if len(value) < 4 {
			return "it is too short"
		}
		return ""
	}
	return []Use{
		{MerchantID: "main", Name: "password", Path: "paytrace.password", Fits: short},
		{MerchantID: "main", Name: "erp", Path: "webhooks[0].secret", Overlaps: true, Fits: short},
	}
}

func newDesk(t *testing.T, store gateway.SecretStore, keys Keys) *desk {
	log := &lines{}
	return &desk{t: t, log: log, Keeper: NewKeeper(Config{
		Store: store, Keys: keys, Uses: uses(), Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil)),
	})}
}

func newShelf() *shelf { return &shelf{all: map[ref]gateway.SealedSecret{}} }

func someKeys(t *testing.T) Keys {
	k, _ := newKey(t)
	return Keys{k}
}

// give does an act with values, as the command does: pairs of name and value.
func (d *desk) give(act Act, oldFor time.Duration, pairs ...string) error {
	d.t.Helper()
	c := Change{Act: act, MerchantID: "main", OldFor: oldFor, By: gateway.Actor{Client: "operator:ada"}}
	known, err := d.List(d.t.Context(), "main", false)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		number := int64(1)
		for _, k := range known {
			if k.Name == pairs[i] {
				number = k.LastNumber + 1
			}
		}
		drawn := Drawn{Name: pairs[i], Number: number}
		if act == Set || act == Rotate {
			if c.KeyID, drawn.Sealed, err = d.Keys.Seal(Place{MerchantID: "main", Name: pairs[i], Number: number}, pairs[i+1]); err != nil {
				d.t.Fatal(err)
			}
		}
		c.Secrets = append(c.Secrets, drawn)
	}
	_, err = d.Make(d.t.Context(), c)
	return err
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) want(name, newest, before string) {
	d.t.Helper()
	if a, b := d.Values("main", false, name); a != newest || b != before {
		d.t.Errorf("%s is %q and %q, want %q and %q", name, a, b, newest, before)
	}
}

func (d *desk) refused(err error, code gateway.Code) {
	d.t.Helper()
	var refusal *gateway.Error
	if !errors.As(err, &refusal) || refusal.Code != code {
		d.t.Errorf("refused with %v, want %s", err, code)
	}
}

func TestTheLifeOfASecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		d := newDesk(t, store, someKeys(t))
		d.refused(d.give(Rotate, 0, "erp", "first"), gateway.CodeNotFound)
		d.must(d.give(Set, 0, "erp", "first"))
		d.want("erp", "first", "")
		d.refused(d.give(Set, 0, "erp", "again"), gateway.CodeSecretExists)
		d.must(d.give(Rotate, time.Hour, "erp", "second"))
		d.want("erp", "second", "first")
		d.refused(d.give(Rotate, time.Hour, "erp", "third"), gateway.CodeNotRotatable)
		time.Sleep(time.Hour)
		d.want("erp", "second", "")
		d.must(d.give(Rotate, time.Hour, "erp", "third"))
		d.must(d.give(Finish, 0, "erp", ""))
		d.want("erp", "third", "")
		d.refused(d.give(Finish, 0, "erp", ""), gateway.CodeNotRotatable)
		// What has become known to others leaves at once.
		d.must(d.give(Rotate, 0, "erp", "fourth"))
		d.want("erp", "fourth", "")
		d.refused(d.give(Remove, 0, "erp", ""), gateway.CodeSecretInUse)
		d.must(d.give(Set, 0, "unused", "value"))
		d.must(d.give(Remove, 0, "unused", ""))
		d.want("unused", "", "")
		d.must(d.give(Set, 0, "unused", "later"))
		d.want("unused", "later", "")
		var decided []string
		for _, r := range store.records {
			decided = append(decided, string(r.Action)+" "+r.Subject.ID)
		}
		if want := []string{"secret.set erp", "secret.rotated erp", "secret.rotated erp", "secret.rotation_finished erp", "secret.rotated erp",
			"secret.set unused", "secret.removed unused", "secret.set unused"}; !slices.Equal(decided, want) {
			t.Errorf("the records are %q, want %q", decided, want)
		}
		for _, value := range []string{"first", "second", "third", "fourth", "later"} {
			if strings.Contains(d.log.String()+fmt.Sprint(store.records), value) {
				t.Errorf("the log or the trail shows %s", value)
			}
		}
	})
}

func TestAPasswordIsReplacedAtOnce(t *testing.T) {
	d := newDesk(t, newShelf(), someKeys(t))
	d.must(d.give(Set, 0, "password", "first"))
	d.must(d.give(Rotate, time.Hour, "password", "second"))
	d.want("password", "second", "")
}

func TestAChangeIsRefused(t *testing.T) {
	d := newDesk(t, newShelf(), someKeys(t))
	d.must(d.give(Set, 0, "password", "first", "erp", "first"))
	d.refused(d.give(Rotate, 0, "password", "abc"), codeInvalidRequest)
	d.refused(d.give(Rotate, 0, "password", " blank"), codeInvalidRequest)
	d.refused(d.give(Rotate, 0, "password", "a\x00b-and-more"), codeInvalidRequest)
	d.refused(d.give(Rotate, 0, "password", "second", "password", "third"), codeInvalidRequest)
	// Of two, one of which is refused, none is changed.
	d.refused(d.give(Rotate, 0, "password", "second", "nobody", "second"), gateway.CodeNotFound)
	d.want("password", "first", "")

	keyID, sealed, err := d.Keys.Seal(Place{MerchantID: "main", Name: "erp", Number: 2}, "stolen")
	d.must(err)
	moved := Change{Act: Rotate, MerchantID: "main", KeyID: keyID, Secrets: []Drawn{{Name: "password", Number: 2, Sealed: sealed}}}
	_, err = d.Make(t.Context(), moved)
	d.refused(err, codeInvalidRequest)
	if strings.Contains(err.Error(), "stolen") {
		t.Error("the refusal quotes the value")
	}
	keyID, sealed, err = d.Keys.Seal(Place{MerchantID: "main", Name: "password", Number: 4}, "early")
	d.must(err)
	_, err = d.Make(t.Context(), Change{Act: Rotate, MerchantID: "main", KeyID: keyID, Secrets: []Drawn{{Name: "password", Number: 4, Sealed: sealed}}})
	d.refused(err, gateway.CodeInProgress)

	bare := newDesk(t, newShelf(), nil)
	_, err = bare.Make(t.Context(), Change{Act: Remove, MerchantID: "main", Secrets: []Drawn{{Name: "password"}}})
	bare.refused(err, gateway.CodeNoSealingKey)
}

func TestAMerchantHasABoundedNumberOfSecrets(t *testing.T) {
	store := newShelf()
	d := newDesk(t, store, someKeys(t))
	for i := range MaxKept {
		s := gateway.SealedSecret{MerchantID: "main", Name: "s" + string(rune('a'+i/26)) + string(rune('a'+i%26)), Values: make([]gateway.SealedValue, 1), Version: 1}
		store.all[refOf(s)] = s
	}
	d.refused(d.give(Set, 0, "password", "first"), gateway.CodeTooManySecrets)
}

func TestEveryGatewayOnTheLedgerTakesANewValueWithinFourSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, keys := newShelf(), someKeys(t)
		here, there := newDesk(t, store, keys), newDesk(t, store, keys)
		here.must(here.give(Set, 0, "password", "first", "erp", "first"))
		there.must(there.Load(t.Context()))
		taken := make(chan string, 10)
		there.Watch("main", false, []string{"password", "erp"}, func() error {
			newest, _ := there.Values("main", false, "password")
			taken <- newest
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go there.Run(ctx)
		time.Sleep(time.Minute)
		here.must(here.give(Rotate, time.Minute, "password", "second", "erp", "second"))
		here.want("password", "second", "")
		time.Sleep(readEvery + readWithin)
		synctest.Wait()
		there.want("erp", "second", "first")
		if len(taken) != 1 || <-taken != "second" {
			t.Error("the adapter did not take both changes at once")
		}
		// The end of a value is news too.
		time.Sleep(time.Minute)
		synctest.Wait()
		if there.want("erp", "second", ""); len(taken) != 1 {
			t.Errorf("the adapter was told %d times of the old value's end", len(taken))
		}
	})
}

func TestWithoutTheLedgerTheValuesFromBeforeAreUsedAndSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		d := newDesk(t, store, someKeys(t))
		d.must(d.give(Set, 0, "password", "first"))
		store.mu.Lock()
		store.away = errors.New("the ledger is away")
		store.mu.Unlock()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go d.Run(ctx)
		time.Sleep(time.Minute)
		d.want("password", "first", "")
		if n := strings.Count(d.log.String(), "secrets.not_read"); n != 1 {
			t.Errorf("the outage was said %d times", n)
		}
	})
}

func TestAnAdapterThatCannotTakeAValueIsSaidSo(t *testing.T) {
	d := newDesk(t, newShelf(), someKeys(t))
	d.must(d.give(Set, 0, "password", "first"))
	d.Watch("main", false, []string{"password"}, func() error { return errors.New("no such user") })
	d.must(d.give(Rotate, 0, "password", "second"))
	if !strings.Contains(d.log.String(), "secrets.not_taken") {
		t.Errorf("the log is %s", d.log)
	}
}

func TestLoadNamesEverySecretThatIsLacking(t *testing.T) {
	store, keys := newShelf(), someKeys(t)
	d := newDesk(t, store, keys)
	err := d.Load(t.Context())
	for _, words := range []string{"paytrace.password is sealed as password, which is not set", "webhooks[0].secret is sealed as erp"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("with none: %v, want %s", err, words)
		}
	}
	d.must(d.give(Set, 0, "password", "first", "erp", "first"))
	d.must(newDesk(t, store, keys).Load(t.Context()))
	other := newDesk(t, store, someKeys(t))
	if err := other.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be opened") || !strings.Contains(err.Error(), keys[0].ID()) {
		t.Errorf("with another key: %v", err)
	}
}

func TestTheMasterKeyIsRotatedWhileBothAreThere(t *testing.T) {
	store, old, next := newShelf(), someKeys(t), someKeys(t)
	d := newDesk(t, store, old)
	d.must(d.give(Set, 0, "password", "first", "erp", "first"))
	d.must(d.give(Rotate, time.Hour, "erp", "second"))
	both := newDesk(t, store, append(slices.Clone(next), old...))
	both.must(both.Load(t.Context()))
	told := 0
	both.Watch("main", false, []string{"password", "erp"}, func() error { told++; return nil })
	resealed, err := both.Make(t.Context(), Change{Act: Reseal, MerchantID: "main"})
	if err != nil || len(resealed) != 2 {
		t.Fatalf("%d were sealed anew, %v", len(resealed), err)
	}
	if again, err := both.Make(t.Context(), Change{Act: Reseal, MerchantID: "main"}); err != nil || len(again) != 0 {
		t.Errorf("the second time %d were sealed anew, %v", len(again), err)
	}
	if told != 0 {
		t.Error("adapters were told, though no value has changed")
	}
	alone := newDesk(t, store, next)
	alone.must(alone.Load(t.Context()))
	alone.want("erp", "second", "first")
	// One that was not started anew goes on with what it has, and says so.
	d.follow(t.Context())
	d.want("password", "first", "")
	if !strings.Contains(d.log.String(), "secrets.not_opened") {
		t.Errorf("its log is %s", d.log)
	}
}
