package leakhunt

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/internal/services"
)

// atOnce is how many tests run at the same time.
const atOnce = 8

// programs is the folder that holds the two programs under test.
var programs string

func TestMain(m *testing.M) {
	if os.Getenv(holdVariable) != "" {
		os.Exit(hold())
	}
	os.Exit(buildAndRun(m))
}

// buildAndRun builds them as they are shipped. The race detector's shadow would
// be most of the memory that is searched.
func buildAndRun(m *testing.M) int {
	folder, err := os.MkdirTemp("", "hunt-programs-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(folder)
	build := exec.Command("go", "build", "-trimpath", "-o", folder+string(filepath.Separator), "../../cmd/gateway", "../../cmd/paytrace-sim")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return complain(fmt.Errorf("%w\n%s", err, output))
	}
	programs = folder
	// These tests wait most of the time, so that more of them fit at once than
	// the machine has processors. The command line decides otherwise.
	_ = flag.Set("test.parallel", strconv.Itoa(atOnce))
	flag.Parse()
	return services.Run(m)
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "cannot build the programs under test:", err)
	return 1
}

// noteSources looks at every source of the programs, which this package does
// not import: `go test` remembers what a test looked at, and would otherwise
// answer from its cache after they have changed. It remembers nothing of what
// TestMain does, so the first program to be started calls this.
var noteSources = sync.OnceValue(func() error {
	for _, folder := range []string{"adapters", "api", "cmd", "egress", "gateway", "openapi", "tokenization"} {
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
