package api_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
)

// jose makes and reads tokens without any code of ours or of golang-jwt.
const jose = "jose@6.2.18"

// node runs a script of testdata/jose beside the library, and skips where there
// is none, unless nothing may be skipped.
func node(t *testing.T, script string, input any) []byte {
	t.Helper()
	folder := t.TempDir()
	text := must(os.ReadFile(filepath.Join("testdata/jose", script)))(t)
	must(0, os.WriteFile(filepath.Join(folder, script), text, 0o600))(t)
	must(0, os.WriteFile(filepath.Join(folder, "package.json"), []byte(`{"private":true,"type":"module"}`), 0o600))(t)
	if said, err := install(t, folder); err != nil {
		if os.Getenv(services.RequireVariable) == "1" {
			t.Fatalf("npm could not install %s: %v (%s=1)\n%s", jose, err, services.RequireVariable, said)
		}
		t.Skipf("skipped: npm could not install %s: %v", jose, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "node", script)
	var said bytes.Buffer
	run.Dir, run.Stdin, run.Stderr = folder, bytes.NewReader(must(json.Marshal(input))(t)), &said
	out, err := run.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, said.String())
	}
	return out
}

// install asks the registry more than once, which may be slow or stumble and is
// not what is tested.
func install(t *testing.T, folder string) (said []byte, err error) {
	t.Helper()
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		npm := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", jose)
		npm.Dir = folder
		said, err = npm.CombinedOutput()
		cancel()
		if err == nil {
			break
		}
	}
	return said, err
}

func privatePEM(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))(t)}))
}

func TestTokensOfJoseAreTakenAndRefusedAsTheyShouldBe(t *testing.T) {
	s := newSmithy(t)
	var answers struct {
		Statuses map[string]int
		Said     map[string]string
	}
	out := node(t, "shop.mjs", map[string]string{
		"base": "http://" + s.public, "issuer": publicURL, "org": org, "lateClient": lateOrg,
		"key": privatePEM(t, s.ofOrg), "rivalKey": privatePEM(t, s.ofRival), "strangeKey": privatePEM(t, s.strange),
		"certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate})),
	})
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("%v: it prints %s", err, out)
	}
	same(t, "the gateway answers to", answers.Statuses, map[string]int{
		"bearer: as Salesforce sends it": 200, "bearer: RS512": 200, "bearer: without typ and kid": 200, "bearer: aud among others": 200,
		"bearer: clock 20 s ahead": 200,
		"bearer: PS256":            401, "bearer: ES256": 401, "bearer: HS256 with the certificate": 401, "bearer: unsecured": 401, "bearer: encrypted": 401,
		"bearer: another org's key": 401, "bearer: nobody's key": 401, "bearer: nested": 401, "bearer: expired": 401, "bearer: no exp": 401,
		"bearer: exp in an hour": 401, "bearer: clock a minute ahead": 401, "bearer: another aud": 401, "bearer: certificate ended": 401,
		"grant": 200, "grant, again": 400, "grant without jti": 200, "grant, expired": 400, "grant, for elsewhere": 400, "grant, another org's key": 400,
		"proof": 200, "proof, again": 401, "proof for a user": 401,
	})
	same(t, "jose says of", answers.Said, map[string]string{
		"ours": "good for org to payments:read payments:write, at+jwt", "ours, an hour later": "ERR_JWT_EXPIRED",
		"ours, for elsewhere": "ERR_JWT_CLAIM_VALIDATION_FAILED", "ours, tampered": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
		"an org's": "ERR_JWKS_NO_MATCHING_KEY",
	})
	if strings.Contains(s.log.String(), "PRIVATE KEY") {
		t.Error("the log holds a key")
	}
}

// same compares name by name, so that a row that one side forgot is seen.
func same[T comparable](t *testing.T, what string, got, want map[string]T) {
	t.Helper()
	for name, value := range want {
		if is, ok := got[name]; !ok || is != value {
			t.Errorf("%s %q: %v, want %v", what, name, is, value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s %d rows, want %d", what, len(got), len(want))
	}
}
