//go:build !linux

package main

import "syscall"

func endingWithUs(syscall.Signal) *syscall.SysProcAttr { return nil }

func asNobody(syscall.Signal, ...string) (*syscall.SysProcAttr, error) { return nil, nil }
