package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// simulatorProcess is the simulated PayTrace beside a demo: a process of its
// own, which ends when its standard input does, so that it never outlives us.
type simulatorProcess struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	exited chan error
}

func startSimulator(ctx context.Context, o demoOptions) (*simulatorProcess, error) {
	binary, err := o.binary()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary,
		"--listen", o.simulator, "--control", o.control, "--state", filepath.Join(o.data, "simulator.json"),
		"--username", demoUsername, "--integrator-id", demoIntegrator, "--demo-customers", "--quiet", "--exit-with-parent")
	cmd.Env = append(os.Environ(), "PAYTRACE_SIM_PASSWORD="+demoPassword)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = ownGroup()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the simulated PayTrace: %w", err)
	}
	p := &simulatorProcess{cmd: cmd, stdin: stdin, exited: make(chan error, 1)}
	go func() { p.exited <- cmd.Wait() }()
	if err := p.ready(ctx, "http://"+o.control+"/healthz"); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (o demoOptions) binary() (string, error) {
	if o.simulatorBinary != "" {
		return o.simulatorBinary, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	name := "paytrace-sim"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is missing; `make build` makes it, or name it with --simulator-binary", path)
	}
	return path, nil
}

// ready waits until the simulator answers, or says why it does not.
func (p *simulatorProcess) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
			return nil
		}
		select {
		case err := <-p.exited:
			p.exited <- err
			return errors.New("the simulated PayTrace did not start; its own message stands above")
		case <-ctx.Done():
			return errors.New("the simulated PayTrace does not answer on its control port")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// wait returns when the simulator has ended by itself.
func (p *simulatorProcess) wait() error {
	err := <-p.exited
	p.exited <- err
	return errors.New("the simulated PayTrace has ended; start the demo again")
}

func (p *simulatorProcess) stop() {
	p.stdin.Close()
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
		p.cmd.Process.Kill()
	}
}
