package bench

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway/processortest"
)

var keep = flag.Bool("keep", false, "write the allocations that are measured into kept.txt")

const (
	keptFile = "kept.txt"
	// rise is how many more allocations than the kept ones are a fault: enough for
	// another version of Go, too little for a copy of something large.
	rise = 1.20
	// warm are the requests after which pools and caches are full, counted those
	// over which the allocations are averaged.
	warm, counted = 200, 2000
)

// TestAllocationsStayAsKept holds what a request allocates, client included,
// against what was kept in kept.txt. The time that it takes depends on the
// machine and is only printed.
func TestAllocationsStayAsKept(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too; make check measures without it")
	}
	measured := []struct {
		name string
		cost
	}{
		{"payment", costOf(t, payments(t, vaultBody))},
		{"payment-hosted-fields", costOf(t, payments(t, checkoutBody))},
		{"replay", costOf(t, replays(t))},
		{"paytrace-charge", costOf(t, charges(t))},
	}
	if *keep {
		var b strings.Builder
		for _, m := range measured {
			fmt.Fprintf(&b, "%s %.0f\n", m.name, m.allocations)
		}
		if err := os.WriteFile(keptFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept := readKept(t)
	for _, m := range measured {
		t.Logf("%-22s %4.0f allocations, %.0f kept; %s from one request to the next", m.name, m.allocations, kept[m.name], m.took)
		if kept[m.name] == 0 || m.allocations > rise*kept[m.name] {
			t.Errorf("%s takes %.0f allocations, %s has %.0f; find out why, or, if it is worth it: go test ./bench -run TestAllocationsStayAsKept -keep",
				m.name, m.allocations, keptFile, kept[m.name])
		}
	}
}

// cost is what one request takes on the average, in the whole process.
type cost struct {
	allocations float64
	took        time.Duration
}

func costOf(t *testing.T, request call) cost {
	t.Helper()
	for n := range warm {
		if err := request(n); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for n := range counted {
		if err := request(warm + n); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	return cost{float64(after.Mallocs-before.Mallocs) / counted, (took / counted).Round(time.Microsecond)}
}

func payments(t *testing.T, body string) call {
	address, token := serve(t, newGateway(t, processortest.New(time.Now)))
	return newShop(address, token, body).caller(approved)
}

// replays repeat one request that has its answer.
func replays(t *testing.T) call {
	request := payments(t, vaultBody)
	return func(int) error { return request(0) }
}

// charges go through PayTrace's client alone, to a simulator that answers at
// once and allocates too.
func charges(t *testing.T) call {
	client := processor(t)
	return func(n int) error { return charge(client, n) }
}

func readKept(t *testing.T) map[string]float64 {
	t.Helper()
	file, err := os.Open(keptFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	kept := map[string]float64{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var name string
		var n float64
		if _, err := fmt.Sscan(lines.Text(), &name, &n); err != nil {
			t.Fatalf("%s: %q: %v", keptFile, lines.Text(), err)
		}
		kept[name] = n
	}
	return kept
}
