package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/internal/services"
)

// The tests of this package run the built programs as a shell does, each as a
// process of its own on loopback ports, with its data in a folder of the test.

// programs is the folder that holds the two programs under test.
var programs string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	folder, err := os.MkdirTemp("", "gateway-programs-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(folder)
	// One test runs them as a user that owns nothing.
	if err := os.Chmod(folder, 0o755); err != nil {
		return complain(err)
	}
	build := exec.Command("go", "build", "-trimpath", "-o", folder+string(filepath.Separator), "../gateway", "../paytrace-sim")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return complain(fmt.Errorf("%w\n%s", err, output))
	}
	programs = folder
	// These tests wait most of the time, for a PayTrace that is slow or gone, so that
	// more of them fit at once than the machine has processors. The command line
	// decides otherwise.
	flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	flag.Parse()
	return services.Run(m)
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "cannot build the programs under test:", err)
	return 1
}

// noteSources looks at every source of the simulator, which this package does
// not import: `go test` remembers what a test looked at, and would otherwise
// answer from its cache after the simulator has changed. It remembers nothing
// of what TestMain does, so the first program to be started calls this.
var noteSources = sync.OnceValue(func() error {
	for _, folder := range []string{"../paytrace-sim", "../../adapters/paytrace/simulator"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
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
