//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
)

// ownedByAnother says whose the folder is when root is about to write there and
// it is not root's. Of one that is not there yet the folder around it counts.
func ownedByAnother(folder string) (owner uint32, another bool) {
	if os.Geteuid() != 0 {
		return 0, false
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return 0, false
	}
	for {
		if info, err := os.Stat(folder); err == nil {
			if stat, known := info.Sys().(*syscall.Stat_t); known {
				return stat.Uid, stat.Uid != 0
			}
			return 0, false
		}
		around := filepath.Dir(folder)
		if around == folder {
			return 0, false
		}
		folder = around
	}
}
