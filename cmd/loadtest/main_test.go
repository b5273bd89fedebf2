package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/internal/load"
)

func noEnvironment(string) (string, bool) { return "", false }

// shop is a server that answers every payment so.
func shop(t *testing.T, status int, answer string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			_, _ = io.WriteString(w, `{"access_token":"one","expires_in":900}`)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const approved = `{"status":"approved","transactionId":"1"}`

// started runs the command for a moment.
func started(t *testing.T, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	exit = run(t.Context(), args, noEnvironment, &out, &err)
	return exit, out.String(), err.String()
}

func moment(target string, more ...string) []string {
	return append([]string{"--target", target, "--rate", "500", "--for", "20ms", "--warmup", "0s"}, more...)
}

func TestARunIsShownAsATableAndWrittenAsJSONAndAPage(t *testing.T) {
	folder := t.TempDir()
	jsonFile, htmlFile := filepath.Join(folder, "r.json"), filepath.Join(folder, "r.html")
	exit, stdout, stderr := started(t, moment(shop(t, 201, approved), "--json", jsonFile, "--html", htmlFile, "--quiet")...)
	if exit != good || stderr != "" || !strings.Contains(stdout, "10 answered, 0 failed") || !strings.Contains(stdout, "p99.9") {
		t.Errorf("exit %d, %s%s", exit, stdout, stderr)
	}
	var report load.Report
	encoded, err := os.ReadFile(jsonFile)
	if err != nil || json.Unmarshal(encoded, &report) != nil || report.Answered != 10 || report.Histogram == "" {
		t.Errorf("%v, %s", err, encoded)
	}
	page, err := os.ReadFile(htmlFile)
	if err != nil || !bytes.HasPrefix(page, []byte("<!doctype html>")) {
		t.Errorf("%v, %.100s", err, page)
	}
}

func TestJSONOnStandardOutputStandsAlone(t *testing.T) {
	exit, stdout, _ := started(t, moment(shop(t, 201, approved), "--json", "-", "--quiet")...)
	var report load.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || exit != good {
		t.Errorf("exit %d, %v: %s", exit, err, stdout)
	}
}

func TestTheExitStatusSaysWhetherAllWentWell(t *testing.T) {
	cases := []struct {
		name string
		args []string
		want int
		says string
	}{
		{"a refusal", moment(shop(t, 503, ""), "--quiet"), failed, "failed: 10 × 503"},
		{"a decline", moment(shop(t, 201, `{"status":"declined"}`), "--quiet"), failed, "failed: 10 × unexpected"},
		{"nobody there", moment("http://127.0.0.1:1"), failed, "no token"},
		{"no rate", []string{"--quiet"}, misled, "either a rate"},
		{"a rate and a ramp", []string{"--rate", "1", "--ramp", "1:1s"}, misled, "either --rate"},
		{"a rate and connections", moment("http://127.0.0.1:1", "--connections", "2"), misled, "either a rate"},
		{"a ramp that is none", []string{"--ramp", "fast"}, misled, "--ramp"},
		{"a mix that is none", moment("http://127.0.0.1:1", "--mix", "void=1"), misled, "--mix"},
		{"somebody else's machine", moment("http://192.0.2.1"), misled, "--allow-any-address"},
		{"one of somebody else's", moment("http://127.0.0.1:1,http://192.0.2.1"), misled, "--allow-any-address"},
		{"an unknown flag", []string{"--loud"}, misled, "--help lists the flags"},
		{"no flag", []string{"now"}, misled, "is no flag"},
		{"a file that cannot be", moment(shop(t, 201, approved), "--json", filepath.Join(t.TempDir(), "no", "r.json")), failed, "r.json"},
		{"help", []string{"--help"}, good, "-max-in-flight"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			exit, stdout, stderr := started(t, c.args...)
			if exit != c.want || !strings.Contains(stdout+stderr, c.says) {
				t.Errorf("exit %d, want %d and %q: %s%s", exit, c.want, c.says, stdout, stderr)
			}
		})
	}
}

func TestEnvironmentFillsInFlagsThatWereNotGiven(t *testing.T) {
	env := map[string]string{"LOADTEST_CLIENT_SECRET": "from env", "LOADTEST_CLIENT_ID": "env", "LOADTEST_RATE": "7"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	o, err := parse([]string{"--client-id", "flag"}, lookup, io.Discard)
	if err != nil || o.load.ClientID != "flag" || o.load.Secret != "from env" || o.load.Stages[0].PerSecond != 7 {
		t.Errorf("%+v, %v", o.load, err)
	}
	env["LOADTEST_RATE"] = "secret words"
	if _, err := parse(nil, lookup, io.Discard); err == nil || !strings.Contains(err.Error(), "LOADTEST_RATE") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want the variable's name without its value", err)
	}
}

func TestADrillIsShown(t *testing.T) {
	var out bytes.Buffer
	writeDrill(&out, load.Findings{Keys: 9, Repeated: 4, Repeats: 5, OnePayment: 8, Unknown: 1, WorstWait: 2_500_000, WorstKey: "load-3"})
	for _, want := range []string{"9 keys, 4 of them repeated, 5 repeats", "exactly one payment  8", "unknown              1", "2500 ms (load-3)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, out.String())
		}
	}
}

func TestProgressIsToldSeldomWhereNobodyWatches(t *testing.T) {
	var out bytes.Buffer
	seldomly := newTeller(&out)
	often := newTeller(&out)
	often.every, often.last = time.Second, -time.Second
	for _, c := range []struct {
		teller *teller
		want   int
	}{{seldomly, 3}, {often, 27}} {
		out.Reset()
		c.teller.tell(load.Progress{WarmingUp: true})
		c.teller.tell(load.Progress{WarmingUp: true})
		for n := range 25 {
			jitter := time.Duration(n%3) * time.Millisecond
			c.teller.tell(load.Progress{Elapsed: time.Duration(n+1)*time.Second - jitter, Second: load.Second{Second: n}})
		}
		if lines := strings.Count(out.String(), "\n"); lines != c.want {
			t.Errorf("%d lines, want %d:\n%s", lines, c.want, out.String())
		}
	}
}
