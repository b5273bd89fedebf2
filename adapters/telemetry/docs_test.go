package telemetry

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway/guard"
)

const page = "../../docs/metrics.md"

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rowsOf are the cells of the rows whose first one fits the pattern.
func rowsOf(text string, first *regexp.Regexp) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		if strings.HasPrefix(line, "|") && first.MatchString(cells[0]) {
			rows = append(rows, cells)
		}
	}
	return rows
}

var quoted = regexp.MustCompile("`([^`]+)`")

// The type and the labels of each metric, as they are and as they are told.
func TestThePageNamesExactlyTheMetricsThatExist(t *testing.T) {
	tel := opened(t, newClock().Now)
	everything(tel, time.Now())
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exist := map[string]string{}
	for _, f := range families {
		if name := f.GetName(); strings.HasPrefix(name, prefix) {
			var labels []string
			for _, l := range f.GetMetric()[0].GetLabel() {
				labels = append(labels, l.GetName())
			}
			slices.Sort(labels)
			exist[name] = strings.ToLower(f.GetType().String()) + " " + strings.Join(labels, " ")
		} else if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("%s has a prefix that the page does not name", name)
		}
	}
	told := map[string]string{}
	for _, cells := range rowsOf(readPage(t), regexp.MustCompile("^`"+prefix)) {
		name := quoted.FindStringSubmatch(cells[0])[1]
		labels := strings.Fields(strings.Trim(cells[2], "–"))
		slices.Sort(labels)
		told[name] = cells[1] + " " + strings.Join(labels, " ")
		if len(cells) != 5 || !strings.Contains(cells[4], name) {
			t.Errorf("%s has no alarm", name)
		}
	}
	for name := range maps.Keys(exist) {
		if told[name] != exist[name] {
			t.Errorf("%s is %q, and the page says %q", name, exist[name], told[name])
		}
	}
	for name := range maps.Keys(told) {
		if _, ok := exist[name]; !ok {
			t.Errorf("the page has %s, which does not exist", name)
		}
	}
}

func TestTheQueriesOfThePageAskForMetricsThatExist(t *testing.T) {
	tel := opened(t, newClock().Now)
	everything(tel, time.Now())
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exist := map[string]bool{}
	for _, f := range families {
		exist[f.GetName()] = true
		if f.GetMetric()[0].GetHistogram() != nil {
			exist[f.GetName()+"_bucket"] = true
		}
	}
	for _, name := range regexp.MustCompile(prefix+`\w+`).FindAllString(readPage(t), -1) {
		if !exist[name] {
			t.Errorf("the page asks for %s", name)
		}
	}
}

func TestThePageNamesTheValuesOfEachLabel(t *testing.T) {
	text := readPage(t)
	for first, known := range map[string]names{
		"kind of an operation": kinds, "status of an operation": statuses, "by: who found out": deciders,
		"verb of the vault": verbs, "stage of the road": stages, "method": methods, "class of calls": namesOf(guard.Money, guard.Look, guard.Form, guard.Enhanced, guard.Vault, guard.Report, guard.Token),
		"outcome of a call": outcomes, "outcome of a delivery": tellings, "reason of a refusal": reasons, "state of a breaker": breakerStates,
		"kind of an error of Redis": redisFaults, "level of a line of the log": logLevels,
	} {
		rows := rowsOf(text, regexp.MustCompile("^"+first+"$"))
		if len(rows) != 1 {
			t.Errorf("the page has %d rows of %s", len(rows), first)
			continue
		}
		var told []string
		for _, word := range quoted.FindAllStringSubmatch(rows[0][1], -1) {
			told = append(told, word[1])
		}
		slices.Sort(told)
		if want := slices.Sorted(maps.Keys(known)); !slices.Equal(told, want) {
			t.Errorf("%s: the page says %v, the code %v", first, told, want)
		}
	}
}
