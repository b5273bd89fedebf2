package auth

import "os"

// adopt has nothing to do where a file has the rights of its folder.
func adopt(*os.File) error { return nil }
