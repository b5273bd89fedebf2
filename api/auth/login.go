package auth

import (
	"context"
	"regexp"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

// operatorName is what a name may be. It holds no colon, which begins what
// decisions call a person by.
var operatorName = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,64}$`)

// LogIn is a person's name and password, and where they come from.
type LogIn struct {
	Name, Password string
	// NewPassword takes the old one's place.
	NewPassword string
	Address     string
}

// pace bounds how much of the machine log-ins may take from payments: a hash
// takes milliseconds of a processor. Whoever has logged in from the same address
// before does not wait behind strangers.
type pace struct {
	mu              sync.Mutex
	strangers, kept budget
}

func newPace() pace {
	return pace{strangers: newBudget(8, 250*time.Millisecond), kept: newBudget(8, 250*time.Millisecond)}
}

// take says how long to wait until a password may be looked at.
func (p *pace) take(met bool, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := &p.strangers
	if met {
		of = &p.kept
	}
	wait := of.wait(guesser{}, now)
	if wait == 0 {
		of.spend(guesser{}, now)
	}
	return wait
}

// LogIn begins a session, and gives what the person has to show. Why it is
// refused is for the log: whoever asks learns no more than that it is.
func (p *People) LogIn(ctx context.Context, l LogIn) (shown string, in LoggedIn, err error) {
	who, now := p.who(l), p.Now()
	met, wait := p.guesses.standing(l.Name, who, l.Address, now)
	// Whoever has to wait anyhow takes no other's place.
	if wait == 0 && who != unguessable {
		wait = p.pace.take(met, now)
	}
	if wait > 0 && who != unguessable {
		return "", LoggedIn{}, tooManyLogIns(wait)
	}
	var o gateway.Operator
	wait, err = p.guesses.try(l.Name, who, l.Address, now, func() error {
		o, err = p.prove(ctx, l, now)
		return err
	})
	if wait > 0 {
		return "", LoggedIn{}, tooManyLogIns(wait)
	}
	if err != nil {
		return "", LoggedIn{}, err
	}
	if o, err = p.renew(ctx, o, l); err != nil {
		return "", LoggedIn{}, err
	}
	return p.begin(ctx, o, l.Address, now)
}

// who tells what is known of whoever asks before anything slow is done. Who shows
// the one-time password that was drawn has guessed nothing, whatever others have,
// and is kept out by nobody; a wrong one is a guess like any other.
func (p *People) who(l LogIn) who {
	o, known := p.find(l.Name)
	switch {
	case !known:
		return stranger
	case isDrawn(l.Password, o.PasswordHash):
		return unguessable
	}
	return guessable
}

// prove looks the password up. Whoever it is, as much is hashed and compared.
func (p *People) prove(ctx context.Context, l LogIn, now time.Time) (gateway.Operator, error) {
	if err := p.refresh(ctx); err != nil {
		return gateway.Operator{}, gateway.LedgerFailed(err)
	}
	o, known := p.find(l.Name)
	same := samePassword(l.Password, o.PasswordHash)
	switch {
	case !known:
		return o, gateway.NotLoggedIn("there is no such operator")
	case o.PasswordHash == "":
		return o, gateway.NotLoggedIn("the operator has no password, and comes by OpenID Connect")
	case !same:
		return o, gateway.NotLoggedIn("the password is wrong")
	case !o.DisabledAt.IsZero():
		return o, gateway.NotLoggedIn("the operator is disabled")
	case !o.OneTimeUntil.IsZero() && !now.Before(o.OneTimeUntil):
		return o, gateway.NotLoggedIn("the one-time password has expired")
	}
	return o, nil
}

// renew puts the new password in the old one's place, which a one-time password
// has to have.
func (p *People) renew(ctx context.Context, o gateway.Operator, l LogIn) (gateway.Operator, error) {
	if l.NewPassword == "" {
		if o.OneTimeUntil.IsZero() {
			return o, nil
		}
		return o, &gateway.Error{Code: gateway.CodePasswordNeeded, Field: "newPassword",
			Message: "a one-time password is good for choosing another one; send that with it"}
	}
	if normalized(l.NewPassword) == normalized(l.Password) {
		return o, &gateway.Error{Code: gateway.CodePasswordRefused, Field: "newPassword", Message: "expected another one than the present one"}
	}
	if err := checkPassword(l.NewPassword, o.Name); err != nil {
		return o, err
	}
	hash, err := hashPassword(l.NewPassword)
	if err != nil {
		return o, err
	}
	after := o.Choose(hash)
	return after, p.save(ctx, after, p.decided(gateway.AuditPasswordChosen, self(after, l.Address), after))
}

// SignIn begins a session for whom an identity provider has vouched for.
func (p *People) SignIn(ctx context.Context, id gateway.Identity, address string) (shown string, in LoggedIn, err error) {
	if err := p.refresh(ctx); err != nil {
		return "", LoggedIn{}, gateway.LedgerFailed(err)
	}
	now := p.Now()
	o, known := p.byIdentity(id)
	switch {
	case !known:
		o, err = p.welcome(ctx, id, address, now)
	case !o.DisabledAt.IsZero():
		err = gateway.NotLoggedIn("the operator is disabled")
	default:
		after, changes := o.Assign(id.Role, p.allMerchants())
		if changes {
			err = p.save(ctx, after, p.decided(gateway.AuditOperatorAssigned, self(after, address), after))
		}
		o = after
	}
	if err != nil {
		return "", LoggedIn{}, err
	}
	return p.begin(ctx, o, address, now)
}

// welcome keeps somebody who has not been here before.
func (p *People) welcome(ctx context.Context, id gateway.Identity, address string, now time.Time) (gateway.Operator, error) {
	if !operatorName.MatchString(id.Name) {
		return gateway.Operator{}, gateway.NotLoggedIn("the identity provider names nobody in 1 to 64 of A-Z a-z 0-9 . _ @ -")
	}
	if p.taken(id.Name) {
		return gateway.Operator{}, gateway.NotLoggedIn("another operator has the name that the identity provider tells")
	}
	if err := p.room(); err != nil {
		return gateway.Operator{}, err
	}
	o := gateway.Operator{
		Name: id.Name, Role: id.Role, MerchantIDs: p.allMerchants(), Issuer: id.Issuer, Subject: id.Subject,
		AddedAt: now, AddedBy: operatorPrefix + id.Name, Generation: 1, Version: 1,
	}
	return o, p.save(ctx, o, p.decided(gateway.AuditOperatorAdded, self(o, address), o))
}

// self is the person who logs in.
func self(o gateway.Operator, address string) gateway.Actor {
	return gateway.Actor{Client: operatorPrefix + o.Name, From: address}
}

func (p *People) begin(ctx context.Context, o gateway.Operator, address string, now time.Time) (string, LoggedIn, error) {
	shown := p.Key.newSession()
	hash, err := p.Key.sessionHash(shown)
	if err != nil {
		return "", LoggedIn{}, err
	}
	s := gateway.Session{Hash: hash, Operator: o.Name, Generation: o.Generation, BeganAt: now, UsedAt: now, EndsAt: now.Add(SessionLife)}
	if err := p.Store.BeginSession(ctx, s, maxSessions, p.decided(gateway.AuditSessionBegan, self(o, address), o)); err != nil {
		return "", LoggedIn{}, gateway.LedgerFailed(err)
	}
	return shown, LoggedIn{Session: s, Operator: o}, nil
}

func tooManyLogIns(wait time.Duration) error {
	return &gateway.Error{Code: gateway.CodeSlowDown, Message: "too many tries to log in came from here, or too many people log in at once; wait, then try again",
		Retryable: true, RetryAfter: max(wait, time.Second)}
}
