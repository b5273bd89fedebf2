// Package bench measures the gateway from the verb up to the whole HTTP path,
// each beside what it stands on. It holds nothing but benchmarks; README.md
// has the figures and what they mean.
package bench
