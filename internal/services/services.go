// Package services gives tests the servers they need: from a URL in the
// environment, from the machine's own programs, or from Docker, in this order.
// Only tests may import it.
package services

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// RequireVariable, set to 1, turns a service that is not to be had from a skip
// into a failure.
const RequireVariable = "REQUIRE_SERVICES"

// Main runs the tests of a package and then ends the servers they have started:
//
//	func TestMain(m *testing.M) { services.Main(m) }
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a package that has more to end than servers.
func Run(m *testing.M) int {
	defer sharedPostgres.end()
	defer sharedRedis.end()
	defer tidy()
	return m.Run()
}

// leftovers are removed after the last test, from servers that may go on.
var leftovers struct {
	sync.Mutex
	remove []func()
}

func afterTests(remove func()) {
	leftovers.Lock()
	defer leftovers.Unlock()
	leftovers.remove = append(leftovers.remove, remove)
}

func tidy() {
	leftovers.Lock()
	defer leftovers.Unlock()
	for _, remove := range leftovers.remove {
		remove()
	}
}

// missingError says that there is no way to a service on this machine.
type missingError struct{ what, looked string }

func (e missingError) Error() string { return fmt.Sprintf("no %s: %s", e.what, e.looked) }

// missing skips the test, or fails it where services are required.
func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv(RequireVariable) == "1" {
		t.Fatalf("%v (%s=1)", err, RequireVariable)
	}
	t.Skip(err)
}

// shared is one server for all tests of a package, started by the first that
// asks for it.
type shared struct {
	start func() (url string, end func(), err error)

	once sync.Once
	url  string
	stop func()
	err  error
}

func (s *shared) get() (string, error) {
	s.once.Do(func() { s.url, s.stop, s.err = s.start() })
	return s.url, s.err
}

// end comes after the last test.
func (s *shared) end() {
	if s.stop != nil {
		s.stop()
	}
}
