package ledger

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

var errLocked = errors.New("locked")

// lock keeps every other gateway off the file: SQLite would let two processes
// take turns, and neither would know of the payments under way in the other.
func lock(path string) (*os.File, error) {
	f, err := lockFile(path)
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("another gateway (pid %s) uses this ledger: stop it, or give this one a ledger of its own", holder(path))
	}
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func holder(path string) string {
	pid, err := os.ReadFile(path)
	if err != nil || len(pid) == 0 {
		return "unknown"
	}
	return strings.TrimSpace(string(pid))
}
