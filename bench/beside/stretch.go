package main

import (
	"context"
	"fmt"
	"time"
)

// The units of what is measured. Those that hold memory and times are plain,
// so that benchstat scales them.
const (
	perSecond      = "requests/s"
	unitP50        = "p50-µs"
	unitP99        = "p99-µs"
	unitP999       = "p99.9-µs"
	addedP50       = "added-p50-µs"
	addedP99       = "added-p99-µs"
	addedP999      = "added-p99.9-µs"
	cpuOwn         = "cpu-µs/request"
	cpuServers     = "servers-cpu-µs/request"
	unitMallocs    = "allocs/request"
	unitResident   = "resident-bytes"
	unitPeak       = "peak-bytes"
	unitFailed     = "failed"
	unitInFlight   = "in-flight"
	unitIdle       = "idle-bytes"
	unitMost       = "most-bytes"
	unitGoroutines = "goroutines"
	unitTold       = "told-after-µs"
	unitLate       = "driver-late-p99-µs"
)

// stretch is one measured run against one variant. The time and the memory of
// a gateway's last deliveries are in its figures.
func (s *scene) stretch(ctx context.Context, part, setting string, v *variant, flags ...string) (row, error) {
	before, err := v.spent(ctx)
	if err != nil {
		return row{}, err
	}
	r, err := load(ctx, s.house.programs, s.folder, v, flags...)
	if err != nil {
		return row{}, err
	}
	ended := time.Now()
	behind, err := v.settle(ctx)
	if err != nil {
		return row{}, err
	}
	told := time.Since(ended)
	if behind > 0 {
		s.house.note("%s, %s, %s: %s later the subscriber had not heard of %d payments; the next stretches bear it",
			part, setting, v.name, settlePatience, behind)
	}
	after, err := v.spent(ctx)
	if err != nil {
		return row{}, err
	}
	s.house.saw(part, setting, v, r, refusals(before, after))
	measured := row{part: part, setting: setting, variant: v.name, requests: r.Answered}
	measured = measured.with(timesOf(r)...).with(costsOf(v, before, after, r)...)
	if v.gateway != nil && v.gateway.hook != nil {
		measured = measured.with(measure{unitTold, microseconds(told)})
	}
	return measured, nil
}

// timesOf has no time where nothing was answered: it would be a quick one.
func timesOf(r result) []measure {
	all := []measure{
		{perSecond, r.Throughput}, {unitFailed, float64(r.Failed)},
		{unitInFlight, float64(r.most())}, {unitLate, r.Late.P99},
	}
	if r.Answered == 0 {
		return all
	}
	return append(all, measure{unitP50, r.Latency.P50}, measure{unitP99, r.Latency.P99}, measure{unitP999, r.Latency.P999})
}

// costsOf divides what was used by all requests, those of the warming up too.
func costsOf(v *variant, before, after spent, r result) []measure {
	if v.own == nil {
		return nil
	}
	requests := float64(r.all())
	costs := []measure{
		{cpuOwn, microseconds(after.own.cpu-before.own.cpu) / requests},
		{unitResident, float64(after.own.resident)}, {unitPeak, float64(after.own.peak)},
	}
	if v.gateway == nil {
		return costs
	}
	return append(costs,
		measure{cpuServers, microseconds(after.servers.cpu-before.servers.cpu) / requests},
		measure{unitMallocs, (after.mallocs - before.mallocs) / requests})
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// saw tells how it goes, and keeps what failed for the report.
func (h *house) saw(part, setting string, v *variant, r result, refused string) {
	fmt.Fprintf(h.out, "  %-11s %-17s %-17s %8.0f/s  p50 %8.0f µs  p99 %8.0f µs  failed %d\n",
		part, setting, v.name, r.Throughput, r.Latency.P50, r.Latency.P99, r.Failed)
	if r.Failed > 0 {
		h.note("%s, %s, %s: %d of %d requests failed: %s%s", part, setting, v.name, r.Failed, r.Failed+r.Answered, r.wrong(), refused)
	}
}
