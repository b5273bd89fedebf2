package magentotest

import "slices"

// Call is one request that the shop was asked.
type Call struct {
	Method, Path string
	Query        string
	Body         string
	// Status is what was answered, zero when the answer was withheld.
	Status int
	// Acted says that something was written.
	Acted bool
	// Gateway says that the payment method was asked for something by it.
	Gateway bool
}

// History are all requests, oldest first.
func (s *Shop) History() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.history)
}

// Writes are the requests that were no look-ups.
func (s *Shop) Writes() []Call {
	return slices.DeleteFunc(s.History(), func(c Call) bool { return c.Method == "GET" })
}

// Forget empties the history.
func (s *Shop) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = nil
}
