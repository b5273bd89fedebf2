package gateway

import (
	"testing"
	"time"
)

// The holidays that the Federal Reserve publishes for these years, as the days on
// which its banks are closed.
var closedDays = []string{
	"2025-01-01", "2025-01-20", "2025-02-17", "2025-05-26", "2025-06-19", "2025-07-04", "2025-09-01", "2025-10-13", "2025-11-11", "2025-11-27", "2025-12-25",
	// 4 July 2026 is a Saturday: the banks are open on the Friday before.
	"2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25",
	// 4 July 2027 is a Sunday; 19 June and 25 December are Saturdays.
	"2027-01-01", "2027-01-18", "2027-02-15", "2027-05-31", "2027-07-05", "2027-09-06", "2027-10-11", "2027-11-11", "2027-11-25",
	// 1 January 2028 is a Saturday.
	"2028-01-17", "2028-02-21", "2028-05-29", "2028-06-19", "2028-07-04", "2028-09-04", "2028-10-09", "2028-11-23", "2028-12-25",
}

func TestBusinessDaysAreThoseOfTheFederalReserve(t *testing.T) {
	closed := map[string]bool{"2028-11-11": true} // a Saturday anyway
	for _, day := range closedDays {
		closed[day] = true
	}
	for day := time.Date(2025, 1, 1, 0, 0, 0, 0, federalReserve); day.Year() < 2029; day = day.AddDate(0, 0, 1) {
		weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
		name := day.Format("2006-01-02")
		if open := businessDay(day); open == (weekend || closed[name]) {
			t.Errorf("%s, %s: business day %t", name, day.Weekday(), open)
		}
	}
}

func TestTheReturnWindowEndsWithItsLastBusinessDay(t *testing.T) {
	for _, c := range []struct {
		made string
		days int
		end  string
	}{
		{"2026-03-02T15:00:00Z", 1, "2026-03-04T05:00:00Z"},
		{"2026-03-02T15:00:00Z", 5, "2026-03-10T04:00:00Z"}, // over a weekend, and the change to summer time
		{"2026-03-07T15:00:00Z", 1, "2026-03-11T04:00:00Z"}, // a Saturday's goes out on Monday
		{"2026-03-03T04:59:59Z", 1, "2026-03-04T05:00:00Z"}, // still Monday in New York
		{"2026-03-03T05:00:00Z", 1, "2026-03-05T05:00:00Z"}, // Tuesday
		{"2026-12-23T15:00:00Z", 2, "2026-12-29T05:00:00Z"}, // Christmas Day is a Friday
		{"2027-07-02T15:00:00Z", 1, "2027-07-07T04:00:00Z"}, // Independence Day is kept on the Monday
		{"2026-07-02T15:00:00Z", 1, "2026-07-04T04:00:00Z"}, // and not on the Friday
	} {
		made, err := time.Parse(time.RFC3339, c.made)
		if err != nil {
			t.Fatal(err)
		}
		if end := windowEnd(made, c.days).Format(time.RFC3339); end != c.end {
			t.Errorf("made %s, %d business days: the window ends %s, want %s", c.made, c.days, end, c.end)
		}
	}
}
