package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func noEnvironment(string) (string, bool) { return "", false }

// started is a simulator that runs until it is told to stop.
type started struct {
	api, control string
	stop         func()
	ended        chan error
}

// start runs the command on free ports and waits for its line.
func start(t *testing.T, stdin io.Reader, args ...string) *started {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	out, lines := io.Pipe()
	s := &started{stop: cancel, ended: make(chan error, 1)}
	args = append([]string{"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, args...)
	go func() {
		err := run(ctx, args, noEnvironment, stdin, lines, io.Discard)
		lines.CloseWithError(err)
		s.ended <- err
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no line: %v", err)
	}
	found := regexp.MustCompile(`API (\S+), control (\S+)`).FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("the line is %q", line)
	}
	s.api, s.control = found[1], found[2]
	return s
}

func TestServesBothPortsUntilStopped(t *testing.T) {
	s := start(t, nil)
	for _, url := range []string{s.api + "/v1/ping", s.control + "/healthz"} {
		method := http.MethodGet
		if strings.HasPrefix(url, s.api) {
			method = http.MethodPost
		}
		r, err := http.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", url, response.StatusCode)
		}
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestEndsWithItsParent(t *testing.T) {
	parent, pipe := io.Pipe()
	s := start(t, parent, "--exit-with-parent")
	pipe.Close()
	if err := <-s.ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestStateFileIsWrittenOnStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	s := start(t, nil, "--state", path, "--demo-customers")
	s.stop()
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	if state, err := os.ReadFile(path); err != nil || !bytes.Contains(state, []byte("demo-visa")) {
		t.Errorf("the state file: %v", err)
	}
}

func TestStartsThatCannotWorkSayWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	damaged := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(damaged, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"port in use", []string{"--listen", taken.Addr().String()}, "choose another with --listen"},
		{"control port in use", []string{"--listen", "127.0.0.1:0", "--control", taken.Addr().String()}, "choose another with --control"},
		{"every address", []string{"--listen", "0.0.0.0:0"}, "--allow-any-address"},
		{"no port", []string{"--control", "127.0.0.1"}, "is not host:port"},
		{"half a certificate", []string{"--tls-cert", "x.pem"}, "go together"},
		{"no such certificate", []string{"--tls-cert", "x.pem", "--tls-key", "x.key"}, "TLS certificate"},
		{"damaged state", []string{"--state", damaged}, "delete it to start afresh"},
		{"unknown flag", []string{"--loud"}, "--help lists the flags"},
		{"no flag", []string{"serve"}, "is no flag"},
		{"empty password", []string{"--password", ""}, "must not be empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), c.args, noEnvironment, nil, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"--help"}, noEnvironment, nil, &out, io.Discard)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "-exit-with-parent") {
		t.Errorf("error %v, help %q", err, out.String())
	}
}

func TestEnvironmentFillsInFlagsThatWereNotGiven(t *testing.T) {
	env := map[string]string{"PAYTRACE_SIM_USERNAME": "ann", "PAYTRACE_SIM_PASSWORD": "from env", "PAYTRACE_SIM_NO_AUTO_SETTLE": "true"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	o, err := parse([]string{"--password", "from flag"}, lookup, io.Discard)
	if err != nil || o.username != "ann" || o.password != "from flag" || !o.noAutoSettle {
		t.Errorf("options %+v, %v", o, err)
	}
	env["PAYTRACE_SIM_SEED"] = "secret words"
	if _, err := parse(nil, lookup, io.Discard); err == nil || !strings.Contains(err.Error(), "PAYTRACE_SIM_SEED") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want the variable's name without its value", err)
	}
}
