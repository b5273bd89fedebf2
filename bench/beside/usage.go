package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is what Linux counts processor time in, whatever its own clock.
const ticksPerSecond = 100

// usage is what a program has used, its children included.
type usage struct {
	cpu time.Duration
	// resident is what it has in memory, peak the most that it ever had.
	resident, peak int64
}

// used sums a program and all below it. Memory that several of them share
// counts for each.
func used(pid int) (usage, error) {
	tree, err := family(pid)
	if err != nil {
		return usage{}, err
	}
	var sum usage
	for _, member := range tree {
		memory, err := readProc(member.pid, "status", parseStatus)
		if errors.Is(err, os.ErrNotExist) {
			continue // It has ended just now, and its parent has its time.
		}
		if err != nil {
			return usage{}, err
		}
		sum.cpu += time.Duration(member.ticks) * time.Second / ticksPerSecond
		sum.resident += memory.resident
		sum.peak += memory.peak
	}
	return sum, nil
}

// stat is a line of /proc/PID/stat. Its ticks are the process's own and those
// of its children that have ended.
type stat struct{ pid, parent, ticks int }

// family is a process and all below it.
func family(pid int) ([]stat, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []stat
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // It has ended since it was listed.
		}
		s, err := parseStat(string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return below(pid, all)
}

func below(pid int, all []stat) ([]stat, error) {
	var tree []stat
	for _, s := range all {
		if s.pid == pid {
			tree = append(tree, s)
		}
	}
	if len(tree) == 0 {
		return nil, fmt.Errorf("process %d is not in /proc", pid)
	}
	for i := 0; i < len(tree); i++ {
		for _, s := range all {
			if s.parent == tree[i].pid {
				tree = append(tree, s)
			}
		}
	}
	return tree, nil
}

// parseStat begins behind the name, which may hold anything.
func parseStat(text string) (stat, error) {
	wrong := fmt.Errorf("a line of /proc that cannot be read: %.80q", text)
	begin, rest, ok := strings.Cut(text, " (")
	end := strings.LastIndex(rest, ") ")
	if !ok || end < 0 {
		return stat{}, wrong
	}
	words := strings.Fields(rest[end+2:])
	if len(words) < 15 {
		return stat{}, wrong
	}
	// utime, stime, cutime and cstime are the 14th to 17th of the line.
	numbers := []string{begin, words[1], words[11], words[12], words[13], words[14]}
	var n [6]int
	for i, word := range numbers {
		var err error
		if n[i], err = strconv.Atoi(word); err != nil {
			return stat{}, wrong
		}
	}
	return stat{pid: n[0], parent: n[1], ticks: n[2] + n[3] + n[4] + n[5]}, nil
}

func readProc[T any](pid int, name string, parse func(string) (T, error)) (T, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		var none T
		return none, err
	}
	return parse(string(text))
}

// parseStatus reads the memory of /proc/PID/status. A process that has ended
// and was not waited for has none.
func parseStatus(text string) (usage, error) {
	var u usage
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		var into *int64
		switch name {
		case "VmRSS":
			into = &u.resident
		case "VmHWM":
			into = &u.peak
		default:
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("a line of /proc that cannot be read: %q", line)
		}
		*into = kilobytes << 10
	}
	return u, nil
}
