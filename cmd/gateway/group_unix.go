//go:build unix

package main

import "syscall"

// ownGroup keeps a terminal's Ctrl-C, which reaches a whole process group, from
// the simulator: it has to answer the payments under way until we end it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
