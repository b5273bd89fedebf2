package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"paytrace-gateway/internal/load"
)

// seldom is how often progress is told where nobody watches.
const seldom = 10 * time.Second

// teller tells how a run stands: every second on a terminal, else seldom.
type teller struct {
	to    io.Writer
	every time.Duration
	last  time.Duration
}

func newTeller(to io.Writer) *teller {
	t := &teller{to: to, every: seldom}
	if file, is := to.(*os.File); is {
		if about, err := file.Stat(); err == nil && about.Mode()&os.ModeCharDevice != 0 {
			t.every = time.Second
		}
	}
	t.last = -t.every
	return t
}

func (t *teller) tell(p load.Progress) {
	if p.WarmingUp {
		if t.every == time.Second {
			fmt.Fprintf(t.to, "warming up, %d in flight\n", p.InFlight)
		}
		return
	}
	if p.Elapsed-t.last < t.every-time.Second/2 {
		return
	}
	t.last = p.Elapsed
	s := p.Second
	fmt.Fprintf(t.to, "%4ds  due %6d  answered %6d  failed %6d  in flight %6d  p50 %9s  p99 %9s\n",
		s.Second+1, s.Scheduled, s.Answered, s.Failed, s.InFlight, load.Span(s.P50), load.Span(s.P99))
}
