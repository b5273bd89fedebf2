package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// machine is where it all ran, and with what.
type machine struct {
	cpu, memory, kernel, loadAverage string
	versions                         []string
	// memoryLimit is GOMEMLIMIT as the gateways had it.
	memoryLimit string
}

func lookAtMachine(h *house) machine {
	m := machine{
		cpu:         field("/proc/cpuinfo", "model name"),
		memory:      gibibytes(field("/proc/meminfo", "MemTotal")),
		kernel:      firstWords("/proc/sys/kernel/osrelease", 1),
		loadAverage: firstWords("/proc/loadavg", 3),
		memoryLimit: os.Getenv("GOMEMLIMIT"),
		versions:    []string{runtime.Version()},
	}
	if h.others.nginx != "" {
		m.versions = append(m.versions, nginxVersion(h.others.nginx))
	}
	if h.others.caddy != "" {
		m.versions = append(m.versions, "Caddy "+moduleVersion(h.others.caddy))
	}
	m.versions = append(m.versions, redisVersion())
	if h.others.postgres != "" {
		m.versions = append(m.versions, postgresVersion(h.others.postgres)+" ("+strings.Join(postgresSettings, ", ")+")")
	}
	return m
}

func (m machine) String() string {
	return fmt.Sprintf("%d cores of %s, %s, Linux %s, load average %s at the start", runtime.NumCPU(), m.cpu, m.memory, m.kernel, m.loadAverage)
}

// field is what a file of /proc says of a name.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstWords(file string, n int) string {
	text, err := os.ReadFile(file)
	words := strings.Fields(string(text))
	if err != nil || len(words) < n {
		return "unknown"
	}
	return strings.Join(words[:n], " ")
}

func gibibytes(kilobytes string) string {
	n, err := strconv.Atoi(strings.TrimSuffix(kilobytes, " kB"))
	if err != nil {
		return kilobytes
	}
	return fmt.Sprintf("%d GiB", (n+1<<19)>>20)
}

// moduleVersion is that of the module a Go program was built from.
func moduleVersion(program string) string {
	said, err := exec.Command("go", "version", "-m", program).Output()
	if err != nil {
		return "of an unknown version"
	}
	for line := range bytes.Lines(said) {
		words := strings.Fields(string(line))
		if len(words) >= 3 && words[0] == "mod" {
			return words[2]
		}
	}
	return "of an unknown version"
}
