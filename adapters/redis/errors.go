package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// ErrAway is wrapped by the error of a call that was not made, because the last
// ones have failed.
var ErrAway = errors.New("Redis is away: the last calls to it have failed, so it is not asked for a moment")

// The kinds of errors, in State and in the log.
const (
	kindAway       = "away"       // not asked
	kindCancelled  = "cancelled"  // the caller has gone, or its deadline has passed
	kindTimeout    = "timeout"    // no answer in time, or no free connection
	kindConnection = "connection" // not reached, or the connection broke
	kindLogin      = "login"      // user, password or rights
	kindServer     = "server"     // an answer that is an error, such as "out of memory"
	kindValue      = "value"      // what stands under this one key is none of ours
)

var kinds = []string{kindAway, kindCancelled, kindTimeout, kindConnection, kindLogin, kindServer, kindValue}

// words say what an operator has to know of a kind.
var words = map[string]string{
	kindCancelled:  "the caller has not waited for Redis",
	kindTimeout:    "Redis has not answered in time",
	kindConnection: "Redis cannot be reached",
	kindLogin:      "Redis refuses the user, the password, or the user's rights: look at the settings and at the server's ACL",
	kindServer:     "Redis refuses the command",
	kindValue:      "Redis has something else under this key",
}

// fault is an error of a known kind.
type fault struct {
	kind string
	err  error
}

func (f *fault) Error() string { return fmt.Sprintf("%s: %v", words[f.kind], f.err) }
func (f *fault) Unwrap() error { return f.err }

// isRedisAway tells a Redis that nobody can use from one key's trouble and from
// the caller's own.
func (f *fault) isRedisAway() bool { return f.kind != kindValue && f.kind != kindCancelled }

// unreadable says that a value is none that we have written. It never quotes it.
func unreadable(what string) error {
	return &fault{kindValue, errors.New(what + " cannot be read")}
}

// explain translates the error of a call that was made under the caller's context.
func explain(ctx context.Context, err error) error {
	var known *fault
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &fault{kindOf(ctx, err), err}
}

func kindOf(ctx context.Context, err error) string {
	var answer goredis.Error
	var network net.Error
	switch {
	case isGone(ctx):
		return kindCancelled
	case errors.As(err, &answer):
		return kindOfAnswer(answer.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, goredis.ErrPoolTimeout),
		errors.As(err, &network) && network.Timeout():
		return kindTimeout
	}
	return kindConnection
}

// isGone compares the clock too: the deadline of a socket may fire before that
// of the context it was made from.
func isGone(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && !time.Now().Before(deadline)
}

func kindOfAnswer(text string) string {
	first, _, _ := strings.Cut(text, " ")
	switch first {
	case "WRONGTYPE":
		return kindValue
	case "WRONGPASS", "NOAUTH", "NOPERM":
		return kindLogin
	}
	// A server without ACL says this of a password it was not given or knows
	// nothing of.
	if strings.HasPrefix(text, "ERR invalid password") || strings.HasPrefix(text, "ERR AUTH") {
		return kindLogin
	}
	return kindServer
}
