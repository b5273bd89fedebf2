//go:build !linux

package leakhunt

import "errors"

// Memory cannot be searched here: only Linux shows a process's memory as a file.
func (s *Scanner) Memory(string, int) ([]Hit, int64, error) {
	return nil, 0, errors.ErrUnsupported
}
