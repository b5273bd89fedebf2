package main

// ownedByAnother is about root, whom Windows does not have.
func ownedByAnother(string) (owner uint32, another bool) { return 0, false }
