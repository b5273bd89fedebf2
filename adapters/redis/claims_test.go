package redis

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

var order = gateway.ClaimKey{MerchantID: "m1", Key: "order-1"}

// claimed claims the order, which has to work.
func claimed(t *testing.T, c gateway.Claims, owner string) gateway.Claim {
	t.Helper()
	got, err := c.Claim(t.Context(), order, owner, time.Minute)
	if err != nil {
		t.Fatalf("Claim by %s: %v", owner, err)
	}
	return got
}

// claimedSoon claims the order of a client with the timeouts of every day, which
// a busy machine may let pass now and then.
func claimedSoon(t *testing.T, c gateway.Claims, owner string) (got gateway.Claim) {
	t.Helper()
	eventually(t, "the claim by "+owner+" is answered", func() bool {
		var err error
		got, err = c.Claim(t.Context(), order, owner, time.Hour)
		return err == nil
	})
	return got
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	patience := time.After(3 * time.Minute)
	for !is() {
		select {
		case <-ticker.C:
		case <-patience:
			t.Fatalf("%s: not within three minutes", what)
		}
	}
}

func wantKind(t *testing.T, err error, kind string) {
	t.Helper()
	if kindIn(err) != kind {
		t.Fatalf("error = %v, of kind %q; want kind %q", err, kindIn(err), kind)
	}
}

