package architecture

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// page is a document, its code apart from its prose.
type page struct {
	name  string
	text  string // all of it
	prose string // without code blocks
	code  string // the lines of code blocks, and what stands in back-quotes
}

var quoted = regexp.MustCompile("`([^`\n]+)`")

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := page{name: name, text: string(text)}
	inBlock := false
	for line := range strings.Lines(p.text) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			inBlock = !inBlock
		case inBlock:
			p.code += line
		default:
			p.prose += line
		}
	}
	for _, word := range quoted.FindAllStringSubmatch(p.prose, -1) {
		p.code += word[1] + "\n"
	}
	return p
}

func pages(t *testing.T) []page {
	t.Helper()
	names := []string{"README.md", "CONTRIBUTING.md", "bench/README.md", "adapters/paytrace/simulator/README.md"}
	err := filepath.WalkDir("docs", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".md") {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []page
	for _, name := range names {
		all = append(all, readPage(t, name))
	}
	return all
}

// section is what stands below a heading, up to the next one of its level.
func (p page) section(t *testing.T, heading string) string {
	t.Helper()
	_, below, ok := strings.Cut("\n"+p.prose, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", p.name, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	below, _, _ = strings.Cut(below, "\n"+level+" ")
	return below
}

// rows are the rows of all tables in a text, without their heads.
func rows(text string) [][]string {
	var all [][]string
	head := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			head = true
		case strings.HasPrefix(line, "|---"):
			head = false
		case !head:
			all = append(all, strings.Split(strings.Trim(line, "| "), " | "))
		}
	}
	return all
}

func words(cell string) []string {
	var all []string
	for _, word := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, word[1])
	}
	return all
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestEveryRelativeLinkLeadsSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(p.prose, -1) {
			file, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			target := p.name
			if file != "" {
				target = path.Join(path.Dir(p.name), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", p.name, found[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(readPage(t, target)), anchor) {
				t.Errorf("%s links to %s, and there is no such heading", p.name, found[1])
			}
		}
	}
}

// anchors are the headings as links to them are written.
func anchors(p page) []string {
	var all []string
	for line := range strings.Lines(p.prose) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(strings.TrimLeft(line, "#"))))
	}
	return all
}

var (
	pathLike = regexp.MustCompile(`^(\./)?[A-Za-z0-9_.][A-Za-z0-9_.*-]*(/[A-Za-z0-9_.*-]+)*/?$`)
	fileLike = regexp.MustCompile(`\.(go|md|sql)$`)
	// notPaths look like paths and are none of this repository's.
	notPaths = []string{
		"testing/synctest", "crypto/rand", "customer/export", "encoding/json", "net/http", "application/json", "America/Los_Angeles", "testdata/fuzz",
	}
)

func TestEveryPathInBackQuotesExists(t *testing.T) {
	files := fileNames(t)
	for _, p := range pages(t) {
		for _, word := range words(p.prose) {
			if !pathLike.MatchString(word) || slices.Contains(notPaths, word) {
				continue
			}
			word = strings.TrimPrefix(word, "./")
			first, _, nested := strings.Cut(word, "/")
			switch {
			case nested && (first == "bin" || first == "var" || strings.Contains(strings.TrimPrefix(first, "."), ".")):
				// Made by the build or a run, or a module of others.
			case nested:
				if found, err := filepath.Glob(word); err != nil || len(found) == 0 {
					t.Errorf("%s names %s, which is not there", p.name, word)
				}
			case fileLike.MatchString(word) && !files[word]:
				t.Errorf("%s names %s, and no file has this name", p.name, word)
			}
		}
	}
}

func fileNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(".", func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			names[d.Name()] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var (
	makeCall    = regexp.MustCompile(`(?m)(?:^|[\s;&(])make ([a-z]+)`)
	makeTarget  = regexp.MustCompile(`(?m)^([a-z]+):`)
	gatewayCall = regexp.MustCompile(`(?m)(?:^|[/=])gateway ([a-z]+)(?: ([a-z]+))?`)
	cobraUse    = regexp.MustCompile(`(?:Use:\s*|\{)"([a-z]+)"`)
)

func TestEveryMakeTargetAndSubcommandExists(t *testing.T) {
	targets, commands := matches(t, makeTarget, "Makefile"), map[string]bool{}
	sources, err := filepath.Glob("cmd/gateway/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		maps.Copy(commands, matches(t, cobraUse, name))
	}
	for _, p := range pages(t) {
		for _, call := range makeCall.FindAllStringSubmatch(p.code, -1) {
			if !targets[call[1]] {
				t.Errorf("%s: the Makefile has no target %s", p.name, call[1])
			}
		}
		for _, call := range gatewayCall.FindAllStringSubmatch(p.code, -1) {
			for _, command := range call[1:] {
				if command != "" && !commands[command] {
					t.Errorf("%s: there is no `gateway %s`", p.name, strings.TrimSpace(call[1]+" "+call[2]))
				}
			}
		}
	}
}

func matches(t *testing.T, pattern *regexp.Regexp, name string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = true
	}
	return found
}

var machinePath = regexp.MustCompile(`/(?:work\b|home/|root/|Users/|tmp/)`)

func TestPagesNameNoMachine(t *testing.T) {
	for _, p := range pages(t) {
		if found := machinePath.FindString(p.text); found != "" {
			t.Errorf("%s names a path of some machine: %s", p.name, found)
		}
	}
}
