package services

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// immediately is the signal of PostgreSQL's own "immediate" shutdown. A killed
// server would leave children behind, in whose presence none can start.
const immediately = syscall.SIGQUIT

// Server is a PostgreSQL server of a test's own, which may be crashed.
type Server struct {
	// URL is that of its database "postgres", as its superuser.
	URL string

	programs, folder string
	port             int
	settings         []string
	process          *process
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
func (s *Server) Crash() { s.process.end() }

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
	if err := onFreePort(s.startOn); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
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
	cmd := s.command("initdb", "-D", s.Data(), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", file,
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, said)
	}
	return nil
}

func (s *Server) startOn(port int) error {
	u, err := url.Parse(s.URL)
	if err != nil {
		return err
	}
	s.port = port
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.URL = u.String()
	return s.start()
}

// start returns when the server takes connections.
func (s *Server) start() error {
	args := []string{"-D", s.Data(), "-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-k", ""}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	started, err := launch(s.command("postgres", args...), "ready to accept connections", immediately)
	if err != nil {
		return err
	}
	s.process = started
	return nil
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.programs, program), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = asNobody(endingWithTests(immediately))
	return cmd
}

// Data is the folder of all its files.
func (s *Server) Data() string { return filepath.Join(s.folder, "data") }

func (s *Server) remove() {
	s.Crash()
	_ = os.RemoveAll(s.folder)
}
