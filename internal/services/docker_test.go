package services

import (
	"encoding/json"
	"errors"
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
	mu     sync.Mutex
	calls  []string
	config struct {
		Image      string
		Env        []string
		HostConfig struct{ AutoRemove bool }
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
	case "GET /images/postgres:15/json":
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
		io.WriteString(w, `{"Id":"c1","NetworkSettings":{"Ports":{"5432/tcp":[{"HostIp":"127.0.0.1","HostPort":"65432"}]}}}`)
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

func TestDockerStartsAServerThatRemovesItself(t *testing.T) {
	e := &engine{}
	serve(t, e)
	asked := 0
	url, end, err := dockerPostgres(func(string) error {
		if asked++; asked == 1 {
			return errors.New("the server is starting")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	password, given := strings.CutPrefix(e.config.Env[0], "POSTGRES_PASSWORD=")
	if want := "postgres://postgres:" + password + "@127.0.0.1:65432/postgres?sslmode=disable"; !given || url != want {
		t.Errorf("url = %s, want %s", url, want)
	}
	if e.config.Image != "postgres:15" || !e.config.HostConfig.AutoRemove || asked != 2 {
		t.Errorf("container %+v, asked %d times", e.config, asked)
	}
	end()
	if !e.was("DELETE /containers/c1") {
		t.Error("the container was not removed")
	}
}

func TestDockerThatCannotGetTheImageIsAFailure(t *testing.T) {
	serve(t, &engine{absent: true})
	_, _, err := dockerPostgres(answers)
	if err == nil || errors.As(err, new(missingError)) {
		t.Errorf("error = %v, want a failure that is not a skip", err)
	}
}

func TestWithoutAnEngineThereIsNoDocker(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+socketPath(t))
	_, _, err := dockerPostgres(answers)
	if !errors.As(err, new(missingError)) {
		t.Errorf("error = %v, want one that skips", err)
	}
}
