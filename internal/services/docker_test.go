package services

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// engine is a Docker engine that only says it has started a container.
type engine struct {
	// image and port are what it knows.
	image, port string

	mu     sync.Mutex
	calls  []string
	config struct {
		Image      string
		Env, Cmd   []string
		HostConfig struct {
			AutoRemove   bool
			PortBindings map[string][]struct{ HostIp string }
		}
	}
	removed chan struct{}
	// absent says that the engine has the image not, and cannot get it.
	absent bool
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	call := r.Method + " " + r.URL.Path
	e.calls = append(e.calls, call)
	e.mu.Unlock()
	switch call {
	case "GET /_ping":
		io.WriteString(w, "OK")
	case "GET /images/" + e.image + "/json":
		if e.absent {
			http.Error(w, `{"message":"No such image"}`, http.StatusNotFound)
			return
		}
		io.WriteString(w, `{"Id":"image"}`)
	case "POST /containers/create":
		if err := json.NewDecoder(r.Body).Decode(&e.config); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"Id":"c1"}`)
	case "POST /containers/c1/start":
		w.WriteHeader(http.StatusNoContent)
	case "GET /containers/c1/json":
		fmt.Fprintf(w, `{"Id":"c1","NetworkSettings":{"Ports":{%q:[{"HostIp":"127.0.0.1","HostPort":"65432"}]}}}`, e.port)
	case "POST /containers/c1/stop": // answered when the container has ended
		<-e.removed
		w.WriteHeader(http.StatusNoContent)
	case "DELETE /containers/c1":
		close(e.removed)
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, `{"message":"no network"}`, http.StatusInternalServerError)
	}
}

func (e *engine) was(call string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.calls, call)
}

// serve puts the engine where dockertest looks for Docker.
func serve(t *testing.T, e *engine) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Docker has no socket on Windows")
	}
	e.removed = make(chan struct{})
	socket := socketPath(t)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: e}
	t.Cleanup(func() { server.Close() })
	go server.Serve(listener)
	t.Setenv("DOCKER_HOST", "unix://"+socket)
}

// socketPath is short, as the path of a socket has to be.
func socketPath(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "docker")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	for _, name := range []string{"DOCKER_MACHINE_NAME", "DOCKER_CERT_PATH", "DOCKER_URL"} {
		t.Setenv(name, "")
	}
	return filepath.Join(folder, "s")
}

// services are those that Docker can run.
var services = []struct {
	name, image, port string
	start             func(answers func(url string) error) (string, func(), error)
	// url is the one expected of what Docker was asked for.
	url func(env []string) string
}{
	{"PostgreSQL", "postgres:15", "5432/tcp", dockerPostgres, func(env []string) string {
		password, _ := strings.CutPrefix(env[0], "POSTGRES_PASSWORD=")
		return "postgres://postgres:" + password + "@127.0.0.1:65432/postgres?sslmode=disable"
	}},
	{"Redis", "redis:7", "6379/tcp", dockerRedis, func([]string) string { return "redis://127.0.0.1:65432/0" }},
}

func TestDockerStartsAServerThatRemovesItself(t *testing.T) {
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			e := &engine{image: s.image, port: s.port}
			serve(t, e)
			asked := 0
			url, end, err := s.start(func(string) error {
				if asked++; asked == 1 {
					return errors.New("the server is starting")
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if want := s.url(e.config.Env); url != want {
				t.Errorf("url = %s, want %s", url, want)
			}
			if e.config.Image != s.image || !e.config.HostConfig.AutoRemove || asked != 2 {
				t.Errorf("container %+v, asked %d times", e.config, asked)
			}
			if open := e.config.HostConfig.PortBindings[s.port]; len(open) != 1 || open[0].HostIp != "127.0.0.1" {
				t.Errorf("its port is open to %+v, want this machine alone", open)
			}
			end()
			if !e.was("DELETE /containers/c1") {
				t.Error("the container was not removed")
			}
		})
	}
}

func TestRedisInDockerKeepsNothing(t *testing.T) {
	e := &engine{image: "redis:7", port: "6379/tcp"}
	serve(t, e)
	_, end, err := dockerRedis(func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	end()
	if want := []string{"redis-server", "--save", "", "--appendonly", "no"}; !slices.Equal(e.config.Cmd, want) {
		t.Errorf("command = %q, want %q", e.config.Cmd, want)
	}
}

func TestDockerThatCannotGetTheImageIsAFailure(t *testing.T) {
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			serve(t, &engine{image: s.image, absent: true})
			_, _, err := s.start(func(string) error { return nil })
			if err == nil || errors.As(err, new(missingError)) {
				t.Errorf("error = %v, want a failure that is not a skip", err)
			}
		})
	}
}

func TestWithoutAnEngineThereIsNoDocker(t *testing.T) {
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			t.Setenv("DOCKER_HOST", "unix://"+socketPath(t))
			_, _, err := s.start(func(string) error { return nil })
			if !errors.As(err, new(missingError)) || !strings.Contains(err.Error(), s.name) {
				t.Errorf("error = %v, want one that skips", err)
			}
		})
	}
}
