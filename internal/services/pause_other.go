//go:build !unix

package services

import "syscall"

// No process can be paused here, and there is no redis-server to pause either.
const pauseSignal, resumeSignal = syscall.Signal(-1), syscall.Signal(-1)
