package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// disk is what the ledgers lie on.
type disk struct {
	// mount and system are where it is mounted and its file system.
	mount, system string
	// device is its numbers, as 254:0.
	device string
	// sync is the median of one page appended and fsynced.
	sync time.Duration
	// counts says that each of these was counted as a flush. A disk without a
	// cache is not flushed, and not every system counts.
	counts bool
}

func (d disk) String() string {
	text := fmt.Sprintf("%s at %s, one page appended and fsynced in %d µs", d.system, d.mount, d.sync.Microseconds())
	if d.inMemory() {
		text += ": IN MEMORY, where an fsync costs nothing and the gateway's figures mean little"
	}
	return text
}

func (d disk) inMemory() bool { return d.system == "tmpfs" || d.system == "ramfs" }

// pages is how often the fsync is measured.
const pages = 200

// lookAtDisk measures the disk of a folder as the ledger uses it.
func lookAtDisk(folder string) (disk, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return disk{}, err
	}
	d, err := parseMount(string(mounts), folder)
	if err != nil {
		return disk{}, err
	}
	before, err := d.flushes()
	if err != nil {
		return disk{}, err
	}
	if d.sync, err = timeSync(folder); err != nil {
		return disk{}, err
	}
	after, err := d.flushes()
	d.counts = after-before >= pages
	return d, err
}

func timeSync(folder string) (time.Duration, error) {
	file, err := os.CreateTemp(folder, "page-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := make([]byte, 4096)
	took := make([]time.Duration, 0, pages)
	for range pages {
		began := time.Now()
		if _, err := file.Write(page); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// parseMount finds the mount that a folder is on: the longest that it is under.
func parseMount(mounts, folder string) (disk, error) {
	var found disk
	for line := range strings.Lines(mounts) {
		left, right, ok := strings.Cut(line, " - ")
		words, more := strings.Fields(left), strings.Fields(right)
		if !ok || len(words) < 5 || len(more) < 1 {
			return disk{}, fmt.Errorf("a line of /proc/self/mountinfo that cannot be read: %.200q", line)
		}
		at := words[4]
		relative, err := filepath.Rel(at, folder)
		if err == nil && relative != ".." && !strings.HasPrefix(relative, "../") && len(at) >= len(found.mount) {
			found = disk{mount: at, system: more[0], device: words[2]}
		}
	}
	if found.mount == "" {
		return disk{}, fmt.Errorf("%s is on no mount of /proc/self/mountinfo", folder)
	}
	return found, nil
}

// flushes is how often the disk was asked to make its cache durable, by
// everybody.
func (d disk) flushes() (int, error) {
	text, err := os.ReadFile("/proc/diskstats")
	if err != nil {
		return 0, err
	}
	return parseFlushes(string(text), d.device), nil
}

// parseFlushes finds the 16th figure behind a device's name, which Linux has
// since 5.5; without it nothing is counted.
func parseFlushes(text, device string) int {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 19 || words[0]+":"+words[1] != device {
			continue
		}
		n, err := strconv.Atoi(words[18])
		if err == nil {
			return n
		}
	}
	return 0
}
