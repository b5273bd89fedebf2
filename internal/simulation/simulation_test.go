package simulation

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/api/auth"
)

var signingKey = sync.OnceValues(auth.GenerateKey)

var prepared = sync.OnceValue(Prepare)

// live lives through one seed in a bubble of its own.
func live(t *testing.T, seed uint64) (result Result) {
	t.Helper()
	if err := prepared(); err != nil {
		t.Fatal(err)
	}
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := ledgerDir(t)
	synctest.Test(t, func(t *testing.T) {
		// Time stands still once the run is over, and whoever tries to write an answer
		// again, for 38 s in all, would be asleep for good.
		t.Cleanup(func() { time.Sleep(time.Minute) })
		result, err = Run(t.Context(), Config{Seed: seed, Dir: dir, SigningKey: key, Log: logger()})
		if err != nil {
			t.Fatal(err)
		}
	})
	return result
}

func run(t *testing.T, seed uint64) Result {
	t.Helper()
	result := live(t, seed)
	for _, v := range result.Violations {
		t.Errorf("seed %d breaks a promise; SIM_SEED=%d go test ./internal/simulation -run TestTierA replays it\n%s", seed, seed, v)
	}
	return result
}

// logger shows what the instances log, where SIM_LOG asks for it.
func logger() *slog.Logger {
	if os.Getenv("SIM_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stdout, nil))
}

// ledgerDir is in memory where there is such a place: no power fails in a
// simulation, and waiting for a disk is most of what a run would do.
func ledgerDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "simulation-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestTierA(t *testing.T) {
	if seed, err := strconv.ParseUint(os.Getenv("SIM_SEED"), 10, 64); err == nil {
		run(t, seed)
		return
	}
	var mu sync.Mutex
	var all Figures
	t.Run("seed", func(t *testing.T) {
		for seed := range seeds() {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				result := run(t, seed)
				mu.Lock()
				defer mu.Unlock()
				all.Add(result.Figures)
			})
		}
	})
	all.Markdown(os.Stdout)
	if all.Runs >= manyRuns && len(all.Faults) < faultKinds {
		t.Errorf("%d kinds of fault fired in %d runs, want %d", len(all.Faults), all.Runs, faultKinds)
	}
}

// So many runs show so many kinds of fault, of the somewhat more there are.
const manyRuns, faultKinds = 200, 60

// seeds is how many runs there are: SIM_SEEDS, else 200, or fewer under the
// race detector, which makes each of them eight times as long.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("SIM_SEEDS"), 10, 64); err == nil {
		return n
	}
	if underRace() {
		return 20
	}
	return 200
}

func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestSoak runs seeds for as long as SIM_FOR says, from one that nobody has
// run before, or from SIM_SEED.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("SIM_FOR"))
	if err != nil {
		t.Skip("SIM_FOR says for how long to run seeds, such as 10m")
	}
	next := uint64(time.Now().Unix()) * 1000
	if seed, err := strconv.ParseUint(os.Getenv("SIM_SEED"), 10, 64); err == nil {
		next = seed
	}
	first, ends := next, time.Now().Add(long)
	var mu sync.Mutex
	var all Figures
	t.Run("workers", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for time.Now().Before(ends) {
					mu.Lock()
					seed := next
					next++
					mu.Unlock()
					figures := run(t, seed).Figures
					mu.Lock()
					all.Add(figures)
					mu.Unlock()
				}
			})
		}
	})
	fmt.Printf("seeds %d to %d\n\n", first, next-1)
	all.Markdown(os.Stdout)
}
