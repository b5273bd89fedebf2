package simulation

import (
	"fmt"
	"slices"
	"testing"
)

// What a run shows of its schedule: who asked what, when and where, and what it
// was told. Ids are random, and are left out.
func schedule(r Result) []string {
	var lines []string
	for _, c := range r.History.Calls {
		lines = append(lines, fmt.Sprintf("%s %s %s of %s: %d %s %s at %s",
			c.At.Format("15:04:05.000000"), c.Verb, c.Key, c.Instance, c.Status, c.Code, c.Outcome, c.Until.Format("15:04:05.000000")))
	}
	for f, n := range r.Figures.Faults {
		lines = append(lines, fmt.Sprintf("%s %d", f, n))
	}
	slices.Sort(lines)
	return lines
}

// replayed is how many of the seeds must replay to the letter. Nearly all do:
// but which of two things comes first in the very same instant of the virtual
// clock, in net/http for one, is nobody's to say.
const tried, replayed = 6, 3

func TestASeedReplaysScheduleAndFaults(t *testing.T) {
	if underRace() {
		t.Skip("it runs without the race detector")
	}
	same := 0
	for seed := range uint64(tried) {
		first, second := schedule(live(t, seed)), schedule(live(t, seed))
		if slices.Equal(first, second) {
			same++
			continue
		}
		for i := range min(len(first), len(second)) {
			if first[i] != second[i] {
				t.Logf("seed %d: %q, then %q", seed, first[i], second[i])
				break
			}
		}
	}
	if same < replayed {
		t.Errorf("%d of %d seeds replayed, want %d", same, tried, replayed)
	}
}
