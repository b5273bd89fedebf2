// Package telemetry makes metrics and traces of what the gateway does:
// Prometheus metrics on a registry of its own, and OpenTelemetry spans that
// are off unless a collector is named.
//
// What happens is counted where it happens: the road's stations and operations
// (road.go, the gateway.Observer) and requests (requests.go). What stands is
// asked for when a scrape comes: figures held in memory (standing.go), and
// what the ledger knows (books.go), which has a deadline and is kept for a
// while, since a scrape may neither hang nor burden payments.
//
// No label and no attribute holds what a caller made up. Each value comes from
// a set that is known beforehand (labels.go); whatever else comes is "other".
package telemetry
