package simulation

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// dice decides everything by the run's seed. A question names itself, and its
// answer depends on its name alone: however goroutines interleave, the same
// seed asks for the same faults in the same places.
type dice struct{ seed uint64 }

// of is the random source of one question.
func (d dice) of(question ...any) *rand.Rand {
	h := fnv.New64a()
	for _, part := range question {
		fmt.Fprintf(h, "%v\x00", part)
	}
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}

func (d dice) chance(p float64, question ...any) bool { return d.of(question...).Float64() < p }

func (d dice) between(from, to time.Duration, question ...any) time.Duration {
	return between(d.of(question...), from, to)
}

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
