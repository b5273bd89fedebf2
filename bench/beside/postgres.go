package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresSettings are what a small server of one's own would have. The first
// three are the defaults, and are named since everything rests on them.
var postgresSettings = []string{
	"fsync=on", "synchronous_commit=on", "full_page_writes=on",
	"shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=15min",
}

// postgres is a PostgreSQL server with nothing in it.
type postgres struct {
	*process
	url string
}

// findPostgres is the folder of its programs. Debian's are not on the path.
func findPostgres() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.New("PostgreSQL is not on this machine and is not in this result; on Debian and Ubuntu: apt-get install postgresql")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func postgresVersion(programs string) string {
	said, err := exec.Command(filepath.Join(programs, "postgres"), "--version").Output()
	if err != nil {
		return "PostgreSQL of an unknown version"
	}
	_, number, _ := strings.Cut(string(said), ") ")
	return "PostgreSQL " + strings.TrimSpace(number)
}

func startPostgres(ctx context.Context, programs, parent string) (*postgres, error) {
	folder, err := os.MkdirTemp(parent, "postgres-")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	password := rand.Text()
	data := filepath.Join(folder, "data")
	if err := initialize(ctx, programs, folder, data, password); err != nil {
		return nil, err
	}
	host, port := splitAddress(address)
	args := []string{"-D", data, "-h", host, "-p", port, "-k", ""}
	for _, setting := range postgresSettings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(programs, "postgres"), args...)
	cmd.Dir = folder
	// SIGTERM would wait for the gateway's sessions, SIGINT cuts them off; both
	// end well. Killed, it would leave children behind.
	if cmd.SysProcAttr, err = asNobody(syscall.SIGINT); err != nil {
		return nil, err
	}
	p := &postgres{url: "postgres://postgres:" + password + "@" + address + "/postgres?sslmode=disable"}
	if p.process, err = start("postgres", parent, cmd); err != nil {
		return nil, err
	}
	return p, p.ready(ctx, func(ctx context.Context) error { return keepsItsWord(ctx, p.url) })
}

func initialize(ctx context.Context, programs, folder, data, password string) error {
	file := filepath.Join(folder, "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256",
		"--pwfile", file, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	cmd.Dir = folder
	var err error
	if cmd.SysProcAttr, err = asNobody(syscall.SIGKILL, folder, file); err != nil {
		return err
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w (the user as whom PostgreSQL runs has to come to %s)\n%s", err, folder, said)
	}
	return nil
}

// keepsItsWord holds the settings of a server against what durability needs.
func keepsItsWord(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := conn.QueryRow(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return err
		}
		if value != "on" {
			return fmt.Errorf("PostgreSQL's %s is %s", setting, value)
		}
	}
	return nil
}
