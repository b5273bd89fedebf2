package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// held says how often the words stand in the writable memory of a process.
func held(t *testing.T, pid int, words string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: the memory of processes was NOT looked at, which is done on Linux")
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	found, seen := 0, int64(0)
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil {
			continue // [vsyscall] lies beyond what an int64 holds.
		}
		if strings.HasPrefix(rights, "rw") {
			n, read := heldIn(io.NewSectionReader(memory, from, to-from), words)
			found, seen = found+n, seen+read
		}
	}
	if seen < 1<<20 {
		t.Fatalf("only %d bytes of the memory could be read", seen)
	}
	return found
}

// heldIn counts the words in one part of the memory. A part that goes away while
// it is read, as stacks do, ends early.
func heldIn(part io.Reader, words string) (found int, seen int64) {
	buffer := make([]byte, 1<<20)
	kept := 0
	for {
		n, err := io.ReadFull(part, buffer[kept:])
		seen += int64(n)
		read := buffer[:kept+n]
		found += bytes.Count(read, []byte(words))
		kept = min(len(words)-1, len(read)) // words may lie across two pieces
		copy(buffer, read[len(read)-kept:])
		if err != nil {
			return found, seen
		}
	}
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
