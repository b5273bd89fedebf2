package main

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The simulator's account and the customer of its vault whom everybody charges.
const (
	payTraceUser       = "simulator@paytrace.test"
	payTracePassword   = "simulator-password"
	payTraceIntegrator = "simulator001"
	payTraceCustomer   = "demo-visa"
)

// simulator is the PayTrace of a part of the run.
type simulator struct {
	*process
	api, control string
}

func startSimulator(ctx context.Context, programs, folder string) (*simulator, error) {
	s := &simulator{}
	var err error
	if s.api, err = freeAddress(); err != nil {
		return nil, err
	}
	if s.control, err = freeAddress(); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(programs, "paytrace-sim"), "--listen", s.api, "--control", s.control,
		"--username", payTraceUser, "--password", payTracePassword, "--integrator-id", payTraceIntegrator,
		"--demo-customers", "--no-auto-settle", "--quiet")
	cmd.Env = environment()
	cmd.SysProcAttr = endingWithUs(syscall.SIGKILL)
	if s.process, err = start("paytrace-sim", folder, cmd); err != nil {
		return nil, err
	}
	return s, s.ready(ctx, dials(s.control))
}

// answersAfter lets every sale take so long.
func (s *simulator) answersAfter(ctx context.Context, delay time.Duration) error {
	plan := fmt.Sprintf(`{"faults":[{"operation":"sale","kind":"delay","seconds":%g}]}`, delay.Seconds())
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+s.control+"/faults", strings.NewReader(plan))
	if err != nil {
		return err
	}
	return exchange(request, nil)
}
