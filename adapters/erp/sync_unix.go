//go:build unix

package erp

import (
	"errors"
	"os"
)

// syncFolder makes the name durable.
func syncFolder(folder string) error {
	open, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(open.Sync(), open.Close())
}
