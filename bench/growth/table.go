package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// column is where something was measured.
type column struct {
	store string
	house house
}

// table holds every measurement of every figure.
type table struct {
	figures []string
	columns []column
	values  map[string]map[column][]float64
}

func (t *table) note(figure string, at column, value float64) {
	if t.values == nil {
		t.values = map[string]map[column][]float64{}
	}
	if t.values[figure] == nil {
		t.values[figure] = map[column][]float64{}
		t.figures = append(t.figures, figure)
	}
	if !slices.Contains(t.columns, at) {
		t.columns = append(t.columns, at)
	}
	t.values[figure][at] = append(t.values[figure][at], value)
}

// print has a row for each figure: the median of the first column, and how many
// times that the others are. Beside it stands how far the rounds lie apart.
func (t *table) print(to io.Writer) {
	var head []string
	for _, c := range t.columns {
		head = append(head, fmt.Sprintf("%s, %d × %d", c.store, c.house.merchants, c.house.subscribers))
	}
	fmt.Fprintf(to, "| figure | %s |\n|---|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, figure := range t.figures {
		of := t.values[figure]
		base := median(of[t.columns[0]])
		cells := []string{fmt.Sprintf("%.4g", base)}
		for _, c := range t.columns[1:] {
			cells = append(cells, times(of[c], base))
		}
		fmt.Fprintf(to, "| %s | %s |\n", strings.TrimSpace(figure), strings.Join(cells, " | "))
	}
}

func times(values []float64, base float64) string {
	if len(values) == 0 || base == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", median(values)/base, slices.Min(values)/base, slices.Max(values)/base)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
