package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/api"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
	"paytrace-gateway/internal/simulation/history"
)

// errCrashed is all that a crashed instance gets from any port.
var errCrashed = errors.New("this instance has crashed")

// slot is a place where an instance runs; after a crash the next one starts
// there.
type slot struct {
	world  *world
	number int

	mu    sync.Mutex
	boots int
	now   *instance
}

func (s *slot) instance() *instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// boot starts an instance with a clock of its own.
func (s *slot) boot() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boots++
	in, err := s.world.start(fmt.Sprintf("%s-%d", [...]string{"one", "two"}[s.number], s.boots), s)
	if err == nil {
		s.now = in
	}
	return err
}

// instance is one process: a gateway with everything that is its own.
type instance struct {
	world   *world
	slot    *slot
	name    string
	skew    time.Duration
	gateway *gateway.Gateway
	server  *api.Server
	public  *network
	wire    *wire
	dead    chan struct{}
	once    sync.Once

	ctx    context.Context
	cancel context.CancelFunc
	steps  steps

	mu sync.Mutex
	// stopJobs ends the jobs, so that they can go on at another pace, and jobs are
	// those that have not ended.
	stopJobs context.CancelFunc
	jobs     *sync.WaitGroup
}

// maxSkew keeps two instances less than half a minute apart, and each within
// what the gateway allows PayTrace's clock to differ.
const maxSkew = 12 * time.Second

func (w *world) start(name string, s *slot) (*instance, error) {
	in := &instance{world: w, slot: s, name: name, public: newNetwork(), wire: w.payTrace.wire(w.dice, name), dead: make(chan struct{})}
	in.ctx, in.cancel = context.WithCancel(context.Background())
	if w.chance(0.6, "skewed", name) {
		in.skew = w.between(-maxSkew, maxSkew, "skew", name)
		w.faults.count(ClockSkewed, 1)
	}
	guarding := in.guarding()
	guarding.LogIn = guard.NewLogIn(guarding)
	client, err := paytrace.New(paytrace.Config{
		BaseURL: payTraceURL, Username: payTraceUser, Password: simulator.DefaultPassword, ApprovedAmountField: w.whereParts(),
		IntegratorID: simulator.DefaultIntegratorID, Dial: in.wire.dial, LogIn: guarding.LogIn, Now: in.clock, Log: w.log.With("instance", name),
	})
	if err != nil {
		return nil, err
	}
	in.gateway = gateway.New(gateway.Config{
		Ledger: &ledgerPort{instance: in, next: w.ledger}, Merchants: []gateway.Merchant{w.merchant},
		Processors: map[string]gateway.Processor{merchantID: &processorPort{instance: in, next: guard.New(client, guarding)}},
		Secret:     []byte("0123456789abcdef0123456789abcdef"), Instance: name, Now: in.clock,
		Log: w.log.With("instance", name), MaxInFlight: 256,
		Claims: &claimsPort{instance: in, next: w.claims}, Observer: observer{},
		Subscribers: in.subscribers(), Jitter: func(d time.Duration) time.Duration { return d },
	})
	in.server = api.New(api.Config{
		Gateway: in.gateway, Issuer: auth.NewIssuer(w.auth), Verifier: auth.NewVerifier(w.auth),
		Log: w.log.With("instance", name), Now: in.clock,
	})
	w.work.Go(func() { client.Run(in.ctx) })
	w.work.Go(func() { in.server.Serve(in.public) })
	in.run(*w.pace.Load())
	return in, nil
}

func (in *instance) clock() time.Time { return time.Now().Add(in.skew) }

// guarding is how the instance guards its way to PayTrace.
func (in *instance) guarding() guard.Config {
	random := in.world.of("guard", in.name)
	var mu sync.Mutex
	return guard.Config{
		Now: in.clock, Log: in.world.log, CallDeadline: in.world.merchant.CallDeadline,
		Breaker: guard.BreakerConfig{MinimumRequests: 4, OpenFor: 8 * time.Second},
		Retry: guard.RetryConfig{Random: func(n int64) int64 {
			mu.Lock()
			defer mu.Unlock()
			return random.Int64N(n)
		}},
		OnChange: func(_, _, to string) {
			if to == "open" {
				in.world.faults.count(BreakerOpened, 1)
			}
		},
	}
}

// pace is how often the jobs look for work, whether the export is due, whom to
// tell, and which card to compare.
type pace struct{ due, watch, tell, compare time.Duration }

// The paces: as in production while things happen, and seldom in the long quiet
// after it.
var (
	busyPace  = pace{2 * time.Second, 10 * time.Second, 2 * time.Second, 10 * time.Second}
	quietPace = pace{10 * time.Minute, 6 * time.Hour, 10 * time.Minute, 30 * time.Minute}
)

// run runs the jobs at that pace from now on. They begin when those of the pace
// before have ended: a gateway runs each of them once.
func (in *instance) run(at pace) {
	in.mu.Lock()
	defer in.mu.Unlock()
	before := in.jobs
	if in.stopJobs != nil {
		in.stopJobs()
	}
	ctx, cancel := context.WithCancel(in.ctx)
	in.stopJobs, in.jobs = cancel, &sync.WaitGroup{}
	begin := func(job func(context.Context, time.Duration), every time.Duration) {
		jobs := in.jobs
		jobs.Add(1)
		in.world.work.Go(func() {
			defer jobs.Done()
			if before != nil {
				before.Wait()
			}
			job(ctx, every)
		})
	}
	begin(in.gateway.RunDue, at.due)
	begin(in.gateway.RunWatch, at.watch)
	begin(in.gateway.RunTelling, at.tell)
	if in.world.keepsCards {
		begin(in.gateway.RunComparison, at.compare)
	}
}

func (in *instance) crashed() bool {
	select {
	case <-in.dead:
		return true
	default:
		return false
	}
}

// crash ends the instance as kill -9 does: from now on none of its ports does
// anything, its connections are gone, and what it had in its hands is lost.
// Another starts in its place a while later.
func (in *instance) crash(how Fault) {
	in.once.Do(func() {
		in.world.faults.count(how, 1)
		in.world.record.crash(history.Crash{At: time.Now(), Instance: in.name})
		in.world.log.Info("simulation.crash", "instance", in.name, "how", how)
		close(in.dead)
		in.release()
		in.world.work.Go(func() {
			time.Sleep(in.world.between(time.Second, 40*time.Second, "revival", in.name))
			if err := in.slot.boot(); err != nil {
				panic(err) // nothing in a start depends on the outside
			}
		})
	})
}

// release lets go of connections and goroutines. Handlers that still run end
// by their own deadlines; nobody hears of them.
func (in *instance) release() {
	in.cancel()
	in.public.Close()
	in.public.cut()
	in.wire.cut()
	in.world.work.Go(func() { in.server.Shutdown(context.Background()) })
}

// stop ends the instance in order.
func (in *instance) stop() {
	in.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		in.gateway.Stop(ctx)
		close(in.dead)
		in.release()
	})
}
