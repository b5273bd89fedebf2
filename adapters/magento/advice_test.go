package magento

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the command line says is what the page says, for every code that a person
// can be shown.
func TestTheAdviceIsThePages(t *testing.T) {
	content, err := os.ReadFile("../../docs/magento.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(content), "\n## When a person is called\n")
	table, _, _ = strings.Cut(table, "\n## ")
	link, code, listed := regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`), regexp.MustCompile("`([a-z_]+)`"), 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			continue
		}
		do := strings.ReplaceAll(link.ReplaceAllString(strings.TrimSpace(cells[3]), "$1"), "`", "")
		for _, found := range code.FindAllStringSubmatch(cells[1], -1) {
			listed++
			if got := Advice(found[1] + ": in the words of the day"); got != do {
				t.Errorf("%s: the command says %q, the page %q", found[1], got, do)
			}
		}
	}
	if listed != len(advice) || listed < 20 {
		t.Errorf("the page lists %d codes, the command knows %d", listed, len(advice))
	}
	if got := Advice("PayTrace's books have not shown what became of this sale"); got != "" {
		t.Errorf("of what is no shop's it says %q", got)
	}
	sources, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	raised := regexp.MustCompile(`"([a-z]+(?:_[a-z]+)+): `)
	for _, file := range sources {
		source, err := os.ReadFile(file.Name())
		if err != nil || strings.HasSuffix(file.Name(), "_test.go") || file.Name() == "advice.go" {
			continue
		}
		for _, found := range raised.FindAllStringSubmatch(string(source), -1) {
			if advice[found[1]] == "" {
				t.Errorf("%s calls a person for %s, which the page does not list", file.Name(), found[1])
			}
		}
	}
}
