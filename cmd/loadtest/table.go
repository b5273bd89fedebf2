package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"paytrace-gateway/internal/load"
)

// writeTable shows a report to a person.
func writeTable(to io.Writer, r load.Report) {
	fmt.Fprintf(to, "%s as %s, %s, %s, run %s\n", r.Target, r.As, r.Manner(), r.Mix, r.Run)
	fmt.Fprintf(to, "%d due in %.1f s after %.1f s of warm-up: %d answered, %d failed, %.1f answers/s\n\n",
		r.Scheduled, r.Seconds, r.WarmupSeconds, r.Answered, r.Failed, r.Throughput)
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tanswered\tfailed\tp50\tp90\tp99\tp99.9\tmax\tmean\t")
	for _, name := range slices.Sorted(maps.Keys(r.Operations)) {
		o := r.Operations[name]
		row(table, name, o.Answered, o.Failed, o.Latency)
	}
	if len(r.Operations) > 1 {
		row(table, "all", r.Answered, r.Failed, r.Latency)
	}
	table.Flush()
	fmt.Fprintf(to, "the driver was late by %s (p50), %s (p99), %s (max), which the latencies contain\n", load.Span(r.Late.P50), load.Span(r.Late.P99), load.Span(r.Late.Max))
	for _, class := range slices.Sorted(maps.Keys(r.Errors)) {
		fmt.Fprintf(to, "failed: %d × %s\n", r.Errors[class], class)
	}
	if r.Drill != nil {
		writeDrill(to, *r.Drill)
	}
}

func row(to io.Writer, name string, answered, failed int, l load.Latency) {
	fmt.Fprintf(to, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, answered, failed,
		load.Span(l.P50), load.Span(l.P90), load.Span(l.P99), load.Span(l.P999), load.Span(l.Max), load.Span(int64(l.Mean)))
}

func writeDrill(to io.Writer, f load.Findings) {
	fmt.Fprintf(to, "\ndrill: %d keys, %d of them repeated, %d repeats in all\n", f.Keys, f.Repeated, f.Repeats)
	for _, reason := range slices.Sorted(maps.Keys(f.Reasons)) {
		fmt.Fprintf(to, "  instead of an answer %d × %s\n", f.Reasons[reason], reason)
	}
	fmt.Fprintf(to, "  exactly one payment  %d\n  several payments     %d\n  no payment           %d\n  unknown              %d\n",
		f.OnePayment, f.TwoPayments, f.NotPaid, f.Unknown)
	fmt.Fprintf(to, "  callers who gave up  %d\n  the worst waited     %s (%s)\n", f.GaveUp, load.Span(f.WorstWait), f.WorstKey)
}
