package leakhunt

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestACoreFileHoldsNoCard has a gateway in the default mode die as it would of
// a fault in itself, and searches what the system has written of its memory and
// what the runtime has said of its stacks. It is for `make soak`.
func TestACoreFileHoldsNoCard(t *testing.T) {
	if os.Getenv("HUNT_CORE") == "" {
		t.Skip("HUNT_CORE asks for it; a core file is as large as the memory")
	}
	w := settle(t, 9, nil, quietly)
	w.gateway.kill()
	folder := t.TempDir()
	w.gateway = launch(t, dumping(t, folder, w.environment, filepath.Join(programs, "gateway"), "serve", "--config", w.config))
	w.lives = append(w.lives, w.gateway)
	w.gateway.ready("http://" + w.operators + "/readyz")
	w.logIn()
	w.goodDays()
	if err := w.gateway.cmd.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	w.gateway.wait()
	said := w.gateway.stderr.String()
	s := NewScanner(w.cage.Canaries(Card, CSC, Account))
	wantNothing(t, s.Bytes("the stacks of all goroutines", []byte(said)))
	if !strings.Contains(said, "goroutine ") {
		t.Error("the runtime has shown no stacks")
	}
	hits, size, err := s.Folder("the core file", folder)
	if err != nil {
		t.Fatal(err)
	}
	wantNothing(t, hits)
	if size == 0 {
		pattern, _ := os.ReadFile("/proc/sys/kernel/core_pattern")
		t.Skipf("this machine writes no core file into the folder of the process (core_pattern is %q)", strings.TrimSpace(string(pattern)))
	}
	t.Logf("searched a core file of %s", amount(size))
}

// TestACoreFileOfAPlantedLeakShowsIt has a process die that keeps a card in its
// heap alone.
func TestACoreFileOfAPlantedLeakShowsIt(t *testing.T) {
	if os.Getenv("HUNT_CORE") == "" {
		t.Skip("HUNT_CORE asks for it; a core file is as large as the memory")
	}
	cage, folder := NewCage(10), t.TempDir()
	held := launch(t, dumping(t, folder, []string{holdVariable + "=" + cage.Visa("a process")}, os.Args[0]))
	eventually(t, "the process has spoken", func() bool { return held.stderr.String() != "" })
	if err := held.cmd.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	held.wait()
	hits, size, err := NewScanner(cage.Canaries()).Folder("the core file", folder)
	if err != nil {
		t.Fatal(err)
	}
	if size == 0 {
		t.Skip("this machine writes no core file into the folder of the process")
	}
	for _, h := range hits {
		if h.Form == "dashed" {
			return
		}
	}
	t.Errorf("it is not found in %s", amount(size))
}

// dumping is a program in a shell that lets it leave a core file behind.
func dumping(t *testing.T, folder string, environment []string, words ...string) *exec.Cmd {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("this system knows no core files")
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", `ulimit -c unlimited && exec "$0" "$@"`}, words...)...)
	cmd.Dir = folder
	cmd.Env = append(append([]string{}, environment...), "GOTRACEBACK=crash")
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	return cmd
}
