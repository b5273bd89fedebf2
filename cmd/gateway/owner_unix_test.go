//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What root makes before the first start the gateway's user cannot read.
func TestRootSetsNoSecretInAFolderOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can write into everybody's folder")
	}
	t.Parallel()
	s := configure(t, "127.0.0.1:1")
	s.sealOwn()
	if err := os.Chown(s.folder, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	f := s.trySecrets("a-password\n", "set", "paytrace-password")
	if f.code != 1 || !strings.Contains(f.stderr, "sudo -u '#65532'") {
		t.Errorf("root's secret: %+v", f)
	}
	if _, err := os.Stat(filepath.Join(s.folder, "data")); !os.IsNotExist(err) {
		t.Errorf("the data folder was made: %v", err)
	}
}
