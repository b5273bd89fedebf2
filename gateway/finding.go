package gateway

import "context"

// Examiner is what can be looked at before anything depends on it, such as a
// Sink or a processor's client. Looking changes nothing on the other side.
type Examiner interface {
	// Examine looks once, and ends with ctx. It tells what it found in the order
	// in which it looked; what cannot be looked at because of a fault is left out.
	Examine(context.Context) []Finding
}

// Grade says whether a person has to act.
type Grade string

// The grades of a finding.
const (
	Well Grade = "ok"
	// Doubtful works today, and somebody should look at it.
	Doubtful Grade = "warn"
	Broken   Grade = "FAIL"
)

// Finding is what one look has shown, in words for a person. It holds no secret,
// and of foreign text only what was scrubbed.
type Finding struct {
	Grade Grade
	// Tried names what was looked at, Found what came back.
	Tried, Found string
	// Mend says what to do, and is empty where all is well.
	Mend string
}
