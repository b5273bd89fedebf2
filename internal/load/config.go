package load

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
)

// What the requests are made as.
const (
	AsGateway  = "gateway"
	AsPayTrace = "paytrace"
)

// ErrConfig is in the errors of a run that cannot be as it was asked for.
var ErrConfig = errors.New("this cannot be run")

// Config is one run.
type Config struct {
	// Targets are the base URLs of what is asked; more than one are asked in
	// turn.
	Targets []string
	// As is AsGateway or AsPayTrace.
	As string
	// ClientID and Secret get the token: a client of the gateway, or a user and
	// a password of PayTrace.
	ClientID, Secret string
	// IntegratorID stands in requests to PayTrace.
	IntegratorID string
	// Customers are those of the vault whose cards are charged, in turn. A ledger
	// charges a customer's card once at a time, so that one alone is a bottleneck
	// that no shop has.
	Customers []string

	// Stages are the arrivals; without them Connections send one request after
	// the other for For.
	Stages      []Stage
	Connections int
	For         time.Duration
	// Warmup goes before what is counted, at the rate of the first stage.
	Warmup time.Duration

	Mix         Mix
	Seed        uint64
	Timeout     time.Duration
	MaxInFlight int
	// AllowAnyAddress lets targets be elsewhere than on this machine.
	AllowAnyAddress bool

	// Drill repeats what gets no answer, and asks in the end what became of
	// every key. Nil for a plain run.
	Drill *Drill

	// Progress is told of each second of the run. It may be nil.
	Progress func(Progress)
}

// Progress is how a run stands. WarmingUp says that it is not counted yet.
type Progress struct {
	WarmingUp bool
	Elapsed   time.Duration
	InFlight  int
	Second    Second
}

// Limits of a run.
const (
	mostTargets   = 64
	mostCustomers = 10_000
	mostInFlight  = 100_000
)

func (c Config) check() error {
	var wrong []error
	fault := func(is bool, format string, values ...any) {
		if is {
			wrong = append(wrong, fmt.Errorf(format, values...))
		}
	}
	fault(len(c.Targets) == 0 || len(c.Targets) > mostTargets, "there must be 1 to %d targets", mostTargets)
	fault(len(c.Customers) == 0 || len(c.Customers) > mostCustomers || slices.Contains(c.Customers, ""), "there must be 1 to %d customers", mostCustomers)
	for _, t := range c.Targets {
		wrong = append(wrong, checkTarget(t, c.AllowAnyAddress))
	}
	fault(c.As != AsGateway && c.As != AsPayTrace, "%q: requests are made as %s or as %s", c.As, AsGateway, AsPayTrace)
	fault((len(c.Stages) > 0) == (c.Connections > 0), "say either a rate, or a ramp, or a number of connections")
	for _, s := range c.Stages {
		wrong = append(wrong, s.check())
	}
	fault(c.MaxInFlight < 1 || c.MaxInFlight > mostInFlight, "in flight may be 1 to %d requests", mostInFlight)
	fault(c.Connections < 0 || c.Connections > c.MaxInFlight, "%d connections: 1 to %d, as many as may be in flight", c.Connections, c.MaxInFlight)
	fault(c.Connections > 0 && (c.For <= 0 || c.For > longest), "a run lasts up to %s", longest)
	fault(c.Warmup < 0 || c.Warmup > longest, "a warm-up lasts up to %s", longest)
	fault(c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute, "a request may take 1ms to 10m")
	fault(len(c.Mix) == 0, "the mix is empty")
	salesOnly := len(c.Mix) == 1 && c.Mix.has(Sale)
	fault(c.As == AsPayTrace && !salesOnly, "as paytrace only sales are made")
	fault(c.Drill != nil && (c.As != AsGateway || !salesOnly), "a drill makes sales, as gateway")
	if c.Drill != nil {
		wrong = append(wrong, c.Drill.check(c))
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return nil
}

// checkTarget says what is wrong with a base URL.
func checkTarget(base string, anywhere bool) error {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return errors.New("a target is a URL such as http://127.0.0.1:8080")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("target %s: a scheme, a host, a port and a path are all that it may have", u.Redacted())
	}
	ip := net.ParseIP(u.Hostname())
	if anywhere || u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("target %s is not on this machine, and a load on somebody else's is an attack; say --allow-any-address if it is yours", u.Host)
}

// stagesFromWarmup are the arrivals with the warm-up before them.
func (c Config) stagesFromWarmup() arrivals {
	if c.Warmup == 0 {
		return c.Stages
	}
	return append(arrivals{{c.Stages[0].PerSecond, c.Warmup}}, c.Stages...)
}

// mode names the way in which requests are made.
func (c Config) mode() string {
	switch {
	case c.Connections > 0:
		return "connections"
	case len(c.Stages) > 1:
		return "ramp"
	}
	return "rate"
}
