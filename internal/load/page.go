package load

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"time"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"span":   Span,
	"mean":   func(microseconds float64) string { return Span(int64(microseconds)) },
	"beside": func(n int) int { return int(chartLeft) + 130*n },
}).Parse(pageText))

// mostRows is how many rows the charts and the table of seconds have.
const mostRows = 600

// page is what page.html shows.
type page struct {
	Report
	Charts []chart
	Names  []string
	// Each is how many seconds a row of Rows stands for.
	Each int
	Rows []Second
}

// Page is the report as a page of HTML that needs nothing else.
func (r Report) Page() ([]byte, error) {
	p := page{Report: r, Names: slices.Sorted(maps.Keys(r.Operations))}
	p.Each = max((len(r.Series)+mostRows-1)/mostRows, 1)
	p.Rows = condense(r.Series, p.Each)
	if r.Latency.Max > 0 {
		p.Charts = append(p.Charts, curveChart(r.Curve), latencyChart(p.Rows))
	}
	p.Charts = append(p.Charts, throughputChart(p.Rows), inFlightChart(p.Rows))
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, p)
	return b.Bytes(), err
}

// condense makes one row of so many: of latencies and requests in flight the
// greatest, of the others the mean.
func condense(series []Second, each int) []Second {
	var rows []Second
	for group := range slices.Chunk(series, each) {
		sum := Second{Second: group[0].Second}
		for _, s := range group {
			sum.Scheduled += s.Scheduled
			sum.Answered += s.Answered
			sum.Failed += s.Failed
			sum.InFlight = max(sum.InFlight, s.InFlight)
			sum.P50, sum.P99 = max(sum.P50, s.P50), max(sum.P99, s.P99)
		}
		n := len(group)
		sum.Scheduled, sum.Answered, sum.Failed = sum.Scheduled/n, sum.Answered/n, sum.Failed/n
		rows = append(rows, sum)
	}
	return rows
}

func curveChart(curve []Point) chart {
	last := curve[len(curve)-1]
	x, y := nines(max(last.Percent, 90)), latencies(max(curve[0].Latency, 1), last.Latency)
	c := newChart("Latency by percentile", "share of the requests that took at most so long", "latency, logarithmic", x, y)
	var points []point
	for _, p := range curve {
		points = append(points, point{p.Percent, float64(p.Latency), true})
	}
	c.Lines = []line{{"latency", "first", path(points, x, y)}}
	return c
}

func latencyChart(rows []Second) chart {
	least, most := int64(0), int64(1)
	for _, s := range rows {
		most = max(most, s.P99)
		if s.P50 > 0 && (least == 0 || s.P50 < least) {
			least = s.P50
		}
	}
	x, y := seconds(rows), latencies(least, most)
	c := newChart("Latency over time", "second in which the requests were due, since the warm-up", "latency, logarithmic", x, y)
	c.Lines = []line{
		{"p50", "first", path(over(rows, func(s Second) int64 { return s.P50 }, false), x, y)},
		{"p99", "second", path(over(rows, func(s Second) int64 { return s.P99 }, false), x, y)},
	}
	return c
}

func throughputChart(rows []Second) chart {
	most := 1
	for _, s := range rows {
		most = max(most, s.Scheduled, s.Answered, s.Failed)
	}
	x, y := seconds(rows), linear(float64(most))
	c := newChart("Requests over time", "seconds since the warm-up", "requests per second", x, y)
	c.Lines = []line{
		{"due", "third", path(over(rows, func(s Second) int64 { return int64(s.Scheduled) }, true), x, y)},
		{"answered", "first", path(over(rows, func(s Second) int64 { return int64(s.Answered) }, true), x, y)},
		{"failed", "second", path(over(rows, func(s Second) int64 { return int64(s.Failed) }, true), x, y)},
	}
	return c
}

func inFlightChart(rows []Second) chart {
	most := 1
	for _, s := range rows {
		most = max(most, s.InFlight)
	}
	x, y := seconds(rows), linear(float64(most))
	c := newChart("In flight over time", "seconds since the warm-up", "requests under way", x, y)
	c.Lines = []line{{"in flight", "first", path(over(rows, func(s Second) int64 { return int64(s.InFlight) }, true), x, y)}}
	return c
}

func seconds(rows []Second) axis {
	if len(rows) == 0 {
		return linear(1)
	}
	return linear(float64(rows[len(rows)-1].Second))
}

// over is a line over time. Where a zero means that nothing was there it parts
// the line.
func over(rows []Second, of func(Second) int64, zero bool) []point {
	var points []point
	for _, s := range rows {
		v := of(s)
		points = append(points, point{float64(s.Second), float64(v), zero || v != 0})
	}
	return points
}

// Span writes microseconds as people read them, with three digits.
func Span(microseconds int64) string {
	d := time.Duration(microseconds) * time.Microsecond
	ms := float64(microseconds) / 1000
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", microseconds)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", ms)
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", ms)
	case d < 10*time.Second:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
