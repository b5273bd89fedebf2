//go:build unix

package drill

import "syscall"

const pauseSignal, resumeSignal = syscall.SIGSTOP, syscall.SIGCONT
