// Package bench measures the gateway from the verb up to the whole HTTP path,
// each beside what it stands on. It holds nothing but benchmarks; beside
// measures the program as it is delivered. README.md says what the figures mean.
package bench
