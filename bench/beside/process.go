package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// startPatience bounds the start of a program, and the end of one.
	startPatience = time.Minute
	// askEvery is how often a program that starts is asked whether it is there.
	askEvery = 20 * time.Millisecond
)

// process is a program that this one has started, and ends.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
}

// start runs a command. What it says goes to a file in the folder.
func start(name, folder string, cmd *exec.Cmd) (*process, error) {
	p := &process{name: name, cmd: cmd, log: filepath.Join(folder, name+".log"), exited: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s cannot be started: %w", name, err)
	}
	return p, nil
}

// run keeps its thread until the program ends: Linux ends the program with the
// thread that has started it, not only with the process.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait()
		close(p.exited)
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// ready returns when the program answers, and fails when it ends instead.
func (p *process) ready(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-p.exited:
			return fmt.Errorf("%s has ended by itself:\n%s", p.name, p.said())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s does not become ready: %w\n%s", p.name, err, p.said()), p.stop())
		}
	}
}

// stop asks the program to end, and ends it when it does not. It may be called
// again.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return nil
	case <-time.After(startPatience):
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
	return fmt.Errorf("%s did not end when it was asked to", p.name)
}

// said is the end of what the program has written.
func (p *process) said() string {
	text, _ := os.ReadFile(p.log)
	return string(text[max(0, len(text)-2000):])
}

// environment is that of this process without what would configure
// the programs.
func environment(more ...string) []string {
	var all []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "GATEWAY_") && !strings.HasPrefix(variable, "PAYTRACE_SIM_") && !strings.HasPrefix(variable, "LOADTEST_") {
			all = append(all, variable)
		}
	}
	return append(all, more...)
}

// splitAddress takes an address of freeAddress apart.
func splitAddress(address string) (host, port string) {
	host, port, _ = strings.Cut(address, ":")
	return host, port
}

// freeAddress is a loopback address that nobody uses.
func freeAddress() (string, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return free.Addr().String(), free.Close()
}

// dials is the question of a server that only has to take connections.
func dials(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
