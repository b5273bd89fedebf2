package load

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// run is what the callers of one run share.
type run struct {
	config   Config
	targets  []*target
	token    *keeper
	shelf    shelf
	recorder *recorder
	driver   driver
	// attempts are those of a drill, by the number of the request.
	attempts []attempt
	reasons  reasons
	// prefix stands before the number of a request in its key and its order.
	prefix string
	// customers and integrator are as they stand in JSON.
	customers  [][]byte
	integrator []byte
}

// Run makes the requests, waits for their answers and reports. When ctx ends,
// no more are made, and what there was is reported.
func Run(ctx context.Context, config Config) (Report, error) {
	if err := config.check(); err != nil {
		return Report{}, err
	}
	r, err := newRun(config)
	if err != nil {
		return Report{}, err
	}
	life, err := r.token.fetch()
	if err != nil {
		return Report{}, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go renew(background, life, r.token.fetch)

	began := time.Now()
	r.recorder = newRecorder(began.Add(config.Warmup))
	watched, unwatch := context.WithCancel(background)
	go r.watch(watched)
	r.drive(ctx, began)
	unwatch()
	lasted := config.counted()
	if ctx.Err() != nil {
		lasted = min(lasted, time.Since(r.recorder.from))
	}
	if config.Drill != nil {
		r.settle(ctx)
	}
	return r.report(lasted)
}

func newRun(config Config) (*run, error) {
	r := &run{config: config, prefix: newPrefix()}
	for _, base := range config.Targets {
		t, err := newTarget(base, config.MaxInFlight+1) // One more, for the token.
		if err != nil {
			return nil, err
		}
		r.targets = append(r.targets, t)
	}
	r.token = newKeeper(config, r.targets)
	for _, id := range config.Customers {
		quoted, err := json.Marshal(id)
		if err != nil {
			return nil, err
		}
		r.customers = append(r.customers, quoted)
	}
	var err error
	if r.integrator, err = json.Marshal(config.IntegratorID); err != nil {
		return nil, err
	}
	if config.Drill != nil {
		r.attempts = make([]attempt, config.stagesFromWarmup().count())
	}
	r.driver = driver{
		maxInFlight: config.MaxInFlight, sleep: nap,
		begin:     func(j job) { r.recorder.begin(j.due) },
		newWorker: func() func(job) { return r.newCaller().do },
		overrun: func(j job) {
			r.recorder.end(result{operation: r.operation(j), due: j.due, done: time.Now(), failure: failOverrun})
		},
	}
	return r, nil
}

// newPrefix is new for each run, since a key is kept for good. It has letters
// alone: digits could look like a card number.
func newPrefix() string {
	letters := make([]byte, 8)
	rand.Read(letters)
	for i, b := range letters {
		letters[i] = 'a' + b%26
	}
	return "load" + string(letters) + "-"
}

func (r *run) keyOf(n int) string { return r.prefix + strconv.Itoa(n) }

func (r *run) operation(j job) string { return r.config.Mix.pick(r.config.Seed, j.n) }

func (r *run) drive(ctx context.Context, began time.Time) {
	if r.config.Connections > 0 {
		r.driver.saturate(ctx, began, r.config.Connections, r.config.Warmup+r.config.For)
		return
	}
	r.driver.arrive(ctx, began, r.config.stagesFromWarmup())
}

// watch writes down every second how many requests are under way.
func (r *run) watch(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		var now time.Time
		select {
		case <-ctx.Done():
			return
		case now = <-ticker.C:
		}
		p := Progress{Elapsed: now.Sub(r.recorder.from), InFlight: int(r.driver.underway.Load())}
		p.WarmingUp = p.Elapsed < time.Second/2
		if !p.WarmingUp {
			p.Second = r.recorder.tick(int((p.Elapsed-time.Second/2)/time.Second), p.InFlight)
		}
		if r.config.Progress != nil {
			r.config.Progress(p)
		}
	}
}

func (r *run) report(lasted time.Duration) (Report, error) {
	found, err := r.recorder.report()
	if err != nil {
		return Report{}, fmt.Errorf("the histogram cannot be encoded: %w", err)
	}
	c := r.config
	found.Target, found.As, found.Mode = strings.Join(c.Targets, ","), c.As, c.mode()
	found.Mix, found.Run, found.Seed = c.Mix.String(), strings.TrimSuffix(r.prefix, "-"), c.Seed
	found.Connections = c.Connections
	found.WarmupSeconds = c.Warmup.Seconds()
	found.Seconds = max(lasted, 0).Seconds()
	switch found.Mode {
	case "rate":
		found.Rate = float64(c.Stages[0].PerSecond)
	case "ramp":
		found.Ramp = arrivals(c.Stages).String()
	}
	// Answers that came after the last request was due took their time too.
	if span := r.recorder.ended.Sub(r.recorder.from).Seconds(); span > 0 {
		found.Throughput = float64(found.Answered) / max(span, found.Seconds)
	}
	if c.Drill != nil {
		found.Drill = r.findings()
	}
	return found, nil
}

// counted is how long requests are made after the warm-up.
func (c Config) counted() time.Duration {
	if c.Connections > 0 {
		return c.For
	}
	return arrivals(c.Stages).lasting()
}
