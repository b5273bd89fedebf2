// Package config reads the gateway's configuration: one YAML file, and the
// environment beside it. It hands out plain values and starts nothing.
//
// Reading goes one way. The text becomes a tree of nodes that know their line
// and column (document.go); mappings are checked for the members they may have
// (object.go); every scalar is read as its kind (kind.go), every reference is
// followed (reference.go); and gateway.go, redis.go, tls.go, tracing.go,
// merchant.go and client.go put the values together, with the rules that keep tests and real cards apart in
// live.go. Faults are gathered on the way, so that an operator sees all of them
// at once.
package config
