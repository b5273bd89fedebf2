package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
)

// startRedis keeps nothing on the disk: claims are help, and the ledger judges.
func startRedis(ctx context.Context, folder string) (*process, string, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, "", errors.New("redis-server is not on this machine; on Debian and Ubuntu: apt-get install redis-server")
	}
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	host, port := splitAddress(address)
	cmd := exec.Command(program, "--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", folder)
	cmd.SysProcAttr = endingWithUs(syscall.SIGKILL)
	p, err := start("redis", folder, cmd)
	if err != nil {
		return nil, "", err
	}
	return p, address, p.ready(ctx, dials(address))
}

func redisVersion() string {
	said, err := exec.Command("redis-server", "--version").Output()
	for _, word := range strings.Fields(string(said)) {
		if number, ok := strings.CutPrefix(word, "v="); err == nil && ok {
			return "Redis " + number
		}
	}
	return "Redis of an unknown version"
}
