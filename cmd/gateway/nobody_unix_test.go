//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user as whom the container runs.
const nobody = 65532

func TestRunsAsNobodyInAnEmptyFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can start a program as another user")
	}
	t.Parallel()
	// t.TempDir lies below a folder that only its owner may enter.
	folder, err := os.MkdirTemp("", "gateway-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chown(folder, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	asNobody := func(args ...string) *process {
		cmd := command("gateway", args...)
		cmd.Dir, cmd.Env = folder, []string{}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return launch(t, cmd)
	}
	version := asNobody("version")
	if code := version.exit(); code != 0 || !strings.HasPrefix(version.stdout.String(), "gateway ") {
		t.Fatalf("version: exit code %d, %s%s", code, version.stdout, version.stderr)
	}
	d := newDemo(t)
	d.process = asNobody("demo", "--listen", d.listen, "--simulator", d.simulator, "--simulator-control", d.control, "--shop", d.front)
	d.ready("http://" + d.listen + "/readyz")
	want(t, "a payment", d.shop().pay("sale", "nobody", demoVisa, 0), "201 approved")
	d.stop()
	d.simulatorGone()
	for _, name := range []string{"ledger.db", "secret.key", "signing-key.pem", "simulator.json"} {
		info, err := os.Stat(filepath.Join(folder, "var", "demo", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != nobody || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: owner %d, mode %v; want %d, 0600", name, owner, info.Mode().Perm(), nobody)
		}
	}
}

// A terminal's Ctrl-C reaches every process of its foreground group at once.
func TestCtrlCEndsADemoAsGracefullyAsSIGTERM(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	cmd := d.command()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	d.process = launch(t, cmd)
	d.ready("http://" + d.listen + "/readyz")
	shop, paytrace := d.shop(), d.processor()
	paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":1}`)
	landed := make(chan answer, 1)
	go func() {
		a, err := shop.try("POST", paymentsPath, "under-way", order("sale", "under-way", demoVisa), 0)
		if err != nil {
			t.Error(err)
		}
		landed <- a
	}()
	eventually(t, "the payment is under way", func() bool { return paytrace.arrived("sale") == 1 })
	if err := syscall.Kill(-d.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	want(t, "the payment under way", <-landed, "201 approved")
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	d.simulatorGone()
}
