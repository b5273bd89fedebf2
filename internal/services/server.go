package services

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// startPatience is long enough for a recovery on a busy machine.
	startPatience = time.Minute
	// portTries is how often another port is tried: a free one may be taken
	// before the server has it.
	portTries = 3
)

// Server is a PostgreSQL server of a test's own, which may be crashed.
type Server struct {
	// URL is that of its database "postgres", as its superuser.
	URL string

	programs, folder string
	port             int
	settings         []string
	process          *os.Process
	ended            chan struct{}
}

// PostgresServer starts a server with settings such as "fsync=off", and ends
// it with the test. It needs the machine's own postgres.
func PostgresServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	if _, err := postgresPrograms(); err != nil {
		missing(t, err)
	}
	s, err := newServer(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	return s
}

// Crash ends the server at once. What it has not made durable is lost.
func (s *Server) Crash() {
	// This is the signal of PostgreSQL's own "immediate" shutdown. A killed
	// server would leave children behind, in whose presence none can start.
	_ = s.process.Signal(syscall.SIGQUIT)
	<-s.ended
}

// Restart starts a crashed server, which recovers what it had made durable.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

func newServer(settings ...string) (*Server, error) {
	programs, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	// The folder lies beside, not in, the test's own, which is closed to the
	// user as whom the server runs.
	folder, err := os.MkdirTemp("", "test-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{programs: programs, folder: folder, settings: settings}
	if err := s.initialize(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	for range portTries {
		if err = s.startAnywhere(); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, os.RemoveAll(folder))
}

func (s *Server) initialize() error {
	password := rand.Text()
	s.URL = "postgres://postgres:" + password + "@127.0.0.1/postgres?sslmode=disable"
	file := filepath.Join(s.folder, "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		return err
	}
	if err := giveAway(s.folder, file); err != nil {
		return err
	}
	cmd := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", file,
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, said)
	}
	return nil
}

func (s *Server) startAnywhere() error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.port = free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		return err
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return err
	}
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
	s.URL = u.String()
	return s.start()
}

// start returns when the server takes connections.
func (s *Server) start() error {
	args := []string{"-D", s.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-k", ""}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	cmd := s.command("postgres", args...)
	said := &watched{words: []byte("ready to accept connections"), seen: make(chan struct{})}
	cmd.Stderr = said
	cmd.WaitDelay = startPatience
	s.ended = make(chan struct{})
	started := make(chan error, 1)
	go run(cmd, started, s.ended)
	if err := <-started; err != nil {
		return err
	}
	s.process = cmd.Process
	select {
	case <-said.seen:
		return nil
	case <-s.ended:
		return fmt.Errorf("postgres has ended by itself:\n%s", said)
	case <-time.After(startPatience):
		s.Crash()
		return fmt.Errorf("postgres does not become ready:\n%s", said)
	}
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

func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.programs, program), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = attributes()
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) remove() {
	s.Crash()
	_ = os.RemoveAll(s.folder)
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
