package config

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// FuzzParse: whatever the file says, Parse answers, with a configuration or
// with faults, and nothing that is printed quotes what a referred file holds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(live))
	f.Add([]byte(example))
	for _, row := range redisFaults {
		f.Add([]byte("redis: " + row.redis + "\n" + minimal))
	}
	f.Add([]byte("redis: " + inSentinel + "\n" + minimal))
	f.Add([]byte("redis: " + inCluster + "\n" + minimal))
	for _, row := range faultTable {
		f.Add([]byte(strings.Replace(minimal, row.old, row.with, 1)))
	}
	for _, text := range []string{"", "~", "a: &a [*a]", "<<: *a", "? [a]\n: b", "!!binary x", "- - - -", "merchants: [{}, {}]", "---\n---\n", "\xef\xbb\xbfa: b", "{a: *"} {
		f.Add([]byte(text))
	}
	env := func(name string) (string, bool) {
		if strings.HasPrefix(name, "GATEWAY_") {
			return "", false
		}
		return "value", true
	}
	readFile := func(path string) ([]byte, fs.FileMode, error) { return []byte(plain), 0o600, nil }
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(bytes.ToLower(data), []byte(plain[:8])) {
			t.Skip("the file itself holds what must not be seen")
		}
		c, err := Parse("gateway.yaml", data, env, readFile)
		var faults *Faults
		switch {
		case err == nil && c != nil:
			silent(t, "Redacted", c.Redacted())
		case !errors.As(err, &faults) || len(faults.List) == 0:
			t.Fatalf("got %v, %v", c, err)
		default:
			silent(t, "the faults", err.Error())
		}
	})
}
