package main

import (
	"fmt"
	"io"
	"strings"
)

// sheet is a table of the report: a row for each setting and variant.
type sheet struct {
	part, title string
	columns     []column
}

type column struct {
	title, unit string
	show        func(float64) string
}

var (
	costColumns = []column{
		{"CPU µs", cpuOwn, whole}, {"its servers' CPU µs", cpuServers, whole}, {"allocations", unitMallocs, whole},
	}
	addedColumns = []column{
		{"added p50 ms", addedP50, milliseconds}, {"added p99 ms", addedP99, milliseconds}, {"added p99.9 ms", addedP999, milliseconds},
	}
	timeColumns = []column{
		{"in a second", perSecond, whole}, {"p50 ms", unitP50, milliseconds}, {"p99 ms", unitP99, milliseconds},
	}
	toldColumn   = column{"told after ms", unitTold, milliseconds}
	failedColumn = column{"failed", unitFailed, whole}
	lateColumn   = column{"driver late p99 ms", unitLate, milliseconds}
)

var sheets = []sheet{
	{"saturation", "At saturation (closed loop)", columnsOf(timeColumns, costColumns,
		[]column{{"RSS MiB", unitResident, mebibytes}, {"peak MiB", unitPeak, mebibytes}, toldColumn, failedColumn})},
	{"fixed", "At a fixed rate (open loop)", columnsOf(timeColumns, addedColumns, costColumns, []column{toldColumn, failedColumn, lateColumn})},
	{"slow", "PayTrace answers late (open loop)", columnsOf(timeColumns, addedColumns, []column{
		{"in flight", unitInFlight, whole}, failedColumn, {"RSS idle MiB", unitIdle, mebibytes}, {"RSS most MiB", unitMost, mebibytes},
		{"goroutines", unitGoroutines, whole}, {"CPU µs", cpuOwn, whole}, toldColumn,
	})},
	{"replay", "A repeat of a finished request (closed loop, 16 connections)", columnsOf(timeColumns, costColumns, []column{failedColumn})},
}

func columnsOf(groups ...[]column) []column {
	var all []column
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

// write leaves a part out that was not run.
func (s sheet) write(w io.Writer, r *record) {
	settings := r.settings(s.part)
	if len(settings) == 0 {
		return
	}
	fmt.Fprintf(w, "## %s\n\n| setting | through |", s.title)
	for _, c := range s.columns {
		fmt.Fprintf(w, " %s |", c.title)
	}
	fmt.Fprintf(w, "\n|---|---|%s\n", strings.Repeat("---|", len(s.columns)))
	for _, setting := range settings {
		for _, variant := range r.variants(s.part) {
			fmt.Fprintf(w, "| %s | %s |", setting, variant)
			for _, c := range s.columns {
				fmt.Fprintf(w, " %s |", r.of(s.part, setting, variant, c.unit).show(c.show))
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintln(w)
}

// show is the median, with what it lies between where the rounds differ.
func (s spread) show(number func(float64) string) string {
	if len(s) == 0 {
		return "–"
	}
	least, most := number(s[0]), number(s[len(s)-1])
	if least == most {
		return least
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.median()), least, most)
}

func whole(v float64) string { return fmt.Sprintf("%.0f", v) }

func milliseconds(microseconds float64) string { return fmt.Sprintf("%.2f", microseconds/1000) }

func mebibytes(bytes float64) string { return fmt.Sprintf("%.1f", bytes/(1<<20)) }
