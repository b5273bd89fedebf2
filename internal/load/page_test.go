package load

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

func shownReport(t *testing.T) Report {
	r := newTold()
	for n := range 200 {
		r.request(time.Duration(n)*50*time.Millisecond, time.Duration(n+1)*time.Millisecond, "")
	}
	r.request(3*time.Second, time.Millisecond, "503")
	found := reported(t, r.recorder)
	found.Target, found.Mode, found.Rate, found.Mix = `http://127.0.0.1/<script>alert(1)</script>`, "rate", 20, "sale=100"
	return found
}

func TestThePageNeedsNothingElseAndRunsNothing(t *testing.T) {
	page, err := shownReport(t).Page()
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, foreign := range []string{"<script", "src=", "@import", "url(", "<link", "ZgotmplZ", "NaN", "Inf"} {
		if strings.Contains(text, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
	for _, part := range []string{"Latency by percentile", "Latency over time", "Requests over time", "In flight over time", "requests per second", "503", "prefers-color-scheme: dark", "99 %", "100 ms"} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	lines := regexp.MustCompile(` d="([^"]*)"`).FindAllStringSubmatch(text, -1)
	if len(lines) != 14 {
		t.Errorf("%d lines are drawn, want 7 and the 7 of their legends", len(lines))
	}
	for _, line := range lines {
		if !regexp.MustCompile(`^(M[\d.]+ [\d.]+h\d+(L[\d.]+ [\d.]+)*)+$`).MatchString(line[1]) {
			t.Errorf("no line: %.200s", line[1])
		}
	}
}

func TestARunWithoutAnAnswerHasAPageToo(t *testing.T) {
	r := newTold()
	if _, err := reported(t, r.recorder).Page(); err != nil {
		t.Error(err)
	}
	r.request(0, time.Second, "500")
	if _, err := reported(t, r.recorder).Page(); err != nil {
		t.Error(err)
	}
}

func TestALongRunIsCondensedAndLosesNoPeak(t *testing.T) {
	series := make([]Second, 86_400)
	for n := range series {
		series[n] = Second{Second: n, Scheduled: 10, Answered: 10, P50: 1, P99: 2, InFlight: 1}
	}
	series[50_000].P99, series[50_000].InFlight = 9_000_000, 77
	report := Report{Series: series, Latency: Latency{Max: 1}, Curve: []Point{{0, 1}, {100, 1}}}
	rows := condense(series, 144)
	peak, crowd := int64(0), 0
	for _, s := range rows {
		peak, crowd = max(peak, s.P99), max(crowd, s.InFlight)
	}
	if len(rows) != 600 || peak != 9_000_000 || crowd != 77 || rows[3].Scheduled != 10 || rows[3].Second != 432 {
		t.Errorf("%d rows, peak %d, crowd %d, %+v", len(rows), peak, crowd, rows[3])
	}
	if page, err := report.Page(); err != nil || len(page) > 300_000 {
		t.Errorf("a page of %d bytes, %v", len(page), err)
	}
}

func TestSpansAreWrittenAsPeopleReadThem(t *testing.T) {
	for microseconds, want := range map[int64]string{
		0: "0 µs", 999: "999 µs", 1_000: "1.00 ms", 9_994: "9.99 ms", 12_345: "12.3 ms", 345_678: "346 ms", 9_876_000: "9876 ms", 12_345_678: "12.3 s",
	} {
		if found := Span(microseconds); found != want {
			t.Errorf("%d µs is written %s, want %s", microseconds, found, want)
		}
	}
}

func TestAnAxisHasFewRoundTicksAndRoomForAll(t *testing.T) {
	for _, most := range []float64{0, 1, 3, 7, 10, 11, 60, 99, 1999, 2000, 12_345} {
		a := linear(most)
		if a.high < most || len(a.ticks) < 2 || len(a.ticks) > mostTicks+2 {
			t.Errorf("up to %g: %v", most, a.ticks)
		}
	}
	if a := latencies(1_000, 1_000); a.low != 1_000 || a.high != 10_000 {
		t.Errorf("where all are the same: %g to %g", a.low, a.high)
	}
	if a := latencies(800, 1_200_000); a.low != 100 || a.high != 10_000_000 || len(a.ticks) != 6 {
		t.Errorf("%g to %g: %v", a.low, a.high, a.ticks)
	}
}

// bench/ and whoever else reads the file relies on these names.
func TestTheJSONHasTheNamesThatOthersRead(t *testing.T) {
	encoded, err := json.Marshal(shownReport(t))
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]any
	if err := json.Unmarshal(encoded, &found); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"target", "as", "mode", "rate", "connections", "warmupSeconds", "seconds", "scheduled", "answered", "failed", "throughput", "errors", "latency", "operations", "late", "series", "histogram"} {
		if _, is := found[name]; !is {
			t.Errorf("the report lacks %s", name)
		}
	}
	for _, name := range []string{"p50", "p90", "p99", "p999", "max", "mean"} {
		if v, is := found["latency"].(map[string]any)[name].(float64); !is || v <= 0 {
			t.Errorf("latency.%s is %v", name, found["latency"])
		}
	}
	for _, name := range []string{"second", "scheduled", "answered", "failed", "inFlight", "p50", "p99"} {
		if _, is := found["series"].([]any)[0].(map[string]any)[name]; !is {
			t.Errorf("series lacks %s", name)
		}
	}
}
