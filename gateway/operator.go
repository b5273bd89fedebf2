package gateway

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Operator is a person who may look at payments, or decide about them. What is
// decided bears the name, so it is kept for good and never becomes somebody
// else's.
type Operator struct {
	Name string
	Role string
	// MerchantIDs are those for which the person works.
	MerchantIDs []string
	// PasswordHash is empty for one who comes by OpenID Connect.
	PasswordHash string
	// OneTimeUntil is set while the password is one that was drawn, which is good
	// once and until then.
	OneTimeUntil time.Time
	// Issuer and Subject name the person at an identity provider.
	Issuer  string
	Subject string

	AddedAt    time.Time
	AddedBy    string
	DisabledAt time.Time // zero while the person may log in
	DisabledBy string
	// Generation is that of the sessions that are good. Whatever ends them all
	// makes it greater.
	Generation int64
	// Version is one above that of the operator who was read.
	Version int64
}

// Session is a person who is logged in.
type Session struct {
	// Hash is of what the person shows.
	Hash       string
	Operator   string
	Generation int64
	BeganAt    time.Time
	// EndsAt is when it ends at the latest.
	EndsAt time.Time
	// UsedAt is roughly when it was last used.
	UsedAt time.Time
}

// OperatorStore keeps the people who may log in, and their sessions.
type OperatorStore interface {
	// Operators are all of them, by name. Beside an UnreadableError there may be
	// others.
	Operators(ctx context.Context) ([]Operator, error)
	// OperatorsVersion changes whenever SaveOperator changes any of them. It is
	// cheap enough to be asked every second.
	OperatorsVersion(ctx context.Context) (int64, error)
	// SaveOperator keeps o, or returns ErrStale unless its Version is one above
	// the kept one's (zero where there is none), or when another has the same
	// Issuer and Subject.
	SaveOperator(ctx context.Context, o Operator, r AuditRecord) error

	// Session finds a session by its hash, or returns ErrNotFound.
	Session(ctx context.Context, hash string) (Session, error)
	// BeginSession keeps a new session. It forgets every one whose EndsAt has come
	// by then, and of the same operator the oldest, so that there are so many at
	// most.
	BeginSession(ctx context.Context, s Session, most int, r AuditRecord) error
	// UseSession notes that it was used. An earlier time than the one that is kept
	// changes nothing.
	UseSession(ctx context.Context, hash string, at time.Time) error
	// EndSession forgets it. One that is not there has ended already.
	EndSession(ctx context.Context, hash string) error
}

// Identity is who somebody is by an identity provider's word.
type Identity struct {
	Issuer  string
	Subject string
	Name    string
	Role    string
}

// SignIn is what an identity provider's answer has to fit: the three were drawn
// for this one log-in.
type SignIn struct {
	State    string
	Nonce    string
	Verifier string
}

// IdentityProvider knows people by OpenID Connect. A refusal is an *Error.
type IdentityProvider interface {
	// Begin is the address to send the person's browser to.
	Begin(ctx context.Context, s SignIn) (url string, err error)
	// Finish takes the code that the browser has brought back.
	Finish(ctx context.Context, s SignIn, code string) (Identity, error)
}

// NotLoggedIn tells everybody the same, and the log the reason.
func NotLoggedIn(reason string) *Error {
	return refuse(CodeLogInRefused, "the name or the password is wrong, or the operator may not log in").because(errors.New(reason))
}

// IdentityProviderAway says that a person cannot come by OpenID Connect now, and
// the log why.
func IdentityProviderAway(reason string) *Error {
	return refuse(CodeProviderAway, "the identity provider cannot be asked at the moment; wait, then try again").retry(askAgain).because(errors.New(reason))
}

// Disable keeps the person out and ends all sessions.
func (o Operator) Disable(by string, now time.Time) (Operator, error) {
	if !o.DisabledAt.IsZero() {
		return Operator{}, refuse(CodeOperatorDisabled, "the operator has been disabled already, %s by %s", o.DisabledAt.UTC().Format(time.RFC3339), o.DisabledBy)
	}
	o.DisabledAt, o.DisabledBy = now, by
	return o.changed(), nil
}

// Reset lets the person in anew, with another password if there was one, and
// ends all sessions.
func (o Operator) Reset(passwordHash string, until time.Time) Operator {
	o.DisabledAt, o.DisabledBy = time.Time{}, ""
	if o.Subject == "" {
		o.PasswordHash, o.OneTimeUntil = passwordHash, until
	}
	return o.changed()
}

// Assign gives the person another role or other merchants, and ends all
// sessions. What stays as it is ends none.
func (o Operator) Assign(role string, merchantIDs []string) (after Operator, changes bool) {
	if o.Role == role && slices.Equal(o.MerchantIDs, merchantIDs) {
		return o, false
	}
	o.Role, o.MerchantIDs = role, slices.Clone(merchantIDs)
	return o.changed(), true
}

// Choose gives the person a password of the person's own, and ends all sessions.
func (o Operator) Choose(passwordHash string) Operator {
	o.PasswordHash, o.OneTimeUntil = passwordHash, time.Time{}
	return o.changed()
}

// changed ends the sessions, for each belongs to one generation.
func (o Operator) changed() Operator {
	o.Version++
	o.Generation++
	return o
}

// Good reports whether the session is one of the operator's, and has not ended.
func (s Session) Good(o Operator, idle time.Duration, now time.Time) bool {
	return s.Operator == o.Name && s.Generation == o.Generation && o.DisabledAt.IsZero() &&
		now.Before(s.EndsAt) && now.Before(s.UsedAt.Add(idle))
}
