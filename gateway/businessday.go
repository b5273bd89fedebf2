package gateway

import (
	"time"
	_ "time/tzdata" // The Federal Reserve's day must be known in an empty container too.
)

// Bank payments keep the business days of the Federal Reserve, which carries
// them: those on which its banks are open, in its own zone.

// federalReserve is the zone of its days.
var federalReserve = func() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic("gateway: the zone of the Federal Reserve is not there: " + err.Error())
	}
	return zone
}()

// windowEnd is when the return window of a bank payment has passed that was made
// at that moment: the end of the last of its business days. A payment goes out on
// the business day on which it was made, or on the next one, and the window
// begins the day after.
func windowEnd(made time.Time, businessDays int) time.Time {
	year, month, day := made.In(federalReserve).Date()
	at := time.Date(year, month, day, 0, 0, 0, 0, federalReserve)
	for !businessDay(at) {
		at = at.AddDate(0, 0, 1)
	}
	for businessDays > 0 {
		at = at.AddDate(0, 0, 1)
		if businessDay(at) {
			businessDays--
		}
	}
	return at.AddDate(0, 0, 1).UTC()
}

// businessDay says that the Federal Reserve's banks are open on the day.
func businessDay(day time.Time) bool {
	switch day.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	case time.Monday:
		// A holiday on a Sunday is kept on the Monday. One on a Saturday is not
		// kept on the Friday.
		if fixedHoliday(day.AddDate(0, 0, -1)) {
			return false
		}
	}
	return !fixedHoliday(day) && !movingHoliday(day)
}

// fixedHoliday is New Year's Day, Juneteenth, Independence Day, Veterans Day or
// Christmas Day.
func fixedHoliday(day time.Time) bool {
	switch _, month, date := day.Date(); month {
	case time.January:
		return date == 1
	case time.June:
		return date == 19
	case time.July:
		return date == 4
	case time.November:
		return date == 11
	case time.December:
		return date == 25
	}
	return false
}

// movingHoliday is one that is kept on a weekday of its month: the birthdays of
// Martin Luther King and of Washington, Memorial Day, Labor Day, Columbus Day and
// Thanksgiving.
func movingHoliday(day time.Time) bool {
	_, month, date := day.Date()
	nth := (date + 6) / 7 // which of its weekdays of the month it is
	if month == time.November {
		return day.Weekday() == time.Thursday && nth == 4
	}
	if day.Weekday() != time.Monday {
		return false
	}
	switch month {
	case time.January, time.February:
		return nth == 3
	case time.May:
		return date+7 > 31 // the last
	case time.September:
		return nth == 1
	case time.October:
		return nth == 2
	}
	return false
}
