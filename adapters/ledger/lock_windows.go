package ledger

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is Windows' word for a file that another process has open.
const sharingViolation syscall.Errno = 32

// lockFile opens the file so that others may read it, for the number of the
// process in it, and nobody else may open it for writing.
func lockFile(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ,
		nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, errLocked
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// syncFolder does nothing: Windows keeps a file's name with the file.
func syncFolder(string) error { return nil }
