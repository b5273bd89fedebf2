//go:build !linux && !darwin

package main

import "math"

// freeBytes is not asked for here: whoever fills has to see to the disk.
func freeBytes(string) (int64, error) { return math.MaxInt64, nil }
