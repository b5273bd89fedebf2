package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestHelpOfEveryCommand(t *testing.T) {
	for _, line := range []string{
		"gateway --help", "gateway help", "gateway serve --help", "gateway demo --help",
		"gateway health --help", "gateway version --help",
		"gateway config --help", "gateway config check --help", "gateway config show --help", "gateway config example --help",
		"paytrace-sim --help",
	} {
		t.Run(line, func(t *testing.T) {
			words := strings.Fields(line)
			got := finish(t, command(words[0], words[1:]...))
			if got.code != 0 || !strings.Contains(got.stdout, words[0]) || got.stderr != "" {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
			}
		})
	}
}

func TestMistypedCommandsAreRefused(t *testing.T) {
	for line, word := range map[string]string{
		"gateway srve":              `unknown command "srve"`,
		"gateway config chek":       `unknown command "chek"`,
		"gateway serve now":         `unknown command "now"`,
		"gateway demo --kep":        "unknown flag: --kep",
		"gateway version --short":   "unknown flag: --short",
		"paytrace-sim --customers":  "--help lists the flags",
		"paytrace-sim --seed words": "--help lists the flags",
	} {
		t.Run(line, func(t *testing.T) {
			words := strings.Fields(line)
			got := finish(t, command(words[0], words[1:]...))
			if got.code != 1 || !strings.Contains(got.stderr, word) {
				t.Errorf("exit code %d, stderr %q; want 1 and %q", got.code, got.stderr, word)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	got := finish(t, command("gateway", "version"))
	if got.code != 0 || !strings.HasPrefix(got.stdout, "gateway ") {
		t.Errorf("exit code %d, %q", got.code, got.stdout)
	}
}

func TestConfigCheckAndShow(t *testing.T) {
	gateway := configure(t, freeAddress(t))
	configCommand := func(name string) finished {
		cmd := command("gateway", "config", name, "--config", gateway.config)
		cmd.Env = append(cmd.Env, shopEnvironment...)
		return finish(t, cmd)
	}
	if got := configCommand("check"); got.code != 0 || !strings.Contains(got.stdout, "1 merchant") {
		t.Errorf("check of a good file: %+v", got)
	}
	shown := configCommand("show")
	if shown.code != 0 || !strings.Contains(shown.stdout, "callDeadline") || !strings.Contains(shown.stdout, gateway.address) {
		t.Errorf("show: %+v", shown)
	}
	for _, secret := range []string{shopSecret, "simulator-password"} {
		if strings.Contains(shown.stdout+shown.stderr, secret) {
			t.Errorf("show prints a secret:\n%s", shown.stdout)
		}
	}
	gateway.rewrite("id: main", "id: Main Street")
	gateway.rewrite("sendWindow: 20s", "sendWindow: soon")
	bad := configCommand("check")
	for _, member := range []string{"merchants[0].id", "merchants[0].paytrace.sendWindow"} {
		if bad.code != 1 || !strings.Contains(bad.stderr, member) {
			t.Errorf("check of a bad file: exit code %d, %q lacks %s", bad.code, bad.stderr, member)
		}
	}
}

func TestConfigExampleIsGoodOnceItsEnvironmentIsSet(t *testing.T) {
	example := finish(t, command("gateway", "config", "example"))
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	put(t, path, []byte(example.stdout))

	bare := finish(t, command("gateway", "config", "check", "--config", path))
	for _, variable := range []string{"PAYTRACE_PASSWORD", "MAGENTO_CLIENT_SECRET"} {
		if bare.code != 1 || !strings.Contains(bare.stderr, variable) {
			t.Errorf("without its environment: exit code %d, %q lacks %s", bare.code, bare.stderr, variable)
		}
	}
	cmd := command("gateway", "config", "check", "--config", path)
	cmd.Env = append(cmd.Env, "PAYTRACE_USERNAME=someone", "PAYTRACE_PASSWORD=a-password-for-tests", "PAYTRACE_INTEGRATOR_ID=9abc",
		"GATEWAY_SECRET=0123456789abcdef0123456789abcdef", "MAGENTO_CLIENT_SECRET=a-secret-for-tests-alone")
	if got := finish(t, cmd); got.code != 0 {
		t.Errorf("with its environment: exit code %d, %s", got.code, got.stderr)
	}
}

func TestHealthTellsWhetherAGatewayIsReady(t *testing.T) {
	t.Parallel()
	gateway := configure(t, freeAddress(t))
	ask := func() finished { return finish(t, command("gateway", "health", "--address", gateway.address)) }
	if got := ask(); got.code != 1 || !strings.Contains(got.stderr, "gateway: ") {
		t.Errorf("with no gateway there: %+v", got)
	}
	gateway.start()
	if got := ask(); got.code != 0 || got.stdout != "ready\n" {
		t.Errorf("with a gateway there: %+v", got)
	}
	// Its secrets are not in this environment, and are not needed to ask.
	if got := finish(t, command("gateway", "health", "--config", gateway.config)); got.code != 0 || got.stdout != "ready\n" {
		t.Errorf("asked by its configuration: %+v", got)
	}
	if got := finish(t, command("gateway", "health", "--config", gateway.config+".lost")); got.code != 1 || !strings.Contains(got.stderr, "cannot be read") {
		t.Errorf("asked by a configuration that is not there: %+v", got)
	}
}

func TestHealthSaysWhatAGatewayGoesOnWithout(t *testing.T) {
	if got := readiness([]string{"redis"}); got != "ready, without redis" {
		t.Errorf("without Redis it says %q", got)
	}
	if got := readiness(nil); got != "ready" {
		t.Errorf("with all of it, it says %q", got)
	}
}
