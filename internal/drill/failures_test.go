package drill

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
)

const (
	// restless is how long everything goes wrong, arrivals how many shoppers
	// come in each second of it.
	restless = 12 * time.Second
	arrivals = 20
	// A short run lets the first looks for what is unknown happen; a long one
	// waits for all that a dead gateway has left, and for the watcher: what a
	// clerk did last may be followed after 41 s, by a reading a minute later.
	shortQuiet, longQuiet = 20 * time.Second, 125 * time.Second
	// lanes is how many runs go on at once when there is time for many. They
	// wait most of the time; they begin one after the other, so that they are not
	// restless together.
	lanes   = 10
	stagger = 8 * time.Second
)

// TestARunUnderFailures breaks everything there is, in an order that its seed
// decides; DRILL_SEED replays the order. What it meets there is up to the
// machine, so that the same seed may go otherwise.
func TestARunUnderFailures(t *testing.T) {
	t.Parallel()
	if seed, err := strconv.ParseUint(os.Getenv("DRILL_SEED"), 10, 64); err == nil {
		runUnderFailures(t, seed).markdown(os.Stdout)
		return
	}
	over := time.Now().Add(drillFor(t))
	var mu sync.Mutex
	var all figures
	t.Run("runs", func(t *testing.T) {
		for lane := range inShort(t, 1, lanes) {
			t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
				t.Parallel()
				pass(time.Duration(lane) * stagger)
				for first := true; first || time.Now().Before(over); first = false {
					seed := rand.Uint64() >> 1
					t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
						f := runUnderFailures(t, seed)
						mu.Lock()
						defer mu.Unlock()
						all.add(f)
					})
				}
			})
		}
	})
	all.markdown(os.Stdout)
}

func runUnderFailures(t *testing.T, seed uint64) figures {
	t.Logf("DRILL_SEED=%d go test ./internal/drill -run TestARunUnderFailures", seed)
	postgres := services.PostgresServer(t)
	redis := services.RedisServer(t)
	w := openTown(t, setup{ledger: postgres.URL, redisURL: redis.URL})
	until := time.Now().Add(restless)

	var shoppers, others sync.WaitGroup
	others.Go(func() { w.weather(dice(seed, 1), until) })
	others.Go(func() { w.clerk(dice(seed, 2), until, inShort(t, false, true)) })
	others.Go(func() {
		openLoop(int(restless.Seconds())*arrivals, arrivals, &shoppers, func(number int) {
			if s, err := w.shopper(seed, number); err != nil {
				t.Errorf("no hosted fields: %v", err)
			} else {
				s.live()
			}
		})
	})
	w.breakThings(dice(seed, 3), until, redis, postgres)
	others.Wait()

	h := w.settleWhile(&shoppers, inShort(t, shortQuiet, longQuiet))
	for _, g := range w.gateways {
		w.countDecisions(g)
	}
	return w.figuresOf(h)
}

// breakThings breaks one thing after the other, and mends it.
func (w *town) breakThings(r *rand.Rand, until time.Time, redis *services.RedisInstance, postgres *services.Server) {
	w.t.Helper()
	things := []func(){
		func() { w.killGateway(r) }, func() { w.killGateway(r) },
		func() { w.pauseGateway(r) },
		func() { w.flush(redis) },
		func() { w.pauseRedis(r, redis) },
		func() { w.killRedis(r, redis) },
		func() { w.crashPostgres(r, postgres) },
	}
	r.Shuffle(len(things), func(i, j int) { things[i], things[j] = things[j], things[i] })
	for n := 0; time.Now().Before(until); n++ {
		pass(between(r, 200*time.Millisecond, time.Second))
		things[n%len(things)]()
	}
}

func (w *town) killGateway(r *rand.Rand) {
	w.t.Helper()
	w.happened("gateway killed", 1)
	g := w.gateways[r.IntN(2)]
	w.countDecisions(g)
	g.kill()
	pass(between(r, 0, time.Second))
	g.start()
}

// pauseGateway may hold a gateway for longer than its intents may be sent.
func (w *town) pauseGateway(r *rand.Rand) {
	w.happened("gateway paused", 1)
	g := w.gateways[r.IntN(2)]
	g.pause()
	defer g.resume()
	pass(between(r, 500*time.Millisecond, 3*time.Second))
}

func (w *town) flush(redis *services.RedisInstance) {
	w.t.Helper()
	w.happened("Redis flushed", 1)
	tellRedis(w.t, redis.Addr, "FLUSHALL")
}

func (w *town) pauseRedis(r *rand.Rand, redis *services.RedisInstance) {
	w.happened("Redis paused", 1)
	redis.Pause()
	defer redis.Resume()
	pass(between(r, 500*time.Millisecond, 3*time.Second))
}

func (w *town) killRedis(r *rand.Rand, redis *services.RedisInstance) {
	w.t.Helper()
	w.happened("Redis killed", 1)
	redis.Crash()
	pass(between(r, 0, 2*time.Second))
	redis.Restart(w.t)
}

func (w *town) crashPostgres(r *rand.Rand, postgres *services.Server) {
	w.t.Helper()
	w.happened("PostgreSQL crashed", 1)
	postgres.Crash()
	pass(between(r, 0, time.Second))
	postgres.Restart(w.t)
}

// tellRedis gives an order to a server; Redis takes plain lines.
func tellRedis(t testing.TB, address, order string) {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(connection, "%s\r\n", order); err != nil {
		t.Fatal(err)
	}
	// A server that is told to end closes the connection instead of answering.
	connection.Read(make([]byte, 16))
}
