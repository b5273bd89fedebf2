package webhook

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// The table of the page has every type that is told, and no other.
func TestThePageNamesEveryType(t *testing.T) {
	content, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(content), "\n### Types\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z._]+)` \\|").FindAllStringSubmatch(table, -1) {
		listed = append(listed, row[1])
	}
	slices.Sort(listed)
	if want := gateway.EventTypes(); !slices.Equal(listed, want) {
		t.Errorf("the page lists %v, want %v", listed, want)
	}
}
