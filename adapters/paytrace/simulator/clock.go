package simulator

import (
	"time"

	// The settlement hour and the exports are in Pacific time, also on a
	// machine without a time zone database.
	_ "time/tzdata"
)

const settlementHour = 20

var pacific = mustLoadLocation("America/Los_Angeles")

func mustLoadLocation(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // The database is linked in, so this cannot happen.
	}
	return location
}

// now is the simulator's clock: the clock it was given, moved by POST /clock.
func (s *Simulator) now() time.Time {
	return s.options.Now().Add(s.books.ClockOffset)
}

// nextSettlement is the first 8 p.m. Pacific after t.
func nextSettlement(t time.Time) time.Time {
	local := t.In(pacific)
	due := time.Date(local.Year(), local.Month(), local.Day(), settlementHour, 0, 0, 0, pacific)
	if !due.After(t) {
		due = time.Date(local.Year(), local.Month(), local.Day()+1, settlementHour, 0, 0, 0, pacific)
	}
	return due
}

// catchUp does the settlement that has come due since the last call. Looking at
// the clock whenever somebody looks at the state needs no goroutine of its own,
// and gives the same result under a clock that jumps.
func (s *Simulator) catchUp() {
	now := s.now()
	if now.Before(s.books.SettlementDue) {
		return
	}
	if s.settings.AutoSettle {
		s.settle(s.books.SettlementDue)
	}
	s.books.SettlementDue = nextSettlement(now)
}

// moveClock shifts the clock so that it shows the given time. From then on
// expired cards decline.
func (s *Simulator) moveClock(to time.Time) {
	s.catchUp()
	from := s.now()
	s.books.ClockOffset += to.Sub(from)
	s.books.ClockSet = true
	if to.Before(from) {
		s.books.SettlementDue = nextSettlement(to)
	}
	s.catchUp()
	s.changed()
}

// wait sleeps for a fault's seconds; false means that the simulator was closed
// before they were over.
func (s *Simulator) wait(seconds float64) bool {
	timer := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closing:
		return false
	}
}
