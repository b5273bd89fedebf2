//go:build !unix

package drill

import "syscall"

// No process can be paused here, and the servers that these tests need are not
// to be had here either.
const pauseSignal, resumeSignal = syscall.Signal(-1), syscall.Signal(-1)
