package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

// stalled is a client whose first command is held back by the proxy, and what
// the proxy sees meanwhile and afterwards.
func stalled(t *testing.T) (c *Client, claims chan string, release func()) {
	proxy := newProxy(t, at(t, services.Redis(t)).Addrs[0])
	held, claims := make(chan struct{}), make(chan string, 2*maxWaiting)
	proxy.on(func(command []string) action {
		if isClaim(command) {
			claims <- command[2]
			if strings.HasSuffix(command[2], "first") {
				<-held // and with it the whole proxy
			}
		}
		return pass
	})
	var once sync.Once
	release = func() { once.Do(func() { close(held) }) }
	t.Cleanup(release)
	c = open(t, patient(proxy.config(at(t, services.Redis(t)))))
	t.Cleanup(func() { wipe(t, c) })
	return c, claims, release
}

func claim(ctx context.Context, c *Client, key, owner string) (gateway.Claim, error) {
	return c.Claim(ctx, gateway.ClaimKey{MerchantID: "m1", Key: key}, owner, time.Minute)
}

// stand is how many commands wait for their turn, and how many round trips are
// under way.
func stand(c *Client) (waiting, running int) {
	c.batches.mu.Lock()
	defer c.batches.mu.Unlock()
	return len(c.batches.waiting), c.batches.running
}

func waitFor(t *testing.T, c *Client, n int) {
	t.Helper()
	eventually(t, "so many wait", func() bool { waiting, _ := stand(c); return waiting >= n })
}

func TestWhatWaitsGoesTogetherAndEachGetsItsOwnAnswer(t *testing.T) {
	c, claims, release := stalled(t)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = claim(t.Context(), c, "first", "first") })
	<-claims
	won := make([]gateway.Claim, crowd)
	for i := range won {
		wg.Go(func() {
			var err error
			if won[i], err = claim(t.Context(), c, fmt.Sprint("key", i/2), fmt.Sprint("owner", i)); err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(t, c, len(won))
	if _, running := stand(c); running != 1 {
		t.Errorf("%d round trips at once, for no crowd", running)
	}
	release()
	wg.Wait()
	for i := 0; i < len(won); i += 2 {
		if won[i].Won == won[i+1].Won {
			t.Errorf("of two owners of one key: %+v, %+v", won[i], won[i+1])
		}
	}
}

func TestACrowdDoesNotWaitForAConnectionThatHangs(t *testing.T) {
	c, claims, release := stalled(t)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = claim(t.Context(), c, "first", "first") })
	<-claims
	for i := range crowd + 1 {
		wg.Go(func() { _, _ = claim(t.Context(), c, fmt.Sprint("key", i), "one") })
	}
	eventually(t, "a second round trip", func() bool { _, running := stand(c); return running == 2 })
	release()
	wg.Wait()
}

func TestWhoStopsWaitingForABatchIsLetGo(t *testing.T) {
	c, claims, release := stalled(t)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = claim(t.Context(), c, "first", "first") })
	<-claims
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := claim(ctx, c, "key", "gone")
		gone <- err
	}()
	waitFor(t, c, 1)
	cancel()
	if err := <-gone; kindIn(err) != kindCancelled {
		t.Errorf("%v, of kind %q", err, kindIn(err))
	}
	release()
	wg.Wait()
	if got, err := claim(t.Context(), c, "key", "next"); err != nil || !got.Won {
		t.Errorf("the key of a caller who had gone before its turn: %+v, %v", got, err)
	}
}

func TestMoreThanCanWaitAreTurnedAway(t *testing.T) {
	c, claims, release := stalled(t)
	c.batches.most = 1
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = claim(t.Context(), c, "first", "first") })
	<-claims
	for i := range maxWaiting {
		wg.Go(func() { _, _ = claim(t.Context(), c, fmt.Sprint("key", i), "one") })
	}
	waitFor(t, c, maxWaiting)
	_, err := claim(t.Context(), c, "one too many", "one")
	var f *fault
	if !errors.As(err, &f) || f.kind != kindTimeout {
		t.Errorf("%v", err)
	}
	release()
	wg.Wait()
}

// go-redis tells it of the round trip alone, and of none of the commands.
func TestALogInThatIsRefusedIsAnErrorOfEachCommand(t *testing.T) {
	server := services.RedisServer(t, "--requirepass", "right")
	c := open(t, patient(Config{Addrs: []string{server.Addr}, Password: "wrong"}))
	var batch []errand
	for range 2 {
		batch = append(batch, errand{t.Context(), goredis.NewCmd(t.Context(), "get", "a"), make(chan struct{})})
	}
	c.batches.send(batch)
	for _, e := range batch {
		if err := explain(t.Context(), e.cmd.Err()); kindIn(err) != kindLogin {
			t.Errorf("%v, of kind %q", err, kindIn(err))
		}
	}
}
