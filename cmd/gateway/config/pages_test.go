package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The settings that a page lists are those of the file, all of them, and are
// spelled so wherever else the page names one.
func TestThePagesNameTheSettingsOfTheFile(t *testing.T) {
	for kind, page := range map[string]string{"salesforce": "../../../docs/salesforce.md", "magento": "../../../docs/magento.md"} {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		_, table, _ := strings.Cut(string(content), "\n## Settings\n")
		table, _, _ = strings.Cut(table, "\n## ")
		listed := map[string]bool{}
		for line := range strings.Lines(table) {
			if cells := strings.Split(line, "|"); len(cells) > 2 {
				for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
					listed[name[1]] = true
				}
			}
		}
		for name := range listed {
			if !slices.Contains(members[kind], name) {
				t.Errorf("%s lists %s, which the file refuses", page, name)
			}
		}
		words := regexp.MustCompile(`[A-Za-z]+`).FindAllString(string(content), -1)
		for _, name := range members[kind] {
			if !listed[name] {
				t.Errorf("%s does not list %s", page, name)
			}
			for _, word := range words {
				if name != strings.ToLower(name) && word != name && strings.EqualFold(word, name) {
					t.Errorf("%s writes %s, the file %s", page, word, name)
				}
			}
		}
	}
}
