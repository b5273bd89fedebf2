package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Fault is one way to misbehave, for one operation or any.
type Fault struct {
	Operation   string   `json:"operation,omitempty"`
	Kind        string   `json:"kind"`
	Probability *float64 `json:"probability,omitempty"`
	Count       int      `json:"count,omitempty"`
	Seconds     float64  `json:"seconds,omitempty"`
	Status      int      `json:"status,omitempty"`
	Location    string   `json:"location,omitempty"`
	Acted       *bool    `json:"acted,omitempty"`
	Errors      []string `json:"errors,omitempty"`
	// Fired is how often it has struck; what a caller sends there is ignored.
	Fired int `json:"fired"`
}

// FaultPlan is the whole set of unkindnesses, replaced as a whole.
type FaultPlan struct {
	Faults          []Fault         `json:"faults"`
	Export          ExportFaults    `json:"export"`
	DuplicateFilter DuplicateFilter `json:"duplicateFilter"`
	PhishingFilter  PhishingFilter  `json:"phishingFilter"`
	Seed            *uint64         `json:"seed,omitempty"`
}

// ExportFaults are what the documentation leaves open about exports.
type ExportFaults struct {
	LagSeconds float64 `json:"lagSeconds"`
	RowCap     int     `json:"rowCap"`
	TimeZone   string  `json:"timeZone"`
}

type faultSet struct {
	plan     FaultPlan
	timeZone *time.Location
}

// The kinds of faults. All but refuse strike single requests.
const (
	faultDelay         = "delay"
	faultRefuse        = "refuse"
	faultResetBefore   = "reset_before"
	faultResetAfter    = "reset_after"
	faultLateAction    = "late_action"
	faultStatus        = "status"
	faultStatusAfter   = "status_after"
	faultHTML          = "html"
	faultUnauthorized  = "unauthorized"
	faultDenied        = "denied"
	faultSlowBytes     = "slow_bytes"
	faultTruncatedBody = "truncated_body"
	faultRedirect      = "redirect"
)

// needsSeconds are the kinds that mean nothing without a time.
var needsSeconds = []string{faultDelay, faultLateAction, faultSlowBytes}

var faultKinds = []string{
	faultDelay, faultRefuse, faultResetBefore, faultResetAfter, faultLateAction, faultStatus, faultStatusAfter,
	faultHTML, faultUnauthorized, faultDenied, faultSlowBytes, faultTruncatedBody, faultRedirect,
}

// lostReplies are the kinds that keep the answer, or a part of it, from the caller.
var lostReplies = map[string]string{
	faultResetBefore: replyDropped, faultResetAfter: replyDropped, faultLateAction: replyDropped, faultTruncatedBody: replyCut,
}

// maxFaultSeconds keeps a mistyped wait from outliving the test that made it.
const maxFaultSeconds = 24 * 60 * 60

const defaultTimeZone = "America/Los_Angeles"

// check completes the plan with its defaults and names the first thing in it
// that makes no sense.
func (p *FaultPlan) check() (*time.Location, error) {
	for i := range p.Faults {
		if err := p.Faults[i].check(); err != nil {
			return nil, fmt.Errorf("faults[%d]: %w", i, err)
		}
	}
	if p.Export.LagSeconds < 0 || p.Export.LagSeconds > maxFaultSeconds || p.Export.RowCap < 0 {
		return nil, errors.New("export.lagSeconds must be from 0 to 86400, export.rowCap not negative (0 means no cap)")
	}
	if p.Export.TimeZone == "" {
		p.Export.TimeZone = defaultTimeZone
	}
	zone, err := time.LoadLocation(p.Export.TimeZone)
	if err != nil {
		return nil, errors.New("export.timeZone must be a zone like America/New_York or UTC")
	}
	if err := p.DuplicateFilter.check(); err != nil {
		return nil, err
	}
	return zone, p.PhishingFilter.check()
}

