package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait of these tests. A test that runs into it fails;
// no test asserts how long anything took.
const patience = 3 * time.Minute

// process is one of the programs, running.
type process struct {
	t              *testing.T
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

// command prepares one of the programs, with an environment that nobody's
// shell has touched.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(programs, name), args...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "GATEWAY_") && !strings.HasPrefix(variable, "PAYTRACE_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	return cmd
}

// launch starts a command and ends it with the test at the latest.
func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	return launchInto(t, cmd, nil)
}

// launchInto has the command's standard error go into a file, if one is given.
func launchInto(t *testing.T, cmd *exec.Cmd, stderr *os.File) *process {
	t.Helper()
	if err := noteSources(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, stdout: &output{}, stderr: &output{}, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	if stderr != nil {
		cmd.Stderr = stderr
	}
	// A grandchild that holds the pipes open must not hold up the test.
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s wrote:\n%s%s", filepath.Base(cmd.Path), p.stdout, tail(p.stderr.String()))
		}
	})
	return p
}

// tail keeps a failed test's log readable.
func tail(text string) string {
	const most = 4000
	return text[max(0, len(text)-most):]
}

// kill is `kill -9`: it returns once the process is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %s: %v", s, err)
	}
}

// exit waits for the end and gives the exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.cmd)
		return -1
	}
}

// stop ends the process as a supervisor does, and wants it to agree.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		p.t.Fatalf("after SIGTERM: exit code %d, want 0", code)
	}
}

// ready waits until the address answers, or the process gives up.
func (p *process) ready(url string) {
	p.t.Helper()
	eventually(p.t, url+" answers", func() bool {
		select {
		case <-p.exited:
			p.t.Fatalf("%s has ended before it was ready: %s", p.cmd, p.stderr)
		default:
		}
		return answers(url)
	})
}

func answers(url string) bool {
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
}

// refuses says that nobody listens at the address.
func refuses(address string) bool {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	connection.Close()
	return false
}

// eventually asks again and again, and fails the test when patience is over.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
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

// finished runs a command to its end.
type finished struct {
	code           int
	stdout, stderr string
}

func finish(t *testing.T, cmd *exec.Cmd) finished {
	t.Helper()
	p := launch(t, cmd)
	code := p.exit()
	return finished{code, p.stdout.String(), p.stderr.String()}
}

var (
	handedOut   = map[int]bool{}
	handedOutMu sync.Mutex
)

// freeAddress is a loopback address that nobody uses. It lies below the ports
// that systems give to outgoing connections: from among those, a program that
// is started a second time could find its port taken by one of its callers.
func freeAddress(t *testing.T) string {
	t.Helper()
	handedOutMu.Lock()
	defer handedOutMu.Unlock()
	for range 1000 {
		port := 20000 + rand.IntN(12000)
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
	t.Fatal("no free port between 20000 and 32000")
	return ""
}
