//go:build unix

package auth

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// adopt gives a file that root makes to the owner of its folder, who is the
// gateway's user. As root's own no gateway could read it, nor start again.
func adopt(file *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	folder := filepath.Dir(file.Name())
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return nil
	}
	if err := file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("the file cannot be given to the owner of %s; run the command as that user: %w", folder, err)
	}
	return nil
}
