//go:build unix

package main

import "syscall"

// manyFiles is a limit that no gateway comes near.
const manyFiles = 1 << 20

// fileLimit is how many files this process may have open, each connection being
// one. Go has raised the limit as far as the system lets it. Zero is not known.
func fileLimit() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), manyFiles))
}
