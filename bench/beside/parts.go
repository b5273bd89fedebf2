package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// part is a question that the run answers, with a scene of its own.
type part struct {
	name string
	run  func(*house, context.Context) error
	// takes is about how long its loads last.
	takes func(options) time.Duration
}

// durability is the name of the part that every run begins with.
const durability = "durability"

const (
	// between is how long a load takes to begin.
	between = 200 * time.Millisecond
	// opening is how long a scene takes to begin and to end.
	opening = 4 * time.Second
	// replayConnections keep both cores at work.
	replayConnections = 16
)

var parts = []part{
	{durability, (*house).durability, func(o options) time.Duration {
		return time.Duration(2*len(untold)+2*len(told)) * o.stretch()
	}},
	{"saturation", (*house).saturation, func(o options) time.Duration {
		return o.turns(len(o.ways())*len(o.connections), len(told)*len(o.connections))
	}},
	{"fixed", (*house).fixed, func(o options) time.Duration { return o.turns(len(o.ways())*len(o.rates), len(told)*len(o.rates)) }},
	{"slow", (*house).slow, func(o options) time.Duration {
		return time.Duration(len(o.ways())) * (2*o.slowAnswer + o.slowFor + between)
	}},
	{"replay", (*house).replay, func(o options) time.Duration { return o.turns(2*len(untold), 0) }},
	{budgetPart, (*house).budget, func(o options) time.Duration { return o.turns(len(untold), 0) }},
}

// saturation is a closed loop: each connection sends its next request when the
// last is answered.
func (h *house) saturation(ctx context.Context) error {
	return h.within(ctx, "saturation", h.ways(), func(s *scene) error {
		for range h.rounds {
			for _, n := range h.connections {
				for _, v := range s.variants {
					measured, err := s.stretch(ctx, "saturation", fmt.Sprintf("connections=%d", n), v, h.timed("--connections", strconv.Itoa(n))...)
					if err != nil {
						return err
					}
					h.record.add(measured)
				}
			}
		}
		return nil
	})
}

// fixed is an open loop: requests come at a rate, whatever becomes of those
// before.
func (h *house) fixed(ctx context.Context) error {
	return h.within(ctx, "fixed", h.ways(), func(s *scene) error {
		for range h.rounds {
			for _, rate := range h.rates {
				flags := h.timed("--rate", strconv.Itoa(rate))
				err := s.compare(func(v *variant) (row, error) {
					return s.stretch(ctx, "fixed", fmt.Sprintf("rate=%d", rate), v, flags...)
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// compare lets each variant take its turn once. What it adds is told by the
// straight road of the same round, which comes first.
func (s *scene) compare(turn func(*variant) (row, error)) error {
	var alone row
	for _, v := range s.variants {
		measured, err := turn(v)
		if err != nil {
			return err
		}
		if v.name == straight {
			alone = measured
		} else {
			measured = measured.with(added(measured, alone)...)
		}
		s.house.record.add(measured)
	}
	return nil
}

// added is what a variant takes longer than the straight road.
func added(measured, alone row) []measure {
	var all []measure
	for _, pair := range [][2]string{{unitP50, addedP50}, {unitP99, addedP99}, {unitP999, addedP999}} {
		with, answered := measured.value(pair[0])
		without, also := alone.value(pair[0])
		if answered && also {
			all = append(all, measure{pair[1], with - without})
		}
	}
	return all
}

// replay compares a request whose key is finished with a payment.
func (h *house) replay(ctx context.Context) error {
	return h.within(ctx, "replay", untold, func(s *scene) error {
		for range h.rounds {
			for _, v := range s.variants {
				for _, mix := range []string{"sale", "replay"} {
					measured, err := s.stretch(ctx, "replay", "mix="+mix, v,
						h.timed("--mix", mix+"=100", "--connections", strconv.Itoa(replayConnections))...)
					if err != nil {
						return err
					}
					h.record.add(measured)
				}
			}
		}
		return nil
	})
}

// timed are the flags of a load with how long it lasts.
func (h *house) timed(flags ...string) []string {
	return append(flags, "--warmup", h.warmup.String(), "--for", h.lasting.String(), "--timeout", "10s")
}

func (h *house) within(ctx context.Context, name string, ways []string, act func(*scene) error) (err error) {
	s, err := h.open(ctx, name, ways, nil)
	if err != nil {
		return err
	}
	defer func() {
		if ended := s.close(); err == nil {
			err = ended
		}
	}()
	return act(s)
}
