package magentotest

import (
	"net/http"
	"regexp"
	"slices"
)

// Kind is what goes wrong.
type Kind string

// The kinds of fault.
const (
	// Deadlock answers 500 with a report, before anything was done.
	Deadlock Kind = "deadlock"
	// Fatal is PHP's own death, whose body has another shape.
	Fatal Kind = "fatal"
	// Lost does what was asked, and breaks the connection without an answer.
	Lost Kind = "lost"
	// Hang does nothing, and answers nothing before the caller gives up.
	Hang Kind = "hang"
	// Answer answers with Status and Body, before anything was done.
	Answer Kind = "answer"
	// Parallel lets somebody else do the same call a moment before.
	Parallel Kind = "parallel"
)

// Fault is something that goes wrong, Count times (at least once).
type Fault struct {
	Kind Kind
	// Path is a regular expression that the path after /V1 has to match; empty
	// matches all. Method likewise.
	Path   string
	Method string
	Count  int
	Status int
	Body   string
	Header http.Header
}

// Fail orders a fault.
func (s *Shop) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Count = max(1, f.Count)
	s.faults = append(s.faults, &f)
}

// takeFault returns the fault that strikes this request, if one does. The lock
// is held.
func (s *Shop) takeFault(method, path string) *Fault {
	for i, f := range s.faults {
		if (f.Method != "" && f.Method != method) || !regexp.MustCompile(f.Path).MatchString(path) {
			continue
		}
		if f.Count--; f.Count == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return f
	}
	return nil
}

const (
	deadlockBody = `{"message":"Internal Error. Details are available in Magento log file. Report ID: webapi-6b01d1f0c2a3e"}`
	fatalBody    = `{"messages":{"error":[{"code":500,"message":"Server internal error. See details in report api\/123456789"}]}}`
)
