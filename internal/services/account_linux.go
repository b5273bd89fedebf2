package services

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// endingWithTests ends a server by a signal with the tests, even when these
// are killed.
func endingWithTests(signal syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: signal}
}

// asNobody runs a server as nobody where the tests run as root, whom
// PostgreSQL refuses.
func asNobody(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	if uid, gid, err := nobody(); err == nil && os.Geteuid() == 0 {
		a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return a
}

// giveAway hands files of root to the user as whom the server runs.
func giveAway(paths ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := nobody()
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := os.Chown(path, uid, gid); err != nil {
			return err
		}
	}
	return nil
}

func nobody() (uid, gid int, err error) {
	u, err := user.Lookup("nobody")
	if err != nil {
		return 0, 0, fmt.Errorf("PostgreSQL does not run as root, and there is no other user to run it as: %w", err)
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}
