//go:build unix

package main

import "syscall"

// tellToProfile begins a gateway's profile, or ends it.
func (p *process) tellToProfile() error { return p.cmd.Process.Signal(syscall.SIGUSR1) }
