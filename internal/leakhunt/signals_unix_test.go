//go:build unix

package leakhunt

import "syscall"

func pause(p *process) error { return p.cmd.Process.Signal(syscall.SIGSTOP) }
func resume(p *process)      { _ = p.cmd.Process.Signal(syscall.SIGCONT) }
