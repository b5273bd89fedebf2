package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// caddyVersion is the one that is built, so that two runs compare like with like.
const caddyVersion = "v2.11.9"

// caddyConfig is a plain reverse proxy. Caddy keeps 32 idle connections to an
// upstream by itself, and would open new ones all the time.
const caddyConfig = `{
	admin off
	auto_https off
	persist_config off
	log {
		level ERROR
	}
}
http://:%[2]s {
	bind %[1]s
	reverse_proxy %[3]s {
		transport http {
			keepalive_idle_conns 4096
			keepalive_idle_conns_per_host 4096
		}
	}
}
`

// buildCaddy builds it from its module, once, into the user's cache. It is no
// part of this module.
func buildCaddy(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "paytrace-gateway-bench", "caddy-"+caddyVersion)
	program := filepath.Join(folder, "caddy")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/caddyserver/caddy/v2/cmd/caddy@"+caddyVersion)
	cmd.Env = append(os.Environ(), "GOBIN="+folder, "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("caddy cannot be built: %w\n%s", err, said)
	}
	return program, nil
}

// startCaddy is Caddy before an upstream; it says where it listens.
func startCaddy(ctx context.Context, program, folder, upstream string) (*process, string, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	host, port := splitAddress(address)
	config := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(config, fmt.Appendf(nil, caddyConfig, host, port, upstream), 0o600); err != nil {
		return nil, "", err
	}
	cmd := exec.Command(program, "run", "--config", config, "--adapter", "caddyfile")
	cmd.Env = environment("XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	cmd.SysProcAttr = endingWithUs(syscall.SIGKILL)
	p, err := start("caddy", folder, cmd)
	if err != nil {
		return nil, "", err
	}
	return p, address, p.ready(ctx, dials(address))
}
