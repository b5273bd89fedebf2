package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// endingWithUs ends a program by a signal when this one is killed.
func endingWithUs(signal syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: signal}
}

// asNobody is endingWithUs for PostgreSQL, which refuses to run as root. The
// files are handed to the user as whom it runs.
func asNobody(signal syscall.Signal, files ...string) (*syscall.SysProcAttr, error) {
	attributes := endingWithUs(signal)
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no other user to run it as: %w", err)
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(nobody.Gid)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := os.Chown(file, uid, gid); err != nil {
			return nil, err
		}
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, nil
}
