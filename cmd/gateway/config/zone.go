package config

import (
	"time"
	_ "time/tzdata" // A small container image has no zone files, and the names have to mean the same there.
)

const pacific = "America/Los_Angeles" // where PayTrace's day ends

// Zone is a time zone that marshals as its name.
type Zone struct {
	*time.Location
}

// MarshalText returns the zone's name.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// parseZone refuses "" and "Local", which time.LoadLocation takes: what they
// mean would depend on the machine.
func parseZone(name string) (Zone, bool) {
	if name == "" || name == "Local" {
		return Zone{}, false
	}
	location, err := time.LoadLocation(name)
	return Zone{location}, err == nil
}
