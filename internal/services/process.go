package services

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	// startPatience is long enough for a recovery on a busy machine, and for a
	// Sentinel that fails nothing over for half a minute after it stood still.
	startPatience = 3 * time.Minute
	// portTries is how often another port is tried: a free one may be taken
	// before the server has it.
	portTries = 3
	// askEvery is how often until asks.
	askEvery = 50 * time.Millisecond
)

// process is a server's, and ends with the tests.
type process struct {
	running *os.Process
	last    syscall.Signal
	ended   chan struct{}
}

// launch returns when the server says the words. The last signal is the one
// that ends it at once.
func launch(cmd *exec.Cmd, words string, last syscall.Signal) (*process, error) {
	said := &watched{words: []byte(words), seen: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = startPatience
	p := &process{last: last, ended: make(chan struct{})}
	started := make(chan error, 1)
	go run(cmd, started, p.ended)
	if err := <-started; err != nil {
		return nil, err
	}
	p.running = cmd.Process
	name := filepath.Base(cmd.Path)
	select {
	case <-said.seen:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s has ended by itself:\n%s", name, said)
	case <-time.After(startPatience):
		p.end()
		return nil, fmt.Errorf("%s does not become ready:\n%s", name, said)
	}
}

// end returns when the server has ended, which it may have done before.
func (p *process) end() {
	_ = p.running.Signal(p.last)
	<-p.ended
}

// run keeps its thread until the server ends: Linux ends the server with the
// thread that has started it, not only with the process.
func run(cmd *exec.Cmd, started chan<- error, ended chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait()
		close(ended)
	}
}

// onFreePort starts a server on a free port of loopback.
func onFreePort(start func(port int) error) error {
	var err error
	for range portTries {
		var port int
		if port, err = freePort(); err != nil {
			return err
		}
		if err = start(port); err == nil {
			return nil
		}
	}
	return err
}

var (
	handedOut   = map[int]bool{}
	handedOutMu sync.Mutex
)

// freePort is a port that nobody listens at, and that no other server was given.
// It lies below the ports that systems give to outgoing connections: a server that
// is started a second time would find one from among those taken, now and then by
// a client that had called it meanwhile. The packages with gateways use those from
// 8100 on.
func freePort() (int, error) {
	handedOutMu.Lock()
	defer handedOutMu.Unlock()
	for range 1000 {
		port := 2000 + rand.IntN(6100)
		if handedOut[port] {
			continue
		}
		free, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		handedOut[port] = true
		return port, free.Close()
	}
	return 0, errors.New("no free port between 2000 and 8100")
}

// until asks until the answer is nil. When its patience ends, the last answer
// is its own.
func until(answer func() error) error {
	patience := time.After(startPatience)
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for {
		err := answer()
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-patience:
			return err
		}
	}
}

// watched keeps the end of what a program says, and tells when it says the words.
type watched struct {
	words []byte
	seen  chan struct{}

	mu   sync.Mutex
	once sync.Once
	end  []byte
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end = append(w.end, p...)
	if bytes.Contains(w.end, w.words) {
		w.once.Do(func() { close(w.seen) })
	}
	w.end = w.end[max(0, len(w.end)-4096):]
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.end)
}
