//go:build unix

package auth

import (
	"os"
	"syscall"
	"testing"
)

// What root rotates, the gateway's user has to read.
func TestAKeyThatRootMakesBelongsToTheOwnerOfItsFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can give a file to another user")
	}
	const user, group = 65532, 65531
	path := t.TempDir()
	if err := os.Chown(path, user, group); err != nil {
		t.Fatal(err)
	}
	c := &clock{at: today}
	in := newInstance(t, path, c, 0)
	key, err := in.folder.Rotate("ada", PublishFor)
	if err != nil {
		t.Fatal(err)
	}
	for what, file := range map[string]string{"the first key": in.folder.file(1), "the next key": key.File} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		if owner.Uid != user || owner.Gid != group || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is of %d:%d with the mode %v; want %d:%d, 0600", what, owner.Uid, owner.Gid, info.Mode(), user, group)
		}
	}
}
