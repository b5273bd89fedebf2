package services

import "testing"

// A client's own end may lie at any port from 32768 on, and a server that is
// started again must not find one there.
func TestNoPortIsGivenTwiceNorOneThatAClientMayHave(t *testing.T) {
	given := map[int]bool{}
	for range 200 {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		if given[port] || port < 2000 || port >= 8100 {
			t.Fatalf("port %d, given before: %t; want another one from 2000 to 8100", port, given[port])
		}
		given[port] = true
	}
}
