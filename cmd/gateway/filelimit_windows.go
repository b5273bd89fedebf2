package main

// fileLimit is zero, since Windows has no such limit for a process.
func fileLimit() int { return 0 }
