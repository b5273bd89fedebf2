package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// result is what the load generator has measured; times are in microseconds.
type result struct {
	Answered, Failed int
	// Warmed are those that were sent before the counting began.
	Warmed     int
	Throughput float64
	Seconds    float64
	Latency    latency
	Errors     map[string]int
	Late       latency
	Series     []struct{ InFlight int }
}

type latency struct{ P50, P99, P999, Max float64 }

// most is the most requests that were under way at the end of a second.
func (r result) most() int {
	most := 0
	for _, second := range r.Series {
		most = max(most, second.InFlight)
	}
	return most
}

// all are those of the warming up too.
func (r result) all() int { return r.Answered + r.Failed + r.Warmed }

// wrong says what went wrong, by status or class.
func (r result) wrong() string {
	var all []string
	for class, n := range r.Errors {
		all = append(all, fmt.Sprintf("%s %d times", class, n))
	}
	return strings.Join(all, ", ")
}

// load runs the load generator against a variant, as a process of its own.
// Requests that fail are counted; a load that could not be made is an error.
func load(ctx context.Context, programs, folder string, v *variant, flags ...string) (result, error) {
	file := filepath.Join(folder, "load.json")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return result{}, err
	}
	args := append([]string{"--target", "http://" + v.address, "--json", file, "--quiet"}, v.caller()...)
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "loadtest"), append(args, flags...)...)
	cmd.Env = environment()
	said, err := cmd.CombinedOutput()
	text, missing := os.ReadFile(file)
	if missing != nil {
		return result{}, fmt.Errorf("no load on %s: %w: %.2000s", v.name, err, said)
	}
	var r result
	if err := json.Unmarshal(text, &r); err != nil {
		return result{}, fmt.Errorf("the load generator's figures cannot be read: %w", err)
	}
	if r.all() == 0 {
		return result{}, fmt.Errorf("no load on %s: nothing was sent", v.name)
	}
	return r, nil
}
