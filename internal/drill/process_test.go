package drill

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of these tests. A test that runs into it fails;
// no test asserts how long anything took.
const patience = 3 * time.Minute

// process is one of the programs, running.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	output *output
	exited chan struct{}
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
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	if err := noteSources(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, output: &output{}, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.output, p.output
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
		said := p.output.String()
		if strings.Contains(said, "DATA RACE") || strings.Contains(said, "gateway.panic") {
			t.Errorf("%s raced or panicked:\n%s", filepath.Base(cmd.Path), said)
		} else if t.Failed() {
			t.Logf("%s wrote:\n%s", filepath.Base(cmd.Path), said[max(0, len(said)-4000):])
		}
	})
	return p
}

// kill is `kill -9`: it returns once the process is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

func (p *process) pause()  { _ = p.cmd.Process.Signal(pauseSignal) }
func (p *process) resume() { _ = p.cmd.Process.Signal(resumeSignal) }

// ready waits until the address answers, or the process gives up.
func (p *process) ready(url string) {
	p.t.Helper()
	eventually(p.t, url+" answers", func() bool {
		select {
		case <-p.exited:
			p.t.Fatalf("%s has ended before it was ready: %s", p.cmd, p.output)
		default:
		}
		status, _, err := fetch(url)
		return err == nil && status == http.StatusOK
	})
}

// fetch gets what stands at an address, unless that hangs for long.
func fetch(url string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return send(ctx, http.MethodGet, url, "")
}

// eventually asks again and again, and fails the test when patience is over.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
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

// pass lets time go by.
func pass(d time.Duration) { <-time.After(d) }

var (
	handedOut   = map[int]bool{}
	handedOutMu sync.Mutex
)

// freeAddress is a loopback address that nobody uses. It lies below the ports
// that systems give to outgoing connections: from among those, a program that
// is started a second time could find its port taken by one of its callers.
func freeAddress(t testing.TB) string {
	t.Helper()
	handedOutMu.Lock()
	defer handedOutMu.Unlock()
	for range 1000 {
		port := 12000 + rand.IntN(8000)
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
	t.Fatal("no free port between 12000 and 20000")
	return ""
}
