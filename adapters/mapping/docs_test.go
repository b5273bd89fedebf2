package mapping

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestThePageNamesAllThatAnExpressionCanSee(t *testing.T) {
	const page = "../../docs/salesforce.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(members(reflect.TypeFor[Environment](), ""), functions()...) {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("%s does not name %s", page, name)
		}
	}
}

func TestTheExamplesOfThePageCompile(t *testing.T) {
	text, err := os.ReadFile("../../docs/salesforce.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```yaml\nfields:\n")
	block, _, ok := strings.Cut(block, "statuses:")
	if !ok {
		t.Fatal("the page has no example any more")
	}
	fields := map[string]string{}
	for line := range strings.Lines(block) {
		name, source, _ := strings.Cut(strings.TrimSpace(line), ": ")
		fields[name] = strings.Trim(source, "'")
	}
	if _, err := Compile(Rules{}, Rules{Fields: fields}); err != nil || len(fields) < 7 {
		t.Errorf("%d fields: %v", len(fields), err)
	}
}
