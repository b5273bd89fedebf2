package main

import (
	"fmt"
	"io"
)

// comparison is a question of the kind how many times as much.
type comparison struct {
	asks, part, setting, unit string
	// beside is the variant that the gateway's figure is divided by. Or it is
	// divided by its own in another setting, against.
	beside, against string
}

var comparisons = []comparison{
	{asks: "throughput, 64 connections, to Caddy's", part: "saturation", setting: "connections=64", unit: perSecond, beside: throughCaddy},
	{asks: "throughput, 64 connections, to nginx's", part: "saturation", setting: "connections=64", unit: perSecond, beside: throughNginx},
	{asks: "CPU of a payment, 64 connections, to Caddy's", part: "saturation", setting: "connections=64", unit: cpuOwn, beside: throughCaddy},
	{asks: "added p50, 1,000 a second, to Caddy's", part: "fixed", setting: "rate=1000", unit: addedP50, beside: throughCaddy},
	{asks: "added p99, 1,000 a second, to Caddy's", part: "fixed", setting: "rate=1000", unit: addedP99, beside: throughCaddy},
	{asks: "most memory, slow PayTrace, to Caddy's", part: "slow", setting: "rate=1000", unit: unitMost, beside: throughCaddy},
	{asks: "most memory, slow PayTrace, to nginx's", part: "slow", setting: "rate=1000", unit: unitMost, beside: throughNginx},
	{asks: "CPU of a replay to that of a payment", part: "replay", setting: "mix=replay", unit: cpuOwn, against: "mix=sale"},
}

func (c comparison) answer(r *record, variant string) string {
	beside, setting := c.beside, c.setting
	if c.against != "" {
		beside, setting = variant, c.against
	}
	times, ok := ratio(r.of(c.part, c.setting, variant, c.unit), r.of(c.part, setting, beside, c.unit))
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.2f", times)
}

// writeRatios says how the gateways stand beside the others, by medians.
func writeRatios(w io.Writer, r *record) {
	fmt.Fprintf(w, "## The ratios\n\n| the gateway's | on SQLite | on PostgreSQL | on SQLite, told | on PostgreSQL, told |\n|---|---|---|---|---|\n")
	for _, c := range comparisons {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", c.asks, c.answer(r, onSQLite), c.answer(r, onPostgres), c.answer(r, toldOnSQLite), c.answer(r, toldOnPostgres))
	}
	fmt.Fprintln(w)
}
