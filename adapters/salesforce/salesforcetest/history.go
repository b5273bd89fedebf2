package salesforcetest

import "time"

// maxHistory bounds the history; the oldest calls are forgotten first.
const maxHistory = 10_000

// Call is one call that the org has had. Bodies and headers are never kept.
type Call struct {
	At        time.Time
	Method    string
	Path      string
	Operation string
	// Status is what was answered, also when the answer was lost. Zero means
	// that it is not answered yet.
	Status int
	// Acted says that something was written.
	Acted bool
	Fault string
}

// Calls are the calls that the org has had, oldest first.
func (o *Org) Calls() []Call {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []Call
	for _, c := range o.calls {
		all = append(all, *c)
	}
	return all
}

// Count is how many calls of an operation the org has had.
func (o *Org) Count(operation string) int {
	n := 0
	for _, c := range o.Calls() {
		if c.Operation == operation {
			n++
		}
	}
	return n
}

// arrive remembers a call before it is answered, so that one that hangs is seen
// too.
func (o *Org) arrive(c Call) *Call {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.calls) >= maxHistory {
		o.calls = append([]*Call{}, o.calls[1:]...)
	}
	o.calls = append(o.calls, &c)
	return &c
}

func (o *Org) depart(c *Call, a answer, f *Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c.Status, c.Acted = a.status, a.acted
	if f != nil {
		c.Fault = f.Kind
	}
}
