package paytrace

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

func FuzzAnswer(f *testing.F) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var v vector
		if err := json.Unmarshal(data, &v); err != nil {
			f.Fatal(err)
		}
		f.Add(v.Status, []byte(v.Answer))
	}
	f.Add(200, readFile(f, "export.json"))
	f.Add(200, []byte(oneProfile))
	f.Add(401, []byte(staleToken))
	f.Add(200, []byte(`{"SUCCESS":true,"response_code":101,"transaction_id":7}`))
	f.Add(502, []byte(htmlPage))
	c, err := New(testConfig("http://127.0.0.1:1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := reply{left: true, status: status, body: body}
		for _, v := range everyVerb {
			checkFuzzed(t, v, body, result(about7(v, true), r))
		}
		if a, err := readAnswer(body); err == nil {
			for _, row := range a.Transactions {
				_, _ = c.record(row)
			}
			for _, row := range a.Profiles {
				_ = row.CreditCard.summary()
			}
		}
		_, _ = readGrant(r)
		_ = r.refusesToken()
	})
}

// checkFuzzed reads the body a second way, and holds the result against it.
func checkFuzzed(t *testing.T, v verb, body []byte, got gateway.Result) {
	var members map[string]any
	readable := json.Unmarshal(body, &members) == nil
	success, _ := members["success"].(bool)
	switch got.Outcome {
	case gateway.Approved:
		id, err := strconv.ParseInt(got.TransactionID, 10, 64)
		theirs := err == nil && id > 0
		if about7(v, true).profileID != "" {
			theirs = got.TransactionID == "" && (members["customer_id"] == "7" || members["customer_id"] == 7.0)
		}
		if !readable || !success || !theirs {
			t.Fatalf("%s approved by %q", v, body)
		}
	case gateway.Declined, gateway.Rejected:
		if !readable {
			t.Fatalf("%s %s by %q", v, got.Outcome, body)
		}
	case gateway.Unknown:
	default:
		t.Fatalf("%s: an answer cannot mean %s", v, got.Outcome)
	}
	if strings.ContainsAny(got.Detail, "\r\n") {
		t.Fatalf("the detail has more than one line: %q", got.Detail)
	}
}

// FuzzScrub holds that what is found harmless at a glance is what the expressions
// leave as it is.
func FuzzScrub(f *testing.F) {
	for _, s := range []string{
		"Approved and completed", "4111 1111 1111 1111", "csc=123", "CVV 123", "security code: 999", "TAS445", "c12 3",
		strings.Repeat("a", 32), strings.Repeat("a", 33), strings.Repeat("word ", 41), "12345678901", "1-2-3-4-5-6-7-8-9-0-1-2", "\u00e9", "a\nb",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if harmless(s) && scoured(s) != s {
			t.Fatalf("%q was found harmless, and the expressions make it %q", s, scoured(s))
		}
	})
}
