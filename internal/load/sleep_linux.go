package load

import (
	"syscall"
	"time"
)

// nap sleeps by the system's own clock. The runtime's timers are served when a
// processor comes round to them, up to a millisecond late, and that would be
// taken for slowness of what is measured.
func nap(d time.Duration) {
	left := syscall.NsecToTimespec(d.Nanoseconds())
	// A signal ends it early; whoever calls looks at the clock anyway.
	_ = syscall.Nanosleep(&left, nil)
}