func TestRedisEndsAClaim(t *testing.T) {
	c := open(t, patient(at(t, services.Redis(t))))
	t.Cleanup(func() { wipe(t, c) })
	if got, err := c.Claim(t.Context(), order, "one", 50*time.Millisecond); err != nil || !got.Won {
		t.Fatalf("%+v, %v", got, err)
	}
	eventually(t, "the claim ends", func() bool { return claimed(t, c, "two").Won })
	if err := c.Finish(t.Context(), order, "two", []byte("answer"), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the answer ends", func() bool { return claimed(t, c, "three").Won })
}

// TestALostReplyLosesNoClaim looks at the client of a Cluster too, since that
// one likes to send again.
func TestALostReplyLosesNoClaim(t *testing.T) {
	server := at(t, services.Redis(t))
	proxy := newProxy(t, server.Addrs[0])
	alone, cluster := patient(proxy.config(server)), patient(proxy.config(server))
	cluster.Cluster = true
	for name, config := range map[string]Config{"alone": alone, "cluster": cluster} {
		t.Run(name, func(t *testing.T) {
			c := open(t, config)
			t.Cleanup(func() { proxy.on(proxy.clusterOfOne); wipe(t, c) })
			var sent atomic.Int64
			proxy.on(func(command []string) action {
				if isClaim(command) && sent.Add(1) == 1 {
					return loseReply
				}
				return proxy.clusterOfOne(command)
			})
			got, err := c.Claim(t.Context(), order, "one", time.Minute)
			wantKind(t, err, kindConnection)
			if got.Won {
				t.Fatal("a claim was won without a reply")
			}
			if sent.Load() != 1 {
				t.Fatalf("the command was sent %d times by itself, want once", sent.Load())
			}
			if got := claimed(t, c, "two"); got.Won {
				t.Fatal("another owner has won the claim whose reply was lost")
			}
			if got := claimed(t, c, "one"); !got.Won {
				t.Fatal("the owner has lost its claim with the reply")
			}
		})
	}
}

func TestALostReplyOfFinishIsFinishedAgain(t *testing.T) {
	server := at(t, services.Redis(t))
	proxy := newProxy(t, server.Addrs[0])
	c := open(t, patient(proxy.config(server)))
	t.Cleanup(func() { wipe(t, c) })
	for _, answer := range []string{"", "answer"} {
		claimed(t, c, "one")
		var once atomic.Bool
		proxy.on(func(command []string) action {
			if (isScript(command) || strings.EqualFold(command[0], "set")) && once.CompareAndSwap(false, true) {
				return loseReply
			}
			return pass
		})
		wantKind(t, c.Finish(t.Context(), order, "one", []byte(answer), time.Minute), kindConnection)
		if err := c.Finish(t.Context(), order, "one", []byte(answer), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if got := claimed(t, c, "two"); string(got.Answer) != "answer" {
		t.Fatalf("claim = %+v, want the answer", got)
	}
}

func TestAWipedRedisForgetsAndGoesOn(t *testing.T) {
	server := services.RedisServer(t)
	c := open(t, patient(at(t, server.URL)))
	claimed(t, c, "one")
	if err := c.server.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if !claimed(t, c, "two").Won {
		t.Fatal("a wiped Redis remembers")
	}
	if err := c.Finish(t.Context(), order, "one", nil, 0); err != nil {
		t.Fatal(err)
	}
	if claimed(t, c, "three").Won {
		t.Fatal("finishing a claim that was wiped has freed the next owner's")
	}
	if err := c.server.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Finish(t.Context(), order, "two", []byte("answer"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := claimed(t, c, "three"); string(got.Answer) != "answer" {
		t.Fatalf("claim = %+v, want the answer that was kept after the wipe", got)
	}
}

// TestARestartedServerKnowsNoScripts shows that a script is sent again when the
// server has forgotten it.
func TestARestartedServerKnowsNoScripts(t *testing.T) {
	server := services.RedisServer(t)
	c := open(t, patient(at(t, server.URL)))
	quota := gateway.Quota{Requests: 1, Per: time.Hour}
	for range 2 {
		if got, err := c.Take(t.Context(), "client", quota); err != nil || !got.Allowed {
			t.Fatalf("%+v, %v", got, err)
		}
		claimed(t, c, "one")
		if err := c.Finish(t.Context(), order, "one", nil, 0); err != nil {
			t.Fatal(err)
		}
		server.Crash()
		server.Restart(t)
		eventually(t, "Redis is ready", func() bool { return c.Ready(t.Context()) == nil })
	}
}

func TestAForeignValueIsAnErrorAndNoWin(t *testing.T) {
	c := open(t, patient(at(t, services.Redis(t))))
	t.Cleanup(func() { wipe(t, c) })
	name := c.claimName(order)
	bucket := bucketName(c, "client")
	for what, put := range map[string]func(key string) error{
		"a list":  func(key string) error { return c.server.RPush(t.Context(), key, "owner:one").Err() },
		"a text":  func(key string) error { return c.server.Set(t.Context(), key, "one", time.Minute).Err() },
		"nothing": func(key string) error { return c.server.Set(t.Context(), key, "", time.Minute).Err() },
		"a mark":  func(key string) error { return c.server.Set(t.Context(), key, answerMark, time.Minute).Err() },
	} {
		for _, key := range []string{name, bucket} {
			if err := errors.Join(c.server.Del(t.Context(), key).Err(), put(key)); err != nil {
				t.Fatal(err)
			}
		}
		// More often than it takes to open the breaker: one key's trouble is not
		// the others'.
		for range 2 * failuresToOpen {
			got, err := c.Claim(t.Context(), order, "one", time.Minute)
			wantKind(t, err, kindValue)
			if got.Won || got.Answer != nil {
				t.Fatalf("%s: claim = %+v", what, got)
			}
			allowance, err := c.Take(t.Context(), "client", hourly)
			wantKind(t, err, kindValue)
			if allowance.Allowed {
				t.Fatalf("%s: %+v", what, allowance)
			}
		}
	}
	if s := c.State(); s.Breaker != "closed" || !s.Reachable {
		t.Fatalf("state = %+v, want it closed and reachable", s)
	}
}

func TestAnAnswerOfAnotherTypeIsAnErrorAndNoWin(t *testing.T) {
	server := at(t, services.Redis(t))
	proxy := newProxy(t, server.Addrs[0])
	replies := []string{
		":1\r\n", ":0\r\n", "+OK\r\n", "+owner\r\n", "$0\r\n\r\n", "$7\r\nanswer:\r\n", "*0\r\n", "*-1\r\n", "*1\r\n$9\r\nowner:one\r\n",
		"*1\r\n:1\r\n", "*4\r\n:1\r\n:1\r\n:1\r\n$1\r\n1\r\n", "*4\r\n:1\r\n:-1\r\n:0\r\n:0\r\n", "*5\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
		"#t\r\n", ",1.5\r\n", "%0\r\n", "~0\r\n", "(1\r\n", "-ERR no\r\n", "-OOM command not allowed\r\n", "garbage\r\n", "$x\r\n",
	}
	for _, reply := range replies {
		// Nil is what says that a key was free.
		isNil := reply == "*-1\r\n"
		c := open(t, patient(proxy.config(server)))
		proxy.on(func(command []string) action {
			if isClaim(command) || isScript(command) {
				return answerWith(reply)
			}
			return pass
		})
		if got, err := c.Claim(t.Context(), order, "one", time.Minute); !isNil && (err == nil || got.Won || got.Answer != nil) {
			t.Errorf("%q: claim = %+v, %v; want an error", reply, got, err)
		}
		if got, err := c.Take(t.Context(), "client", gateway.Quota{Requests: 1, Per: time.Hour}); err == nil || got.Allowed {
			t.Errorf("%q: %+v, %v; want an error", reply, got, err)
		}
	}
}

func TestNothingOfTheKeyIsStored(t *testing.T) {
	c := open(t, patient(at(t, services.Redis(t))))
	t.Cleanup(func() { wipe(t, c) })
	name := c.name("claim", "merchant-of-this-test", "order-of-this-test")
	if strings.Contains(name, "of-this-test") || !strings.HasPrefix(name, c.prefix+"claim:{") {
		t.Fatalf("the name in Redis is %s", name)
	}
}

func TestAnAnswerTooLongIsRefused(t *testing.T) {
	long := make([]byte, maxAnswer+1)
	for _, c := range []gateway.Claims{open(t, patient(Config{Addrs: []string{"127.0.0.1:1"}})), NewMemory(time.Now)} {
		if err := c.Finish(t.Context(), order, "one", long, time.Minute); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Fatalf("%T: error = %v, want that the answer is too long", c, err)
		}
	}
}
