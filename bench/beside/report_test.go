package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// measured is a house that has measured something: two rounds at 64
// connections, one at 1,000 a second, one replay.
func measured(t *testing.T) *house {
	t.Helper()
	h := &house{commit: "abc1234", out: &bytes.Buffer{}, began: time.Date(2026, 11, 28, 22, 0, 0, 0, time.UTC)}
	h.options = options{rounds: 2, lasting: 3 * time.Second, results: t.TempDir()}
	h.machine = machine{cpu: "A Processor", memory: "24 GiB", kernel: "6.18", loadAverage: "0.1 0.1 0.1", versions: []string{"go1.26"}}
	h.disk = disk{mount: "/", system: "ext4", sync: 200 * time.Microsecond}
	for _, r := range []struct {
		variant    string
		throughput float64
	}{{straight, 10000}, {throughCaddy, 4000}, {onSQLite, 1000}, {straight, 12000}, {throughCaddy, 2000}, {onSQLite, 2000}} {
		h.record.add(row{"saturation", "connections=64", r.variant, 100, []measure{{perSecond, r.throughput}, {unitPeak, 3 << 20}}})
	}
	alone := row{"fixed", "rate=1000", straight, 100, []measure{{unitP50, 300}, {unitP99, 900}, {unitP999, 1000}}}
	caddy := row{"fixed", "rate=1000", throughCaddy, 100, []measure{{unitP50, 500}, {unitP99, 1900}, {unitP999, 2000}}}
	house := row{"fixed", "rate=1000", onSQLite, 100, []measure{{unitP50, 1300}, {unitP99, 3900}, {unitP999, 4000}}}
	h.record.add(alone, caddy.with(added(caddy, alone)...), house.with(added(house, alone)...))
	h.record.add(
		row{"replay", "mix=sale", onSQLite, 100, []measure{{cpuOwn, 400}}},
		row{"replay", "mix=replay", onSQLite, 100, []measure{{cpuOwn, 100}}})
	return h
}

func TestTheReportHasMediansAndRatios(t *testing.T) {
	h := measured(t)
	h.note("something is missing")
	if err := h.report(); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(h.results, "abc1234.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# abc1234 beside nginx and Caddy",
		"ext4 at /, one page appended and fsynced in 200 µs",
		"- **Note**: something is missing.",
		"| throughput, 64 connections, to Caddy's | 0.50 | – | – | – |",
		"| throughput, 64 connections, to nginx's | – | – | – | – |",
		"| added p50, 1,000 a second, to Caddy's | 5.00 | – | – | – |",
		"| added p99, 1,000 a second, to Caddy's | 3.00 | – | – | – |",
		"| CPU of a replay to that of a payment | 0.25 | – | – | – |",
		"| connections=64 | caddy | 3000 (2000–4000) |",
		"| connections=64 | gateway | 1500 (1000–2000) |",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the report does not say %q:\n%s", want, page)
		}
	}
	if strings.Contains(string(page), "late (open loop)") {
		t.Error("a part that was not run has a table")
	}
}

func TestEachRoundIsALineForBenchstat(t *testing.T) {
	h := measured(t)
	var text bytes.Buffer
	if err := writeBenchmarks(&text, h.machine.cpu, h.record.rows); err != nil {
		t.Fatal(err)
	}
	rounds := 0
	for line := range strings.Lines(text.String()) {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "Benchmark") {
			continue
		}
		// A name, the requests, then pairs of a value and its unit.
		if len(words) < 4 || len(words)%2 != 0 {
			t.Errorf("no line of a benchmark: %q", line)
		}
		if strings.HasPrefix(words[0], "BenchmarkSaturation/connections=64/gateway-") {
			rounds++
		}
	}
	if rounds != 2 {
		t.Errorf("the gateway has %d lines for two rounds:\n%s", rounds, text.String())
	}
}

func TestAMedianIsTheMiddle(t *testing.T) {
	for _, c := range []struct {
		of   spread
		want float64
	}{{spread{7}, 7}, {spread{1, 9}, 5}, {spread{1, 2, 100}, 2}} {
		if m := c.of.median(); m != c.want {
			t.Errorf("the median of %v is %g", c.of, m)
		}
	}
	if _, ok := ratio(spread{1}, nil); ok {
		t.Error("there is a ratio to nothing")
	}
	if _, ok := ratio(spread{1}, spread{-0.2}); ok {
		t.Error("there is a ratio to less than nothing")
	}
}
