package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
)

// writeBenchmarks writes the rows in the format of Go's benchmarks: a line for
// each round, so that benchstat sees how much they differ. The commit stands in
// the file's name alone, since benchstat compares nothing whose heads differ.
func writeBenchmarks(w io.Writer, cpu string, rows []row) error {
	var text strings.Builder
	fmt.Fprintf(&text, "goos: %s\ngoarch: %s\npkg: paytrace-gateway/bench/beside\ncpu: %s\n",
		runtime.GOOS, runtime.GOARCH, cpu)
	fmt.Fprintf(&text, "Unit %s better=higher\n", perSecond)
	for _, r := range rows {
		name := strings.ToUpper(r.part[:1]) + r.part[1:]
		fmt.Fprintf(&text, "Benchmark%s/%s/%s-%d %d", name, r.setting, r.variant, runtime.NumCPU(), r.requests)
		for _, m := range r.measures {
			fmt.Fprintf(&text, " %s %s", strconv.FormatFloat(m.value, 'f', 3, 64), m.unit)
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(w, text.String())
	return err
}
