package main

import "slices"

// row is what one stretch has shown: one line of the benchmark file.
type row struct {
	// part and setting say what was done, as fixed and rate=1000.
	part, setting, variant string
	requests               int
	measures               []measure
}

type measure struct {
	unit  string
	value float64
}

func (r row) value(unit string) (float64, bool) {
	for _, m := range r.measures {
		if m.unit == unit {
			return m.value, true
		}
	}
	return 0, false
}

func (r row) with(more ...measure) row {
	r.measures = append(r.measures, more...)
	return r
}

// record is all that was measured, in the order in which it was.
type record struct{ rows []row }

func (r *record) add(rows ...row) { r.rows = append(r.rows, rows...) }

// of are the rounds of one figure.
func (r *record) of(part, setting, variant, unit string) spread {
	var all spread
	for _, row := range r.rows {
		if row.part != part || row.setting != setting || row.variant != variant {
			continue
		}
		if value, ok := row.value(unit); ok {
			all = append(all, value)
		}
	}
	slices.Sort(all)
	return all
}

// settings are those of a part, and variants those of a part, in order.
func (r *record) settings(part string) []string {
	return r.distinct(part, func(row row) string { return row.setting })
}

func (r *record) variants(part string) []string {
	return r.distinct(part, func(row row) string { return row.variant })
}

func (r *record) distinct(part string, of func(row) string) []string {
	var all []string
	for _, row := range r.rows {
		if row.part == part && !slices.Contains(all, of(row)) {
			all = append(all, of(row))
		}
	}
	return all
}

// spread is one figure in all rounds, sorted.
type spread []float64

func (s spread) median() float64 {
	middle := len(s) / 2
	if len(s)%2 == 1 {
		return s[middle]
	}
	return (s[middle-1] + s[middle]) / 2
}

// ratio compares two medians.
func ratio(a, b spread) (float64, bool) {
	if len(a) == 0 || len(b) == 0 || b.median() <= 0 {
		return 0, false
	}
	return a.median() / b.median(), true
}
