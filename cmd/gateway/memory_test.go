package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"paytrace-gateway/internal/leakhunt"
)

// held says how often what the scanner searches for stands in the writable
// memory of a process.
func held(t *testing.T, s *leakhunt.Scanner, pid int) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: the memory of processes was NOT looked at, which is done on Linux")
	}
	hits, size, err := s.Memory("memory", pid)
	if err != nil || size < 1<<20 {
		t.Fatalf("only %d bytes of the memory could be read, %v", size, err)
	}
	found := 0
	for _, h := range hits {
		found += h.Count
	}
	return found
}

// childOf is the one process that the process has started.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var children []string
	for _, list := range lists {
		content, failed := os.ReadFile(list)
		if failed != nil && !errors.Is(failed, os.ErrNotExist) {
			err = failed
		}
		children = append(children, strings.Fields(string(content))...)
	}
	if err != nil || len(children) != 1 {
		t.Fatalf("process %d has the children %v, %v", pid, children, err)
	}
	child, err := strconv.Atoi(children[0])
	if err != nil {
		t.Fatal(err)
	}
	return child
}
