package redis

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) wantEvents(t *testing.T, events ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(l.String()) {
		for _, word := range strings.Fields(line) {
			if event, is := strings.CutPrefix(word, "msg="); is {
				got = append(got, event)
			}
		}
	}
	if strings.Join(got, " ") != strings.Join(events, " ") {
		t.Fatalf("events = %v, want %v\n%s", got, events, l)
	}
}

func testBreaker() (*breaker, *logged) {
	log := &logged{}
	return newBreaker(newRecord(slog.New(slog.NewTextHandler(log, nil)), "127.0.0.1:6379")), log
}

// fails makes so many calls that fail with the error.
func fails(t *testing.T, b *breaker, times int, with error) {
	t.Helper()
	for range times {
		if err := b.do(func() error { return with }); err != with {
			t.Fatalf("error = %v, want %v", err, with)
		}
	}
}

func wantRefused(t *testing.T, b *breaker) {
	t.Helper()
	made := false
	if err := b.do(func() error { made = true; return nil }); !errors.Is(err, ErrAway) || made {
		t.Fatalf("error = %v, call made: %v; want ErrAway without a call", err, made)
	}
}

var errSilent = &fault{kindTimeout, errors.New("i/o timeout")}

func TestBreakerOpensAfterAFewFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := testBreaker()
		fails(t, b, failuresToOpen-1, errSilent)
		fails(t, b, 1, nil)
		fails(t, b, failuresToOpen-1, errSilent)
		log.wantEvents(t)
		fails(t, b, 1, errSilent)
		log.wantEvents(t, "redis.away")
		for range 100 {
			wantRefused(t, b)
		}
		if b.state() != "open" || b.record.errors[kindAway].Load() != 100 {
			t.Fatalf("state = %s, refused = %d", b.state(), b.record.errors[kindAway].Load())
		}
	})
}

func TestBreakerLetsOneCallThroughAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := testBreaker()
		fails(t, b, failuresToOpen, errSilent)
		for range 3 {
			time.Sleep(openFor + time.Millisecond)
			fails(t, b, 1, errSilent)
			wantRefused(t, b)
		}
		time.Sleep(openFor + time.Millisecond)
		probing, release := make(chan struct{}), make(chan error)
		done := make(chan error)
		go func() { done <- b.do(func() error { close(probing); return <-release }) }()
		<-probing
		wantRefused(t, b)
		log.wantEvents(t, "redis.away")
		release <- nil
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		fails(t, b, 10, nil)
		log.wantEvents(t, "redis.away", "redis.back")
	})
}

func TestTheCallersOwnEndIsNoFailure(t *testing.T) {
	b, log := testBreaker()
	fails(t, b, 10*failuresToOpen, &fault{kindCancelled, context.Canceled})
	fails(t, b, 10*failuresToOpen, &fault{kindValue, errors.New("WRONGTYPE")})
	fails(t, b, failuresToOpen-1, errSilent)
	fails(t, b, 1, &fault{kindCancelled, context.Canceled})
	log.wantEvents(t)
	fails(t, b, 1, errSilent)
	log.wantEvents(t, "redis.away")
}

func TestACancelledProbeLetsTheNextOneThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, log := testBreaker()
		fails(t, b, failuresToOpen, errSilent)
		time.Sleep(openFor + time.Millisecond)
		fails(t, b, 2, &fault{kindCancelled, context.Canceled})
		fails(t, b, 1, nil)
		log.wantEvents(t, "redis.away", "redis.back")
	})
}

func TestEveryKindOfErrorIsToldApart(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelLate()
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		kind string
	}{
		{"the caller has gone", ended, errors.New("read: i/o timeout"), kindCancelled},
		{"the caller's deadline has passed", late, context.DeadlineExceeded, kindCancelled},
		{"our deadline has passed", t.Context(), context.DeadlineExceeded, kindTimeout},
		{"refused", t.Context(), errors.New("connect: connection refused"), kindConnection},
		{"wrong password", t.Context(), answerError("WRONGPASS invalid username-password pair"), kindLogin},
		{"no password", t.Context(), answerError("NOAUTH Authentication required."), kindLogin},
		{"no right", t.Context(), answerError("NOPERM this user has no permissions"), kindLogin},
		{"an old server's password", t.Context(), answerError("ERR invalid password"), kindLogin},
		{"full", t.Context(), answerError("OOM command not allowed"), kindServer},
		{"a replica", t.Context(), answerError("READONLY You can't write"), kindServer},
		{"a cluster with a hole", t.Context(), answerError("CLUSTERDOWN Hash slot not served"), kindServer},
		{"another type", t.Context(), answerError("WRONGTYPE Operation against a key"), kindValue},
	} {
		err := explain(c.ctx, c.err)
		if kindIn(err) != c.kind || !errors.Is(err, c.err) {
			t.Errorf("%s: %v is of kind %q, want %q", c.name, err, kindIn(err), c.kind)
		}
		if !strings.HasPrefix(err.Error(), words[c.kind]) || words[c.kind] == "" {
			t.Errorf("%s: %q does not begin with what the kind means", c.name, err)
		}
	}
}

// answerError is an error that Redis has answered.
type answerError string

func (e answerError) Error() string { return string(e) }
func (answerError) RedisError()     {}
