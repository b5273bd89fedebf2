package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

// library is the official one for JavaScript.
const library = "standardwebhooks@1.1.1"

// Each harness reads the vectors and prints which of them it takes.
const (
	nodeHarness = `
import { readFileSync } from "node:fs";
const vectors = JSON.parse(readFileSync(0, "utf8"));
const headers = (v) => ({ "webhook-id": v.id, "webhook-timestamp": v.timestamp, "webhook-signature": v.signature });
console.log(JSON.stringify(vectors.map((v) => takes(v, headers(v)))));
`
	ourNode = `
import { verify } from "./verify.mjs";
const takes = (v, headers) => verify(v.secret, headers, v.body, v.now);
` + nodeHarness
	// The library parses what it has verified, so that a body that is no JSON
	// fails after it was found good.
	officialNode = `
import { Webhook, WebhookVerificationError } from "standardwebhooks";
const takes = (v, headers) => {
  Date.now = () => v.now * 1000;
  let webhook;
  try { webhook = new Webhook(v.secret); } catch { return false; }
  try { webhook.verify(v.body, headers); } catch (e) { return !(e instanceof WebhookVerificationError); }
  return true;
};
` + nodeHarness
	ourPHP = `<?php
require __DIR__ . '/verify.php';
$vectors = json_decode(stream_get_contents(STDIN), true);
echo json_encode(array_map(fn($v) => verify($v['secret'], $v['id'], $v['timestamp'], $v['signature'], $v['body'], $v['now']), $vectors));
`
)

// needs skips a test whose program is not there, and fails it where nothing may
// be skipped.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program+" is not on this machine")
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv(services.RequireVariable) == "1" {
		t.Fatalf("%s (%s=1)", what, services.RequireVariable)
	}
	t.Skip("skipped: " + what)
}

// run runs a program in a folder.
func run(t *testing.T, folder, input string, program ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program[0], program[1:]...)
	command.Dir, command.Stdin = folder, strings.NewReader(input)
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		t.Logf("%s: %v\n%s", program[0], err, said.String())
	}
	return string(out), err
}

// judged runs a harness over the vectors and compares.
func judged(t *testing.T, folder, harness, text string, program string) {
	t.Helper()
	put(t, folder, harness, text)
	all := vectors(t)
	input, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	out, err := run(t, folder, string(input), program, harness)
	if err != nil {
		t.Fatal(err)
	}
	var taken []bool
	if err := json.Unmarshal([]byte(out), &taken); err != nil || len(taken) != len(all) {
		t.Fatalf("%v; it prints %s", err, out)
	}
	for i, v := range all {
		if taken[i] != v.Valid {
			t.Errorf("%s is taken: %v, want %v", v.Name, taken[i], v.Valid)
		}
	}
}

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func ours(t *testing.T, folder, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/receivers", name))
	if err != nil {
		t.Fatal(err)
	}
	put(t, folder, name, string(text))
}

func TestTheReceiverInNodeJudgesTheVectorsAsTheySay(t *testing.T) {
	needs(t, "node")
	folder := t.TempDir()
	ours(t, folder, "verify.mjs")
	judged(t, folder, "run.mjs", ourNode, "node")
}

func TestTheReceiverInPHPJudgesTheVectorsAsTheySay(t *testing.T) {
	needs(t, "php")
	folder := t.TempDir()
	ours(t, folder, "verify.php")
	judged(t, folder, "run.php", ourPHP, "php")
}

func TestTheOfficialLibraryOnNpmJudgesTheVectorsAsTheySay(t *testing.T) {
	needs(t, "node")
	needs(t, "npm")
	folder := t.TempDir()
	put(t, folder, "package.json", `{"private":true,"type":"module"}`)
	var err error
	for range 3 { // the registry may be slow or stumble, and is not what is tested
		if _, err = run(t, folder, "", "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", library); err == nil {
			break
		}
	}
	if err != nil {
		missing(t, "npm could not install "+library+": "+err.Error())
	}
	judged(t, folder, "run.mjs", officialNode, "node")
}

// receive verifies first, then hands on. take is one transaction: it keeps the
// event when its id is new and its version is the payment's highest so far. The
// work is done after the answer.
func receive(secret string, take func(id, paymentID string, version int64, data []byte) error) http.HandlerFunc {
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err == nil && secret == "" {
		err = errors.New("there is no secret, and anybody signs with an empty one")
	}
	if err != nil {
		panic(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || webhook.Verify(body, r.Header) != nil {
			http.Error(w, "not verified", http.StatusUnauthorized)
			return
		}
		var event struct {
			Data json.RawMessage `json:"data"`
		}
		var payment struct {
			PaymentID string `json:"paymentId"`
			Version   int64  `json:"version"`
		}
		if json.Unmarshal(body, &event) != nil || json.Unmarshal(event.Data, &payment) != nil {
			http.Error(w, "not understood", http.StatusBadRequest)
			return
		}
		if err := take(r.Header.Get("webhook-id"), payment.PaymentID, payment.Version, event.Data); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func TestTheReceiverInGoTakesEachStateOnce(t *testing.T) {
	highest, kept := map[string]int64{}, 0
	url, _ := receiver(t, receive(newest, func(_, payment string, version int64, _ []byte) error {
		if version > highest[payment] {
			highest[payment] = version
			kept++
		}
		return nil
	}))
	for _, c := range []struct {
		secret  string
		outcome gateway.DeliveryOutcome
	}{{newest, gateway.Told}, {newest, gateway.Told}, {previous, gateway.Later}} {
		if v := newSink(t, Config{URL: url, Secret: c.secret}).Deliver(t.Context(), delivery(1)); v.Outcome != c.outcome {
			t.Errorf("%+v, want %s", v, c.outcome)
		}
	}
	if kept != 1 || highest["pay_1"] != 2 {
		t.Errorf("kept %d states, %v", kept, highest)
	}
}

func TestTheReceiverInGoStartsWithNoEmptySecret(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it would take what anybody has signed")
		}
	}()
	receive("", nil)
}

// The page for receivers shows code that was run: the files of
// testdata/receivers, and the function above.
func TestThePageForReceiversShowsTheCodeThatRuns(t *testing.T) {
	page, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	this, err := os.ReadFile("receivers_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, function, _ := strings.Cut(string(this), "// receive verifies")
	function, _, _ = strings.Cut(function, "\n}\n")
	shown := map[string]string{"receive": "// receive verifies" + function + "\n}\n"}
	for _, name := range []string{"verify.mjs", "verify.php"} {
		text, err := os.ReadFile(filepath.Join("testdata/receivers", name))
		if err != nil {
			t.Fatal(err)
		}
		shown[name] = string(text)
	}
	for name, text := range shown {
		if !strings.Contains(string(page), "\n"+text+"```") {
			t.Errorf("docs/webhooks.md does not show %s as it is", name)
		}
	}
}
