//go:build !linux

package services

import "syscall"

func endingWithTests(syscall.Signal) *syscall.SysProcAttr { return nil }

func asNobody(a *syscall.SysProcAttr) *syscall.SysProcAttr { return a }

func giveAway(...string) error { return nil }
