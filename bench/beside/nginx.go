package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const nginxHint = "nginx is not on this machine and is not in this result; on Debian and Ubuntu: apt-get install nginx-light"

// nginxConfig is a plain reverse proxy with warm connections on both sides.
const nginxConfig = `daemon off;
%[3]sworker_processes auto;
worker_rlimit_nofile 16384;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 12000; }
http {
	access_log off;
	client_body_temp_path %[1]s/nginx-body;
	proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-fastcgi;
	uwsgi_temp_path %[1]s/nginx-uwsgi;
	scgi_temp_path %[1]s/nginx-scgi;
	keepalive_timeout 300s;
	keepalive_requests 10000000;
	upstream paytrace {
		server %[4]s;
		keepalive 4096;
		keepalive_requests 10000000;
	}
	server {
		listen %[2]s backlog=4096;
		location / {
			proxy_pass http://paytrace;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
		}
	}
}
`

// findNginx is where Debian has it, which is on the path of root alone.
func findNginx() (string, bool) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

func nginxVersion(program string) string {
	said, err := exec.Command(program, "-v").CombinedOutput()
	if err != nil {
		return "nginx of an unknown version"
	}
	return strings.TrimSpace(strings.TrimPrefix(string(said), "nginx version: "))
}

// startNginx is nginx before an upstream; it says where it listens.
func startNginx(ctx context.Context, program, folder, upstream string) (*process, string, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n" // Its usual user may not come to the folder.
	}
	config := filepath.Join(folder, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, folder, address, user, upstream)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	cmd := exec.Command(program, "-p", folder, "-c", config, "-e", "stderr")
	cmd.SysProcAttr = endingWithUs(syscall.SIGTERM)
	p, err := start("nginx", folder, cmd)
	if err != nil {
		return nil, "", err
	}
	return p, address, p.ready(ctx, dials(address))
}
