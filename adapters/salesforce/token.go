package salesforce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// refusedPause is how long a log-in that was refused is not tried again. What
// has to be mended is mended by a person, and who keeps knocking is locked out.
const refusedPause = 15 * time.Minute

// session is an access token and where it is good.
type session struct {
	token string
	// base is the org's own address: scheme and host.
	base string
}

// refusal says that Salesforce has refused our log-in, and will again.
type refusal struct {
	words  string
	status int
	until  time.Time
}

func (r *refusal) Error() string { return r.words }

// absence says that no token came this time.
type absence struct {
	words      string
	status     int
	retryAfter time.Duration
}

func (a *absence) Error() string { return a.words }

// keeper keeps one session at hand. However many deliveries need one at once,
// it is asked for once.
type keeper struct {
	fetch   func(context.Context) (session, error)
	now     func() time.Time
	timeout time.Duration
	flight  singleflight.Group

	mu      sync.Mutex
	current session
	refused *refusal
	// granted are the last tokens, the newest first. An answer that quotes one
	// may be judged when its session has been dropped.
	granted []string
}

// remembered is how many tokens are kept out of what is shown.
const remembered = 4

// session returns the session at hand, or asks for one. A log-in that was
// refused lately is not asked for again.
func (k *keeper) session(ctx context.Context) (session, error) {
	if current, err := k.atHand(); err != nil || current.token != "" {
		return current, err
	}
	// Others wait for it too, so it does not end with this delivery's context.
	granted := k.flight.DoChan("", func() (any, error) { return k.renew(context.WithoutCancel(ctx)) })
	select {
	case result := <-granted:
		if result.Err != nil {
			return session{}, result.Err
		}
		return result.Val.(session), nil
	case <-ctx.Done():
		return session{}, fmt.Errorf("no access token came in time: %w", ctx.Err())
	}
}

func (k *keeper) atHand() (session, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refused != nil && k.now().Before(k.refused.until) {
		return session{}, k.refused
	}
	return k.current, nil
}

// renew asks for a session unless somebody just did.
func (k *keeper) renew(ctx context.Context) (session, error) {
	if current, err := k.atHand(); err != nil || current.token != "" {
		return current, err
	}
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	granted, err := k.fetch(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current, k.refused = granted, nil
	if granted.token != "" {
		k.granted = append([]string{granted.token}, k.granted[:min(len(k.granted), remembered-1)]...)
	}
	if errors.As(err, &k.refused) {
		k.refused.until = k.now().Add(refusedPause)
	}
	return granted, err
}

// drop forgets a session that has expired, unless another has taken its place.
func (k *keeper) drop(s session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current == s {
		k.current = session{}
	}
}

// secrets are the tokens that must not be shown, also those that have expired.
func (k *keeper) secrets() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.granted
}
