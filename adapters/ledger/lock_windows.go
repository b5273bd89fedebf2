package ledger

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
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

// isHeld says whether a gateway has the file open for writing.
func isHeld(path string) (bool, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return false, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ, syscall.FILE_SHARE_READ, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, sharingViolation):
		return true, nil
	case errors.Is(err, syscall.ERROR_FILE_NOT_FOUND):
		return false, nil
	case err != nil:
		return false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return false, syscall.CloseHandle(h)
}

// mayWrite knows of the attribute alone; what access lists forbid shows at the
// start.
func mayWrite(path string) bool {
	info, err := os.Stat(path)
	return err == nil && (info.IsDir() || info.Mode().Perm()&0o200 != 0)
}

// syncFolder does nothing: Windows keeps a file's name with the file.
func syncFolder(string) error { return nil }

var getDiskFreeSpace = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// roomIn is what this user may still write on the folder's disk.
func roomIn(folder string) (free uint64, err error) {
	name, err := syscall.UTF16PtrFromString(folder)
	if err != nil {
		return 0, err
	}
	if ok, _, err := getDiskFreeSpace.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&free)), 0, 0); ok == 0 {
		return 0, err
	}
	return free, nil
}
