package load

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The place of a chart's lines within its picture, which is as wide as
// page.html says.
const (
	chartLeft, chartRight = 76.0, 744.0
	chartTop, chartBottom = 16.0, 250.0
	// mostTicks is how many steps an axis has at most.
	mostTicks = 6
)

// chart is a picture of lines over two axes.
type chart struct {
	Title, XLabel, YLabel string
	X, Y                  []tick
	Lines                 []line
}

// tick is a mark on an axis, at that many units of the picture.
type tick struct {
	At    float64
	Label string
}

// line is a line of a chart, in the words of an SVG path.
type line struct{ Name, Class, Path string }

// point is one of a line, in the units of what is shown. A point without a value
// parts the line.
type point struct {
	x, y  float64
	known bool
}

// axis maps values to places. Its ticks are at round values.
type axis struct {
	low, high float64
	at        func(float64) float64
	ticks     []float64
	label     func(float64) string
}

// place is where a value lies between two ends of the picture.
func (a axis) place(v, from, to float64) float64 {
	low, high := a.at(a.low), a.at(a.high)
	return from + (to-from)*(a.at(min(max(v, a.low), a.high))-low)/(high-low)
}

func (a axis) marks(from, to float64) []tick {
	var marks []tick
	for _, v := range a.ticks {
		marks = append(marks, tick{a.place(v, from, to), a.label(v)})
	}
	return marks
}

// newChart draws nothing yet.
func newChart(title, xLabel, yLabel string, x, y axis) chart {
	return chart{
		Title: title, XLabel: xLabel, YLabel: yLabel,
		X: x.marks(chartLeft, chartRight), Y: y.marks(chartBottom, chartTop),
	}
}

// path is the line through the points.
func path(points []point, x, y axis) string {
	var b strings.Builder
	parted := true
	for _, p := range points {
		if !p.known {
			parted = true
			continue
		}
		command := "L"
		if parted {
			command = "M"
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", command, x.place(p.x, chartLeft, chartRight), y.place(p.y, chartBottom, chartTop))
		if parted {
			b.WriteString("h0") // A point that stays alone is a dot.
		}
		parted = false
	}
	return b.String()
}

// linear is an axis from zero, with ticks in steps of 1, 2 or 5.
func linear(most float64) axis {
	most = max(most, 1)
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, finer := range []float64{0.1, 0.2, 0.5, 1, 2} {
		if most/(step*finer) <= mostTicks {
			step *= finer
			break
		}
	}
	a := axis{at: func(v float64) float64 { return v }, label: func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }}
	steps := math.Ceil(most / step)
	a.high = steps * step
	for i := range int(steps) + 1 {
		a.ticks = append(a.ticks, math.Round(float64(i)*step*10)/10)
	}
	return a
}

// latencies is an axis of microseconds whose ticks are ten times as long each.
func latencies(least, most int64) axis {
	low := math.Floor(math.Log10(float64(max(least, 1))))
	high := max(math.Ceil(math.Log10(float64(max(most, 1)))), low+1)
	a := axis{low: math.Pow(10, low), high: math.Pow(10, high), at: math.Log10, label: spanLabel}
	for e := low; e <= high; e++ {
		a.ticks = append(a.ticks, math.Pow(10, e))
	}
	return a
}

func spanLabel(microseconds float64) string {
	switch {
	case microseconds < 1e3:
		return fmt.Sprintf("%g µs", microseconds)
	case microseconds < 1e6:
		return fmt.Sprintf("%g ms", microseconds/1e3)
	}
	return fmt.Sprintf("%g s", microseconds/1e6)
}

// nines is an axis of percents on which each nine takes as much room.
func nines(most float64) axis {
	a := axis{
		high:  most,
		at:    func(percent float64) float64 { return -math.Log10(1 - percent/100) },
		label: func(percent float64) string { return strconv.FormatFloat(percent, 'f', -1, 64) + " %" },
	}
	for _, v := range []float64{0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999} {
		if v <= most {
			a.ticks = append(a.ticks, v)
		}
	}
	return a
}