func (f *Fault) check() error {
	f.Fired = 0
	if f.Operation == "" {
		f.Operation = "any"
	}
	switch {
	case !slices.Contains(faultKinds, f.Kind):
		return fmt.Errorf("kind must be one of %s", strings.Join(faultKinds, ", "))
	case f.Operation != "any" && !slices.Contains(operations, f.Operation):
		return fmt.Errorf("operation must be any or one of %s", strings.Join(operations, ", "))
	case f.Probability != nil && (*f.Probability < 0 || *f.Probability > 1):
		return errors.New("probability must be from 0 to 1")
	case f.Count < 0:
		return errors.New("count must not be negative (0 or none means without end)")
	case f.Seconds < 0 || f.Seconds > maxFaultSeconds:
		return errors.New("seconds must be from 0 to 86400")
	case f.Seconds == 0 && slices.Contains(needsSeconds, f.Kind):
		return fmt.Errorf("%s needs seconds above 0", f.Kind)
	}
	return f.checkKind()
}

// checkKind checks what only some kinds have, and fills in their defaults.
func (f *Fault) checkKind() error {
	switch f.Kind {
	case faultRefuse:
		if f.Operation != "any" || f.Probability != nil || f.Count != 0 {
			return errors.New("refuse closes the listener for all: it takes seconds alone")
		}
	case faultStatus, faultStatusAfter, faultHTML:
		if f.Status == 0 {
			f.Status = http.StatusBadGateway
		}
		if f.Status > 599 || f.Status < 500 && (f.Kind != faultHTML || f.Status != http.StatusOK) {
			return errors.New("status must be from 500 to 599 (html also takes 200)")
		}
	case faultRedirect:
		if u, err := url.Parse(f.Location); err != nil || u.Host == "" {
			return errors.New("redirect needs location, an absolute URL")
		}
	case faultDenied:
		if len(f.Errors) == 0 {
			f.Errors = []string{"999"}
		}
		for _, code := range f.Errors {
			if _, known := denials[code]; !known {
				return errors.New("errors of denied must be among 981, 998 and 999")
			}
		}
	}
	return nil
}

// Faults are the faults as they stand, each with how often it has fired.
func (s *Simulator) Faults() FaultPlan {
	return attended(s, func() FaultPlan { return s.faults.plan.copied() })
}

// SetFaults replaces the whole set, as PUT /faults does. The zero plan is kind.
func (s *Simulator) SetFaults(plan FaultPlan) error {
	plan = plan.copied() // The caller's own is not counted in.
	return attended(s, func() error { return s.setFaults(plan) })
}

// copied is the plan as it stands; the counts of the original go on.
func (p FaultPlan) copied() FaultPlan {
	p.Faults = slices.Clone(p.Faults)
	return p
}

// refusal is where the plan asks for a closed port, or -1.
func (p FaultPlan) refusal() int {
	return slices.IndexFunc(p.Faults, func(f Fault) bool { return f.Kind == faultRefuse })
}

// setFaults replaces the set and opens or closes the listener accordingly.
func (s *Simulator) setFaults(plan FaultPlan) error {
	zone, err := plan.check()
	if err != nil {
		return err
	}
	if plan.Faults == nil {
		plan.Faults = []Fault{}
	}
	s.faults = faultSet{plan: plan, timeZone: zone}
	if plan.Seed != nil {
		s.seed(*plan.Seed)
	}
	return s.applyRefusal()
}

// applyRefusal shuts the API's door when a fault asks for it, and opens it when
// none does any more. Before anything is served there is no door; Serve looks
// again.
func (s *Simulator) applyRefusal() error {
	i, door := s.faults.plan.refusal(), s.serving.door
	if door == nil {
		return nil
	}
	if i < 0 {
		return door.open()
	}
	fault := &s.faults.plan.Faults[i]
	fault.Fired++
	return door.shut(time.Duration(fault.Seconds * float64(time.Second)))
}

// pickFault is the first fault of the set that strikes this request.
func (s *Simulator) pickFault(c *call) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults.plan.Faults {
		f := &s.faults.plan.Faults[i]
		if f.Kind == faultRefuse || (f.Operation != "any" && f.Operation != c.route.operation) {
			continue
		}
		if f.Count > 0 && f.Fired >= f.Count {
			continue
		}
		if f.Probability != nil && s.random.Float64() >= *f.Probability {
			continue
		}
		f.Fired++
		c.record.Fault = f.Kind
		if reply, lost := lostReplies[f.Kind]; lost {
			c.record.Reply = reply
		}
		return *f, true
	}
	return Fault{}, false
}
