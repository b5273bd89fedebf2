package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

func TestAnErrorDoesNotRepeatANumberThatMayBeACards(t *testing.T) {
	for _, number := range []string{"4111111111111111", "4111-1111-1111-1111", "4111 1111 1111 1111"} {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), []string{"callbacks", number}, &stdout, &stderr)
		if code != 1 || strings.Contains(stdout.String()+stderr.String(), "1111") || !strings.Contains(stderr.String(), "[digits]") {
			t.Errorf("exit code %d: %s%s", code, &stdout, &stderr)
		}
	}
	for _, text := range []string{"order 100000042", "pay_06dy8v1r4m8k2q9x7z3c5n0t1w", "2026-03-02T00:00:00Z", "127.0.0.1:8080 and 10.20.0.0/16"} {
		if got := discreet(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// TestLibrariesAreQuotedUpToWhatTheyQuote holds the line that net/http writes
// when a server speaks unasked.
func TestLibrariesAreQuotedUpToWhatTheyQuote(t *testing.T) {
	var text bytes.Buffer
	to := libraries{slog.New(slog.NewTextHandler(&text, nil))}
	if _, err := to.Write([]byte("Unsolicited response received on idle HTTP channel starting with \"card 4111111111111111\"; err=<nil>\n")); err != nil {
		t.Fatal(err)
	}
	if line := text.String(); strings.Contains(line, "card") || !strings.Contains(line, "library.warned") || !strings.Contains(line, "idle HTTP channel") {
		t.Error(line)
	}
}
