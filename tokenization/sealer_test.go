package tokenization

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

var (
	january  = SealKey{ID: "2026-01", Secret: bytes.Repeat([]byte{1}, SealKeySize)}
	february = SealKey{ID: "2026-02", Secret: bytes.Repeat([]byte{2}, SealKeySize)}
	place    = []byte("merchant m1, paytrace password")
)

func newSealer(t *testing.T, newest SealKey, older ...SealKey) *Sealer {
	t.Helper()
	s, err := NewSealer(newest, older...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedSecretOpensWhereItBelongs(t *testing.T) {
	s := newSealer(t, january)
	for _, secret := range [][]byte{[]byte("hunter2"), {}, bytes.Repeat([]byte("x"), 10_000)} {
		sealed := s.Seal(secret, place)
		if len(secret) > 0 && bytes.Contains(sealed, secret) {
			t.Error("the sealed text shows the secret")
		}
		got, err := s.Open(sealed, place)
		if err != nil || !bytes.Equal(got, secret) {
			t.Errorf("opened %d bytes, %v; want the %d sealed", len(got), err, len(secret))
		}
		if _, err := s.Open(sealed, []byte("merchant m2")); !errors.Is(err, ErrSealed) {
			t.Errorf("opened in another place: %v", err)
		}
	}
}

func TestSealingTwiceDiffers(t *testing.T) {
	s := newSealer(t, january)
	if bytes.Equal(s.Seal([]byte("a"), place), s.Seal([]byte("a"), place)) {
		t.Error("equal secrets are recognisable")
	}
}

func TestSealerRotation(t *testing.T) {
	old := newSealer(t, january).Seal([]byte("a"), place)
	both := newSealer(t, february, january)
	if got, err := both.Open(old, place); err != nil || string(got) != "a" {
		t.Errorf("the older key's secret: %q, %v", got, err)
	}
	if _, err := newSealer(t, february).Open(both.Seal([]byte("b"), place), place); err != nil {
		t.Errorf("the newest key did not seal: %v", err)
	}
	if _, err := newSealer(t, february).Open(old, place); !errors.Is(err, ErrSealed) {
		t.Errorf("opened without its key: %v", err)
	}
}

func TestDamagedSealIsRefused(t *testing.T) {
	s := newSealer(t, january, february)
	sealed := s.Seal([]byte("secret"), place)
	for i := range sealed {
		damaged := slices.Clone(sealed)
		damaged[i] ^= 1
		if _, err := s.Open(damaged, place); !errors.Is(err, ErrSealed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := s.Open(sealed[:i], place); !errors.Is(err, ErrSealed) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
}

func TestSealIsBoundToItsKeysName(t *testing.T) {
	renamed := SealKey{ID: "2026-09", Secret: january.Secret}
	s := newSealer(t, january, renamed)
	sealed := s.Seal([]byte("secret"), place)
	copy(sealed[2:], renamed.ID)
	if _, err := s.Open(sealed, place); !errors.Is(err, ErrSealed) {
		t.Errorf("opened under another name of its key: %v", err)
	}
}

func TestNewSealerRefusesUnfitKeys(t *testing.T) {
	for name, keys := range map[string][]SealKey{
		"no id":     {{Secret: january.Secret}},
		"long id":   {{ID: string(bytes.Repeat([]byte("i"), 256)), Secret: january.Secret}},
		"short key": {{ID: "a", Secret: make([]byte, 16)}},
		"same id":   {january, {ID: january.ID, Secret: february.Secret}},
	} {
		if _, err := NewSealer(keys[0], keys[1:]...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
