package services

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// forgetful are the settings of a server that keeps nothing on the disk.
var forgetful = []string{"--save", "", "--appendonly", "no"}

// RedisInstance is a Redis server of a test's own, which may be paused and
// crashed.
type RedisInstance struct {
	// URL is that of its database 0, without user or password.
	URL string
	// Addr is its host and port.
	Addr string

	program, folder string
	// listen are the settings that open a port.
	listen   func(port string) []string
	port     string
	settings []string
	process  *process
}

// RedisServer starts a server with settings as redis-server's command line
// takes them, such as "--requirepass x" or "--user ann on >x ~* +@all", and
// ends it with the test. It needs the machine's own redis-server.
func RedisServer(t testing.TB, settings ...string) *RedisInstance {
	t.Helper()
	return ownRedis(t, func() (*RedisInstance, error) { return newRedis(settings) })
}

// ownRedis ends with the test what it starts.
func ownRedis(t testing.TB, start func() (*RedisInstance, error)) *RedisInstance {
	t.Helper()
	if _, err := redisProgram(); err != nil {
		missing(t, err)
	}
	r, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.remove)
	return r
}

// Pause lets the server hang: its port takes connections, and nobody answers.
func (r *RedisInstance) Pause() { _ = r.process.running.Signal(pauseSignal) }

// Resume lets a paused server go on where it was, with what has been sent to
// it meanwhile.
func (r *RedisInstance) Resume() { _ = r.process.running.Signal(resumeSignal) }

// Crash ends the server at once, paused or not. Its port then refuses
// connections.
func (r *RedisInstance) Crash() { r.process.end() }

// Restart starts a crashed server on the same port. It comes back empty, or
// with its data if it had the setting "--appendonly yes".
func (r *RedisInstance) Restart(t testing.TB) {
	t.Helper()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
}

// Folder is where it writes, with the setting "--appendonly yes".
func (r *RedisInstance) Folder() string { return r.folder }

func newRedis(settings []string) (*RedisInstance, error) {
	return startRedis("redis", func(port string) []string { return []string{"--port", port} }, settings)
}

func startRedis(scheme string, listen func(port string) []string, settings []string) (*RedisInstance, error) {
	program, err := redisProgram()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "test-redis-")
	if err != nil {
		return nil, err
	}
	r := &RedisInstance{program: program, folder: folder, listen: listen, settings: settings}
	err = onFreePort(func(port int) error {
		r.port = strconv.Itoa(port)
		r.Addr = net.JoinHostPort("127.0.0.1", r.port)
		r.URL = scheme + "://" + r.Addr + "/0"
		return r.start()
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return r, nil
}

// start returns when the server takes connections.
func (r *RedisInstance) start() error {
	args := append(r.listen(r.port), "--bind", "127.0.0.1", "--protected-mode", "no", "--dir", r.folder)
	args = append(append(args, forgetful...), r.settings...)
	started, err := launchRedis(r.program, args, "Ready to accept connections")
	if err != nil {
		return err
	}
	r.process = started
	return nil
}

// launchRedis has a signal that ends a paused server too.
func launchRedis(program string, args []string, words string) (*process, error) {
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = endingWithTests(syscall.SIGKILL)
	return launch(cmd, words, syscall.SIGKILL)
}

func (r *RedisInstance) remove() {
	r.Crash()
	_ = os.RemoveAll(r.folder)
}
