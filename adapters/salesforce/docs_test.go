package salesforce

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

const page = "../../docs/salesforce.md"

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestThePageHasEveryCodeWithItsVerdict(t *testing.T) {
	text := readPage(t)
	for code, m := range table {
		verdict := "later"
		if m.outcome == gateway.Dead {
			verdict = "dead"
		}
		row := regexp.MustCompile("(?m)^\\| `" + code + "` \\| " + verdict + "(, pause \\d+ min)? \\| .+ \\|$").FindStringSubmatch(text)
		pause := ""
		if m.pause > 0 {
			pause = fmt.Sprintf(", pause %d min", m.pause/time.Minute)
		}
		if row == nil || row[1] != pause {
			t.Errorf("%s has no row for %s with %s, pause %s", page, code, verdict, m.pause)
		}
	}
	for code := range logins {
		if !strings.Contains(text, "| `"+code+"` | ") {
			t.Errorf("%s has no row for the log-in's %s", page, code)
		}
	}
	for code := range passingLogins {
		if !strings.Contains(text, "`"+code+"`") {
			t.Errorf("%s does not name %s", page, code)
		}
	}
}

func TestThePageHasEveryStateAndField(t *testing.T) {
	text := readPage(t)
	for state, value := range picklist {
		if !strings.Contains(text, "| `"+string(state)+"` | "+value+" |") {
			t.Errorf("%s has no row for %s as %s", page, state, value)
		}
	}
	for _, perOperation := range []bool{false, true} {
		for name := range DefaultRules(perOperation).Fields {
			if !strings.Contains(text, "| `"+name+"` | ") {
				t.Errorf("%s has no row for the field %s", page, name)
			}
		}
	}
	for name := range DefaultEventRules().Fields {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s does not name %s", page, name)
		}
	}
}
