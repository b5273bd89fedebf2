package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/internal/services"
)

// sealOwn has the configuration's PayTrace password sealed, under a master key in
// a file.
func (s *serving) sealOwn(changes ...string) {
	s.t.Helper()
	content, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	s.masterKey("sealing.key")
	changes = append(changes, "${PAYTRACE_ACCOUNT_PASSWORD}", "{sealed: paytrace-password}", "merchants:", "sealing:\n  key: {file: sealing.key}\nmerchants:")
	s.write(strings.NewReplacer(changes...).Replace(string(content)))
}

// masterKey writes a new one into a file of the configuration's folder.
func (s *serving) masterKey(name string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(newMasterKey()+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// secrets runs a command about secrets that has to go well, with these lines on
// its standard input.
func (s *serving) secrets(input string, args ...string) string {
	s.t.Helper()
	f := s.trySecrets(input, args...)
	if f.code != 0 {
		s.t.Fatalf("gateway secrets %s: %s%s", strings.Join(args, " "), f.stdout, f.stderr)
	}
	return f.stdout
}

func (s *serving) trySecrets(input string, args ...string) finished {
	s.t.Helper()
	cmd := command("gateway", append(append([]string{"secrets"}, args...), "--config", s.config)...)
	cmd.Env = append(append(cmd.Env, shopEnvironment...), s.environment...)
	cmd.Stdin = strings.NewReader(input)
	return finish(s.t, cmd)
}

// showsNone looks for values in all that the gateway has written.
func (s *serving) showsNone(values ...string) {
	s.t.Helper()
	err := filepath.WalkDir(s.folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, value := range values {
			if strings.Contains(string(content), value) {
				s.t.Errorf("%s shows a secret", path)
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, value := range values {
		if strings.Contains(s.stderr.String()+s.stdout.String(), value) {
			s.t.Error("the log shows a secret")
		}
	}
}

func TestASealedPasswordLivesByCommand(t *testing.T) {
	t.Parallel()
	paytrace := startProcessor(t)
	s := configure(t, paytrace.api)
	s.sealOwn()
	const password = "simulator-password"

	// Before the first start nothing is set, and the start says what to do.
	p := s.launch()
	if code := p.exit(); code != 1 || !strings.Contains(p.stderr.String(), "gateway secrets set paytrace-password") {
		t.Errorf("without the secret it ended with %d:\n%s", code, p.stderr.String())
	}
	if f := s.trySecrets("a-wrong-password\n", "set", "paytrace-password", "--by", "Ada Byron"); f.code != 0 || strings.Contains(f.stdout+f.stderr, "a-wrong") {
		t.Fatalf("set: %+v", f)
	}
	s.start()
	shop := openShop(t, s.address, shopID, shopSecret)
	want(t, "a sale with a refused password", shop.pay("sale", "a-sale", paytrace.hostedFields(), 0), "503 processor_credentials")

	// The right one is used without a restart, and the same key goes on.
	fields := paytrace.hostedFields()
	s.secrets(password, "rotate", "paytrace-password")
	eventually(t, "a sale goes through", func() bool { return shop.pay("sale", "b-sale", fields, 0).httpStatus == 201 })
	if n := paytrace.charged("sale"); n != 1 {
		t.Errorf("there are %d sales, want 1", n)
	}
	list := s.secrets("", "list")
	for _, word := range []string{"paytrace-password", "active", "merchants[0].paytrace.password"} {
		if !strings.Contains(list, word) {
			t.Errorf("the list lacks %s:\n%s", word, list)
		}
	}
	for words, args := range map[string][]string{
		"is set already": {"set", "paytrace-password"},
		"is used as":     {"remove", "paytrace-password"},
		"is not set":     {"rotate", "nobody"},
		"no name":        {"set", "hunter2 is no name"},
		"no rotation":    {"rotate", "paytrace-password", "--finish"},
		"no such file":   {"rotate", "paytrace-password", "--file", "nowhere"},
		"1 lines":        {"set", "one", "two"},
	} {
		if f := s.trySecrets("a-value\n", args...); f.code != 1 || !strings.Contains(f.stderr, words) || strings.Contains(f.stderr, "hunter2") {
			t.Errorf("gateway secrets %v: %+v, want %s", args, f, words)
		}
	}
	if f := s.operate("doctor"); f.code != 0 || !strings.Contains(f.stdout, "sealed secrets") || strings.Contains(f.stdout, password) {
		t.Errorf("the doctor: %+v", f)
	}
	if f := s.operate("config", "show"); f.code != 0 || !strings.Contains(f.stdout, "sealed as paytrace-password") || strings.Contains(f.stdout, password) {
		t.Errorf("config show: %+v", f)
	}
	s.showsNone(password, "a-wrong-password")
}

func TestTheMasterKeyChangesByResealing(t *testing.T) {
	t.Parallel()
	paytrace := startProcessor(t)
	s := configure(t, paytrace.api)
	s.sealOwn()
	s.secrets("simulator-password", "set", "paytrace-password")
	s.start()
	with := func(keys string) {
		t.Helper()
		content, err := os.ReadFile(s.config)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(string(content), "sealing:\n")
		_, after, _ := strings.Cut(rest, "merchants:")
		s.write(before + "sealing:\n" + keys + "merchants:" + after)
	}
	s.masterKey("next.key")
	with("  key: {command: [cat, " + filepath.Join(s.folder, "next.key") + "]}\n  previousKey: {file: sealing.key}\n")
	// The gateway that runs knows of no newer key, and would call all well.
	if f := s.trySecrets("", "reseal"); f.code != 1 || !strings.Contains(f.stderr, "start every gateway again first") {
		t.Errorf("a resealing before the start: %+v", f)
	}
	if f := s.trySecrets("", "list"); f.code != 0 || !strings.Contains(f.stderr, "start every gateway again first") {
		t.Errorf("the list before the start: %+v", f)
	}
	s.stop()
	s.start()
	if f := s.trySecrets("", "list"); f.stderr != "" {
		t.Errorf("the list warns: %s", f.stderr)
	}
	if list := s.secrets("", "list"); !strings.Contains(list, "an older key") {
		t.Errorf("before the resealing the list is\n%s", list)
	}
	s.secrets("", "reseal")
	if list := s.secrets("", "list"); strings.Contains(list, "an older key") {
		t.Errorf("after the resealing the list is\n%s", list)
	}
	s.stop()
	with("  key: {file: next.key}\n")
	s.start()
	shop := openShop(t, s.address, shopID, shopSecret)
	want(t, "a sale under the new master key", shop.pay("sale", "a-sale", paytrace.hostedFields(), 0), "201 approved")
	s.stop()
	with("  key: {file: sealing.key}\n")
	p := s.launch()
	if code := p.exit(); code != 1 || !strings.Contains(p.stderr.String(), "it is sealed under the master key") {
		t.Errorf("with the old key alone it ended with %d:\n%s", code, p.stderr.String())
	}
}

func TestARotatedSecretIsTakenByEveryGatewayOnTheLedger(t *testing.T) {
	t.Parallel()
	paytrace := startProcessor(t)
	shared := []string{
		"GATEWAY_LEDGER_POSTGRES=" + services.Postgres(t), "GATEWAY_SECRET=" + strings.Repeat("0123456789abcdef", 4),
		"SEALING_KEY=" + newMasterKey(),
	}
	key := signingKeyFile(t)
	var pair [2]*serving
	for i := range pair {
		g := configure(t, paytrace.api)
		g.environment = shared
		g.write("signingKeys: [{file: " + key + "}]\npublicURL: http://pair.test\nsealing: {key: \"${SEALING_KEY}\"}\n" +
			strings.Replace(fmt.Sprintf(servingYAML, g.address, paytrace.api), "${PAYTRACE_ACCOUNT_PASSWORD}", "{sealed: paytrace-password}", 1))
		pair[i] = g
	}
	pair[0].secrets("a-wrong-password", "set", "paytrace-password")
	pair[0].start()
	pair[1].start()
	other := openShop(t, pair[1].address, shopID, shopSecret)
	fields := paytrace.hostedFields()
	want(t, "a sale with a refused password", other.pay("sale", "a-sale", fields, 0), "503 processor_credentials")
	pair[0].secrets("simulator-password", "rotate", "paytrace-password")
	eventually(t, "the other gateway pays", func() bool { return other.pay("sale", "a-sale", fields, 0).httpStatus == 201 })
}

// newMasterKey is one as openssl writes it.
func newMasterKey() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}
