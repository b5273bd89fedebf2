package paytrace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"
)

// The waits between requests for a token while they fail.
const (
	firstTokenRetry = time.Second
	maxTokenRetry   = 30 * time.Second
	// maxTokenLife bounds what an answer may make us believe, and keeps its
	// seconds from overflowing.
	maxTokenLife = 24 * time.Hour
)

// grant is an access token and how long it lives.
type grant struct {
	token string
	life  time.Duration
}

// errCredentials says that PayTrace refused our user name or password.
var errCredentials = errors.New("PayTrace refuses the API user name or password; correct them in the configuration, or with `gateway secrets rotate` where the password is sealed")

func grantForm(username, password string) []byte {
	return []byte(url.Values{
		"grant_type": {"password"}, "username": {username}, "password": {password},
	}.Encode())
}

// keeper keeps an access token at hand. One goroutine asks for tokens, ahead
// of their expiry, so that a payment never does, and so that any number of
// payments whose token was refused share one request.
type keeper struct {
	fetch   func(context.Context) (grant, error)
	breaker Breaker // nil: none
	now     func() time.Time
	log     *slog.Logger
	wake    chan struct{}

	mu      sync.Mutex
	current string
	expires time.Time
	failure error
	// renewed counts how often a new log-in was asked for, made how many of them
	// the last request for a token knew of.
	renewed, made int
	// changed is closed and replaced whenever the fields above change.
	changed chan struct{}
}

func newKeeper(fetch func(context.Context) (grant, error), breaker Breaker, now func() time.Time, log *slog.Logger) *keeper {
	return &keeper{
		fetch: fetch, breaker: breaker, now: now, log: log,
		wake: make(chan struct{}, 1), changed: make(chan struct{}),
	}
}

// run asks for tokens until ctx is done.
func (k *keeper) run(ctx context.Context) {
	retry := firstTokenRetry
	for ctx.Err() == nil {
		if k.begin() {
			retry = firstTokenRetry
		}
		granted, asked, err := k.ask(ctx)
		if !asked {
			k.rest(ctx, firstTokenRetry)
			continue
		}
		var wait time.Duration
		if err != nil {
			if errors.Is(err, errCredentials) {
				// Trying a refused password often may lock the user out.
				retry = maxTokenRetry
			}
			wait, retry = retry, min(2*retry, maxTokenRetry)
		} else {
			wait, retry = granted.life/5*4, firstTokenRetry
		}
		k.keep(ctx, granted, err, wait)
		k.rest(ctx, wait)
	}
}

// begin notes that the request which comes now knows of every renewal until now,
// and says whether there was one.
func (k *keeper) begin() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := k.made != k.renewed
	k.made = k.renewed
	return fresh
}

// renew makes the keeper ask for a token now, while the one at hand stays in use.
func (k *keeper) renew() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.renewed++
	if errors.Is(k.failure, errCredentials) {
		// What was refused was what there was before.
		k.failure = nil
		k.announce()
	}
	k.rouse()
}

// ask makes one request, if the breaker lets it through. That our credentials
// are refused is an answer, and no sign that PayTrace fails.
func (k *keeper) ask(ctx context.Context) (granted grant, asked bool, err error) {
	request := func() error {
		asked = true
		if granted, err = k.fetch(ctx); errors.Is(err, errCredentials) {
			return nil
		}
		return err
	}
	if k.breaker == nil {
		_ = request()
	} else {
		_ = k.breaker.Do(request)
	}
	return granted, asked, err
}

// keep takes over what a request brought. A failure leaves the token at hand
// in use for as long as it lives.
func (k *keeper) keep(ctx context.Context, granted grant, err error, wait time.Duration) {
	if ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	k.failure = err
	if k.made != k.renewed && errors.Is(err, errCredentials) {
		// What was refused is the log-in from before; the new one comes next.
		k.failure = nil
	}
	if err == nil {
		k.current, k.expires = granted.token, k.now().Add(granted.life)
	}
	k.announce()
	k.mu.Unlock()
	if err != nil {
		k.log.LogAttrs(ctx, slog.LevelError, "paytrace.token_failed",
			slog.String("error", err.Error()), slog.Duration("retryIn", wait))
		return
	}
	k.log.LogAttrs(ctx, slog.LevelInfo, "paytrace.token_granted", slog.Duration("refreshIn", wait))
}

// rest waits until the next token is due, or a new log-in is asked for, or the
// one at hand was dropped, or a call without one finds that the breaker lets a probe through.
func (k *keeper) rest(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-k.wake:
			k.mu.Lock()
			wanted := k.current == "" || !k.now().Before(k.expires) || k.made != k.renewed
			k.mu.Unlock()
			if wanted {
				return
			}
		}
	}
}

// token returns the token at hand. Without one it waits, until ctx is done or
// the send window closes; when PayTrace has refused our credentials waiting
// would be in vain, and so it would while the breaker is open.
func (k *keeper) token(ctx context.Context, sendBefore time.Time) (string, error) {
	// A payment that need not wait sets no timer.
	k.mu.Lock()
	current, lives := k.current, k.now().Before(k.expires)
	k.mu.Unlock()
	if current != "" && lives {
		return current, nil
	}
	return k.await(ctx, sendBefore)
}

func (k *keeper) await(ctx context.Context, sendBefore time.Time) (string, error) {
	if !sendBefore.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, sendBefore.Sub(k.now()))
		defer cancel()
	}
	for {
		k.mu.Lock()
		current, failure, changed := k.current, k.failure, k.changed
		if !k.now().Before(k.expires) {
			current = ""
		}
		k.mu.Unlock()
		switch {
		case current != "":
			return current, nil
		case errors.Is(failure, errCredentials):
			return "", failure
		case k.is() == breakerOpen:
			return "", fmt.Errorf("the log-in keeps failing and is left alone for a moment: %w", k.missing(failure))
		case k.is() == breakerHalfOpen:
			k.rouse()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", k.missing(failure)
		}
	}
}

func (k *keeper) missing(failure error) error {
	if failure == nil {
		return errors.New("no access token came in time")
	}
	return fmt.Errorf("no access token came in time; the last request for one failed: %w", failure)
}

// drop forgets a token that PayTrace has refused. Only the first to say so of
// a token makes the keeper ask for the next.
func (k *keeper) drop(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != token {
		return
	}
	k.current = ""
	// What was known of the log-in was known of the token that is gone.
	k.failure = nil
	k.announce()
	k.rouse()
}

// rouse makes the keeper see whether it should ask now.
func (k *keeper) rouse() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// The states of a breaker that matter to a log-in.
const (
	breakerOpen     = "open"
	breakerHalfOpen = "half-open"
)

func (k *keeper) is() string {
	if k.breaker == nil {
		return ""
	}
	return k.breaker.State()
}

func (k *keeper) announce() {
	close(k.changed)
	k.changed = make(chan struct{})
}
