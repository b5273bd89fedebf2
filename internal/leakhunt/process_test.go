package leakhunt

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of these tests. A test that runs into it fails.
const patience = 3 * time.Minute

// process is one of the programs, running.
type process struct {
	t              testing.TB
	cmd            *exec.Cmd
	stdout, stderr *output
	exited         chan struct{}
}

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command prepares one of the programs, with no more environment than it is
// given: what stands in a shell's would be in its memory.
func command(name string, args, environment []string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(programs, name), args...)
	cmd.Env = environment
	return cmd
}

// launch starts a command and ends it with the test at the latest.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	if err := noteSources(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, stdout: &output{}, stderr: &output{}, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait()
	}()
	t.Cleanup(p.kill)
	return p
}

// kill is `kill -9`: it returns once the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// wait returns when the process has ended by itself.
func (p *process) wait() {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", filepath.Base(p.cmd.Path))
	}
}

// ready waits until the address answers, or the process gives up.
func (p *process) ready(url string) {
	p.t.Helper()
	eventually(p.t, filepath.Base(p.cmd.Path)+" is ready", func() bool {
		select {
		case <-p.exited:
			p.t.Fatalf("%s has ended before it was ready: %s", filepath.Base(p.cmd.Path), p.stderr)
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		request.Close = true
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// eventually asks again and again, and fails the test when patience is over.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	over := time.After(patience)
	for !is() {
		select {
		case <-again.C:
		case <-over:
			t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

var (
	handedOut   = map[int]bool{}
	handedOutMu sync.Mutex
)

// freeAddress is a loopback address that nobody uses, below the ports that
// systems give to outgoing connections, and apart from those of other packages.
func freeAddress(t testing.TB) string {
	t.Helper()
	handedOutMu.Lock()
	defer handedOutMu.Unlock()
	for range 1000 {
		port := 8100 + rand.IntN(3900)
		if handedOut[port] {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		listener.Close()
		handedOut[port] = true
		return address
	}
	t.Fatal("no free port between 8100 and 12000")
	return ""
}

// finish runs one of the programs to its end and gives all that it has said.
func finish(t testing.TB, name string, args, environment []string) string {
	t.Helper()
	p := launch(t, command(name, args, environment))
	p.wait()
	return p.stdout.String() + p.stderr.String()
}
