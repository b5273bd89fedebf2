package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// walkThroughs are the pages that have one.
var walkThroughs = []string{"../../README.md", "../../docs/vault.md", "../../docs/verification.md", "../../docs/ach.md"}

// The walk-through is everything in fenced sh blocks between these two lines.
const (
	walkBegins = "<!-- walk-through -->"
	walkEnds   = "<!-- /walk-through -->"
)

// expected begins the lines that say what a command answers: the last line of
// the output since the expectation before contains the text after it. Several
// such lines after one command are all about that command.
const expected = "# → "

// walk is a script with a mark in its output at every expectation.
type walk struct {
	script       string
	expectations [][]string
}

func mark(i int) string { return fmt.Sprintf("=== expectation %d ===", i) }

// readWalk takes the walk-through out of a document. Without markers, commands
// or expectations there is none, which is an error.
func readWalk(document string) (walk, error) {
	_, section, begins := strings.Cut(document, walkBegins+"\n")
	section, _, ends := strings.Cut(section, walkEnds+"\n")
	if !begins || !ends {
		return walk{}, fmt.Errorf("the walk-through between %s and %s is missing", walkBegins, walkEnds)
	}
	w := walk{script: "set -euo pipefail\n"}
	inBlock, afterExpectation := false, false
	for line := range strings.Lines(section) {
		text, isExpectation := strings.CutPrefix(strings.TrimSpace(line), expected)
		switch {
		case strings.HasPrefix(line, "```"):
			inBlock = !inBlock && strings.TrimSpace(line) == "```sh"
			afterExpectation = false
		case !inBlock || strings.TrimSpace(line) == "":
		case isExpectation && afterExpectation:
			last := len(w.expectations) - 1
			w.expectations[last] = append(w.expectations[last], text)
		case isExpectation:
			w.script += fmt.Sprintf("echo '%s'\n", mark(len(w.expectations)))
			w.expectations = append(w.expectations, []string{text})
			afterExpectation = true
		default:
			w.script += line
			afterExpectation = false
		}
	}
	if len(w.expectations) == 0 {
		return walk{}, fmt.Errorf("the walk-through expects nothing: no line begins with %q", expected)
	}
	return w, nil
}

// check holds the script's output against the expectations.
func (w walk) check(output string) error {
	for i, texts := range w.expectations {
		before, rest, ok := strings.Cut(output, mark(i)+"\n")
		if !ok {
			return fmt.Errorf("it ended before it came to %q", texts)
		}
		lines := strings.Split(strings.TrimSpace(before), "\n")
		for _, text := range texts {
			if last := lines[len(lines)-1]; !strings.Contains(last, text) {
				return fmt.Errorf("expectation %d: %q is not in the answer %q", i+1, text, last)
			}
		}
		output = rest
	}
	return nil
}

func TestWalkThroughsRunAsWritten(t *testing.T) {
	needShell(t)
	for _, name := range walkThroughs {
		t.Run(filepath.Base(name), func(t *testing.T) { runWalk(t, name) })
	}
}

func runWalk(t *testing.T, name string) {
	document, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := readWalk(string(document))
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t)
	script := strings.NewReplacer("127.0.0.1:8080", d.listen, "127.0.0.1:8081", d.simulator, "127.0.0.1:8082", d.control, "127.0.0.1:8083", d.front).Replace(w.script)
	cmd := exec.Command("bash", "-s")
	cmd.Stdin = strings.NewReader(script)
	got := finish(t, cmd)
	if err := w.check(got.stdout); err != nil || got.code != 0 {
		t.Fatalf("exit code %d, %v\n%s\n%s", got.code, err, got.stdout, got.stderr)
	}
	t.Logf("%d expectations are met", len(w.expectations))
}

func TestWalkThroughFailsWhenItShould(t *testing.T) {
	good := walkBegins + "\ntext\n```sh\nX=1\necho first; echo second\n# → sec\n# → ond\n```\n```json\nnot run\n```\n" + walkEnds + "\n"
	w, err := readWalk(good)
	if err != nil {
		t.Fatal(err)
	}
	if script := "set -euo pipefail\nX=1\necho first; echo second\necho '" + mark(0) + "'\n"; w.script != script {
		t.Errorf("the script is %q, want %q", w.script, script)
	}
	for name, document := range map[string]string{
		"no markers": strings.ReplaceAll(good, "walk-through", "tour"), "no end": strings.ReplaceAll(good, walkEnds, ""),
		"no expectation": strings.ReplaceAll(good, "→", "->"), "no sh block": strings.ReplaceAll(good, "```sh", "```"),
	} {
		if _, err := readWalk(document); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for output, fails := range map[string]bool{
		"first\nsecond\n" + mark(0) + "\n":         false,
		"first\nsecond\n\n" + mark(0) + "\nmore\n": false,
		"second\nfirst\n" + mark(0) + "\n":         true,
		mark(0) + "\n":                             true,
		"first\nsecond\n":                          true,
	} {
		if err := w.check(output); (err != nil) != fails {
			t.Errorf("output %q: %v", output, err)
		}
	}
}
