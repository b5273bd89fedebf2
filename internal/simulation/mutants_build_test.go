package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A build takes twenty times as long as most hunts: every mutant of the gateway
// has all that is above the gateway compiled and linked again. Those whose
// mistakes are in the bodies of functions share one program, in which each such
// function asks which mutant is at work and has the mutant's body beside its own.
// The others, whose mistakes are in what is declared outside of functions, have a
// program each.

// mutantVariable names the mutant at work to the program that they share.
const mutantVariable = "SIM_MUTANT"

// buildMutants gives the program of each mutant.
func buildMutants(t *testing.T, all []mutant) map[string]string {
	t.Helper()
	const shared = "the mutants together"
	together, in, overlays := sources{}, map[string]string{}, map[string]sources{}
	for _, m := range all {
		texts := patched(t, m)
		woven, err := together.with(m.name, texts)
		if err != nil {
			t.Logf("%s has a program of its own: %v", m.name, err)
			in[m.name], overlays[m.name] = m.name, texts
			continue
		}
		together, in[m.name] = woven, shared
	}
	overlays[shared] = together.switched()
	var mu sync.Mutex
	var builds sync.WaitGroup
	built := map[string]string{}
	linkers := make(chan struct{}, runtime.GOMAXPROCS(0)) // much of a build is one linker
	for name, texts := range overlays {
		folder := t.TempDir()
		builds.Go(func() {
			linkers <- struct{}{}
			defer func() { <-linkers }()
			program, err := build(folder, texts)
			mu.Lock()
			defer mu.Unlock()
			if built[name] = program; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	builds.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for mutant, name := range in {
		in[mutant] = built[name]
	}
	return in
}

// build makes the tests of this package with sources in place of those that are
// there. Without vet and symbols a build is shorter.
func build(folder string, texts sources) (program string, err error) {
	replaced := map[string]string{}
	for file, text := range texts {
		to := filepath.Join(folder, fmt.Sprintf("%d.go", len(replaced)))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		from, err := filepath.Abs(source(file))
		if err != nil {
			return "", err
		}
		replaced[from] = to
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	list := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	program = filepath.Join(folder, "mutant.test")
	said, err := exec.Command("go", "test", "-c", "-o", program, "-overlay", list, "-vet=off", "-ldflags=-s -w", ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, said)
	}
	return program, nil
}

// sources are texts of Go files by their names, which are those of the patches.
type sources map[string]string

func source(file string) string { return filepath.Join("..", "..", filepath.FromSlash(file)) }

// patched is the sources that a mutant changes, as it has them.
func patched(t *testing.T, m mutant) sources {
	t.Helper()
	texts := sources{}
	for _, p := range m.patches {
		text, there := texts[p.file]
		if !there {
			read, err := os.ReadFile(source(p.file))
			if err != nil {
				t.Fatal(err)
			}
			text = string(read)
		}
		if n := strings.Count(text, p.old); n != 1 {
			t.Fatalf("%s has the text of the patch %d times, want once: bring the mutant up to date\n%s", p.file, n, p.old)
		}
		texts[p.file] = strings.Replace(text, p.old, p.new, 1)
	}
	return texts
}

// with are the sources with one more mutant, or an error where it has changed
// more than bodies of functions.
func (s sources) with(mutant string, texts sources) (sources, error) {
	all := maps.Clone(s)
	for file, text := range texts {
		whole, err := os.ReadFile(source(file))
		if err != nil {
			return nil, err
		}
		woven, there := s[file]
		if !there {
			woven = string(whole)
		}
		if all[file], err = weave(woven, string(whole), text, mutant); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return all, nil
}

// switched adds to each package what says which mutant is at work.
func (s sources) switched() sources {
	all := maps.Clone(s)
	for file := range s {
		folder := path.Dir(file)
		all[folder+"/mutant.go"] = "package " + path.Base(folder) + "\n\nimport \"os\"\n\n" +
			"var mutantAtWork = os.Getenv(\"" + mutantVariable + "\")\n"
	}
	return all
}
