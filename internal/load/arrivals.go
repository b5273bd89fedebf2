package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The limits of one stage of arrivals.
const (
	fastest = 100_000
	longest = 24 * time.Hour
)

// Stage is a time in which requests come at one rate.
type Stage struct {
	PerSecond int
	For       time.Duration
}

// arrivals says when each request is due: evenly, stage after stage.
type arrivals []Stage

// due is when the n-th request is due, counted from the beginning. It is false
// for a request that comes no more.
func (a arrivals) due(n int) (time.Duration, bool) {
	var began time.Duration
	for _, s := range a {
		if count := s.count(); n >= count {
			n -= count
			began += s.For
			continue
		}
		return began + time.Duration(n)*time.Second/time.Duration(s.PerSecond), true
	}
	return 0, false
}

// count is how many requests come within the stage.
func (s Stage) count() int {
	return int((time.Duration(s.PerSecond)*s.For + time.Second - 1) / time.Second)
}

// count is how many requests come in all.
func (a arrivals) count() int {
	total := 0
	for _, s := range a {
		total += s.count()
	}
	return total
}

// lasting is how long the stages take together.
func (a arrivals) lasting() time.Duration {
	var total time.Duration
	for _, s := range a {
		total += s.For
	}
	return total
}

func (s Stage) check() error {
	if s.PerSecond < 1 || s.PerSecond > fastest {
		return fmt.Errorf("%d requests a second: 1 to %d can be made", s.PerSecond, fastest)
	}
	if s.For <= 0 || s.For > longest {
		return fmt.Errorf("%s: a stage lasts up to %s", s.For, longest)
	}
	return nil
}

// ParseRamp reads stages such as 100:10s,500:10s,1000:30s.
func ParseRamp(text string) ([]Stage, error) {
	var stages []Stage
	for part := range strings.SplitSeq(text, ",") {
		perSecond, lasting, found := strings.Cut(part, ":")
		if !found {
			return nil, fmt.Errorf("%q is not a rate and a time, such as 100:10s", part)
		}
		var s Stage
		var wrong [2]error
		s.PerSecond, wrong[0] = strconv.Atoi(perSecond)
		s.For, wrong[1] = time.ParseDuration(lasting)
		if err := errors.Join(wrong[:]...); err != nil {
			return nil, fmt.Errorf("%q is not a rate and a time, such as 100:10s", part)
		}
		if err := s.check(); err != nil {
			return nil, err
		}
		stages = append(stages, s)
	}
	return stages, nil
}

func (a arrivals) String() string {
	var stages []string
	for _, s := range a {
		stages = append(stages, fmt.Sprintf("%d:%s", s.PerSecond, s.For))
	}
	return strings.Join(stages, ",")
}
