package gateway

import (
	"context"
	"slices"
	"time"
)

// SealedSecret is a credential of a merchant that was set by command and is kept
// in the ledger, sealed under a key that the ledger does not have. It is kept for
// good: once removed it has no values, but its numbers are never given again.
type SealedSecret struct {
	MerchantID string
	LiveMode   bool
	Name       string
	// Values are the newest last, with the one before it while a rotation lasts.
	// What has ended may still be among them.
	Values []SealedValue
	// LastNumber is that of the last value that it ever had.
	LastNumber int64

	RemovedAt time.Time // zero while it may be used
	RemovedBy string
	// Version is one above that of the secret which was read.
	Version int64
}

// SealedValue is one value of a secret. Its number is sealed in with it.
type SealedValue struct {
	Number int64
	// KeyID names the master key that it is sealed under.
	KeyID  string
	Sealed []byte
	SetAt  time.Time
	SetBy  string
	// Until is when it stops being good, zero for not yet known.
	Until time.Time
}

// Good reports whether the value may be used at that time.
func (v SealedValue) Good(at time.Time) bool { return v.Until.IsZero() || at.Before(v.Until) }

// SecretStore keeps sealed secrets.
type SecretStore interface {
	// SealedSecrets are all of them, by merchant, mode and name, as they stand at
	// one moment. Beside an UnreadableError there may be others.
	SealedSecrets(ctx context.Context) ([]SealedSecret, error)
	// SealedSecretsVersion changes whenever SaveSealedSecrets changes any of them.
	// It is cheap enough to be asked every second.
	SealedSecretsVersion(ctx context.Context) (int64, error)
	// SaveSealedSecrets keeps all of the secrets with the records of the decision,
	// or none. It returns ErrStale unless the Version of each is one above the kept
	// one's (zero where there is none).
	SaveSealedSecrets(ctx context.Context, all []SealedSecret, records []AuditRecord) error
}

// Set gives a secret its first value, or its first after it was removed.
func (s SealedSecret) Set(v SealedValue) (SealedSecret, error) {
	if len(s.Values) > 0 {
		return SealedSecret{}, refuse(CodeSecretExists, "%s is set already; rotate it", s.Name)
	}
	s.RemovedAt, s.RemovedBy = time.Time{}, ""
	return s.with(nil, v)
}

// Rotate gives the secret a newer value. The one that it has stays good until the
// time given, or until FinishRotation; no time ends it at once.
func (s SealedSecret) Rotate(v SealedValue, now, oldUntil time.Time) (SealedSecret, error) {
	good := s.good(now)
	switch {
	case len(s.Values) == 0:
		return SealedSecret{}, refuse(CodeNotFound, "%s is not set; set it first", s.Name)
	case oldUntil.After(now) && len(good) > 1:
		return SealedSecret{}, refuse(CodeNotRotatable,
			"a rotation of %s is under way: the old value is good until %s; finish it first, once everybody has the new one", s.Name, good[0].Until.UTC().Format(time.RFC3339))
	case !oldUntil.After(now):
		good = nil
	}
	for i := range good {
		good[i].Until = oldUntil
	}
	return s.with(good, v)
}

// FinishRotation ends the old value at once.
func (s SealedSecret) FinishRotation(now time.Time) (SealedSecret, error) {
	good := s.good(now)
	if len(good) < 2 {
		return SealedSecret{}, refuse(CodeNotRotatable, "no rotation of %s is under way: it has one value at most", s.Name)
	}
	s.Values = good[len(good)-1:]
	s.Version++
	return s, nil
}

// Remove forgets the values of the secret.
func (s SealedSecret) Remove(by string, now time.Time) (SealedSecret, error) {
	if len(s.Values) == 0 {
		return SealedSecret{}, refuse(CodeNotFound, "%s is not set", s.Name)
	}
	s.Values, s.RemovedAt, s.RemovedBy = nil, now, by
	s.Version++
	return s, nil
}

// with adds a value. Its number is sealed in with it, so that one which was drawn
// up for an older state of the secret would never open.
func (s SealedSecret) with(before []SealedValue, v SealedValue) (SealedSecret, error) {
	if v.Number != s.LastNumber+1 {
		return SealedSecret{}, refuse(CodeInProgress, "somebody else has just changed %s; look at it, then try again", s.Name).retry(0)
	}
	s.Values, s.LastNumber = append(before, v), v.Number
	s.Version++
	return s, nil
}

// good leaves out what has ended, in a list of its own.
func (s SealedSecret) good(now time.Time) []SealedValue {
	return slices.DeleteFunc(slices.Clone(s.Values), func(v SealedValue) bool { return !v.Good(now) })
}
