// Package drill holds the tests that run the real programs against real
// failures: gateways that are killed and paused, a Redis that is wiped, paused
// and lost, a PostgreSQL that crashes, a PayTrace that misbehaves, and shops
// that repeat, double, cancel and refund all the while. What everybody saw is
// judged by package history, which judges the simulation too.
package drill

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
)

// atOnce is how many tests run at the same time.
const atOnce = 10

// programs is the folder that holds the two programs under test.
var programs string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	folder, err := os.MkdirTemp("", "drill-programs-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(folder)
	args := []string{"build", "-o", folder + string(filepath.Separator)}
	if watchesRaces() {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "../../cmd/gateway", "../../cmd/paytrace-sim")...)
	if output, err := build.CombinedOutput(); err != nil {
		return complain(fmt.Errorf("%w\n%s", err, output))
	}
	programs = folder
	// These tests wait most of the time, so that more of them fit at once than
	// the machine has processors. The command line decides otherwise.
	flag.Set("test.parallel", strconv.Itoa(atOnce))
	flag.Parse()
	return services.Run(m)
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "cannot build the programs under test:", err)
	return 1
}

// watchesRaces says whether these tests run under the race detector; the
// programs do so then too.
func watchesRaces() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// noteSources looks at every source of the programs, which this package does
// not import: `go test` remembers what a test looked at, and would otherwise
// answer from its cache after they have changed. It remembers nothing of what
// TestMain does, so the first program to be started calls this.
var noteSources = sync.OnceValue(func() error {
	for _, folder := range []string{"adapters", "api", "cmd", "gateway", "openapi", "tokenization"} {
		err := filepath.WalkDir(filepath.Join("..", "..", folder), func(path string, file fs.DirEntry, err error) error {
			if err == nil && !file.IsDir() && !strings.HasSuffix(path, "_test.go") {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
})

// drillFor is how long the run under failures is repeated; zero is the short
// form of every test, as `make test` has it.
func drillFor(t testing.TB) time.Duration {
	t.Helper()
	text := os.Getenv("DRILL_FOR")
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.Fatalf("DRILL_FOR is %q, and must be a duration such as 10m", text)
	}
	return d
}

// inShort chooses between the short and the long form of a test.
func inShort[T any](t testing.TB, short, long T) T {
	t.Helper()
	if drillFor(t) == 0 {
		return short
	}
	return long
}
