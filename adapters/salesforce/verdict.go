package salesforce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/egress"
	"paytrace-gateway/gateway"
)

const (
	// maxNamed bounds the errors of one answer that are shown.
	maxNamed = 3
	// maxDetail bounds a detail, in characters.
	maxDetail = 900
	// torn is how much is dropped of the end of an answer that broke off.
	torn = 128
)

var notNeeded = gateway.Verdict{Outcome: gateway.Told, Detail: "not told: it is about no payment, or about the verification of a card, and an org has no record of it"}

// unmappable is an event that an expression cannot be computed of. It will not
// be another time, either.
func (s *Sink) unmappable(err error) gateway.Verdict {
	return gateway.Verdict{
		Outcome: gateway.Dead,
		Detail:  bounded("not sent: the mapping fails: " + s.client.words(err.Error()) + "; to do: mend the expression, then replay"),
	}
}

// upserted judges the answer to one record. Only Salesforce's own word that it
// was saved counts: a proxy's page has status 200 too.
func (s *Sink) upserted(r reply) gateway.Verdict {
	switch status := r.answer.Status; {
	case r.err != nil:
		return s.unanswered(r)
	case status == 204:
		return gateway.Verdict{Outcome: gateway.Told, StatusCode: status}
	case status == 200 || status == 201:
		return s.savedOne(r)
	}
	return s.refused(r)
}

// published judges the answer to a platform event. A success bears an "error"
// that says that the event is queued.
func (s *Sink) published(r reply) gateway.Verdict {
	switch status := r.answer.Status; {
	case r.err != nil:
		return s.unanswered(r)
	case status == 200 || status == 201:
		return s.savedOne(r)
	}
	return s.refused(r)
}

func (s *Sink) savedOne(r reply) gateway.Verdict {
	answer, ok := parseSaved(r.answer.Body)
	if !ok || !r.answer.Whole {
		return s.refused(r)
	}
	return s.savedAs(r, answer)
}

// savedAs judges one record's part of an answer.
func (s *Sink) savedAs(r reply, answer saved) gateway.Verdict {
	switch {
	case answer.Success:
		return gateway.Verdict{Outcome: gateway.Told, StatusCode: r.answer.Status}
	case len(answer.Errors) == 0:
		return s.refused(r)
	}
	// Within a call that succeeded, a record is refused as a bad request is.
	v, _ := s.judged(r, 400, answer.Errors)
	return v
}

// allUpserted judges the answer to n records. Spoiled says that the call was
// refused as a whole for what may be one record's fault.
func (s *Sink) allUpserted(r reply, n int) (verdicts []gateway.Verdict, spoiled bool) {
	if r.err != nil {
		return sameFor(n, s.unanswered(r)), false
	}
	all, ok := parseAllSaved(r.answer.Body, n)
	if r.answer.Status == 200 && ok && r.answer.Whole {
		for _, answer := range all {
			verdicts = append(verdicts, s.savedAs(r, answer))
		}
		return verdicts, false
	}
	v, m := s.judged(r, r.answer.Status, parseFaults(r.answer.Body))
	return sameFor(n, v), v.Outcome == gateway.Dead && !m.common
}

// allPublished judges the answer to n platform events in one call. What may be
// one event's fault and is said of all kills none: next time they may go in
// other company.
func (s *Sink) allPublished(r reply, n int) (verdicts []gateway.Verdict) {
	if r.err != nil {
		return sameFor(n, s.unanswered(r))
	}
	answers, ok := parseComposite(r.answer.Body, n)
	if r.answer.Status != 200 || !ok || !r.answer.Whole {
		v, m := s.judged(r, r.answer.Status, parseFaults(r.answer.Body))
		if v.Outcome == gateway.Dead && !m.common {
			v.Outcome = gateway.Later
		}
		return sameFor(n, v)
	}
	for _, a := range answers {
		part := reply{what: r.what, answer: r.answer}
		part.answer.Status, part.answer.Body = a.Status, a.Body
		v := s.published(part)
		v.StatusCode = r.answer.Status
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// refused judges an answer that says that nothing was saved, or that is not
// Salesforce's.
func (s *Sink) refused(r reply) gateway.Verdict {
	v, _ := s.judged(r, r.answer.Status, parseFaults(r.answer.Body))
	return v
}

// judged is the verdict on errors, of which one that is hopeless outweighs the
// others.
func (s *Sink) judged(r reply, status int, faults []fault) (gateway.Verdict, meaning) {
	m := foreign(status)
	for i, f := range faults {
		if other := meaningOf(status, f); i == 0 || (other.outcome == gateway.Dead && m.outcome != gateway.Dead) {
			m = other
		}
	}
	v := gateway.Verdict{
		Outcome: m.outcome, StatusCode: r.answer.Status, Pause: m.pause,
		Detail: bounded(fmt.Sprintf("%s: %d %s; to do: %s", r.what, r.answer.Status, s.said(r, faults), m.advice)),
	}
	if m.outcome == gateway.Later {
		v.After = s.client.retryAfter(r.answer)
	}
	return v, m
}

// said is what came back, in words for a person.
func (s *Sink) said(r reply, faults []fault) string {
	if len(faults) == 0 {
		return s.strange(r.answer)
	}
	var all []string
	for _, f := range faults[:min(len(faults), maxNamed)] {
		named := s.named(f.code())
		for _, field := range f.Fields[:min(len(f.Fields), maxNamed)] {
			named += " " + s.named(field)
		}
		all = append(all, named+": "+s.client.words(f.Message))
	}
	return strings.Join(all, "; ")
}

// named is a code of the table or a field that we write as they are, since long
// names look like tokens, and anything else as foreign text.
func (s *Sink) named(name string) string {
	if _, known := table[name]; known || slices.Contains(s.records.Names(), name) {
		return name
	}
	return s.client.words(name)
}

// strange is what came back instead of Salesforce's JSON.
func (s *Sink) strange(a egress.Answer) string {
	text := string(a.Body)
	if !a.Whole {
		// What was cut off may begin something that is recognised only as a whole.
		text = text[:max(0, len(text)-torn)]
	}
	if words := s.client.words(text); words != "" {
		return "without an error that is Salesforce's: " + words
	}
	return "without a word"
}

// unanswered judges a request that has no answer.
func (s *Sink) unanswered(r reply) gateway.Verdict {
	var refused *refusal
	var absent *absence
	switch {
	case errors.As(r.err, &refused):
		return gateway.Verdict{
			Outcome: gateway.Later, StatusCode: refused.status, Pause: max(refused.until.Sub(s.client.config.Now()), 0),
			Detail: bounded("not sent: " + refused.words + "; it is not tried again before " + refused.until.UTC().Format("15:04:05") + " UTC"),
		}
	case errors.As(r.err, &absent):
		return gateway.Verdict{Outcome: gateway.Later, StatusCode: absent.status, After: absent.retryAfter, Detail: bounded("not sent: " + absent.words)}
	case errors.Is(r.err, context.DeadlineExceeded):
		return gateway.Verdict{Outcome: gateway.Later, Detail: r.what + ": no answer came in time; an upsert can be sent again, and will be"}
	case errors.Is(r.err, context.Canceled):
		return gateway.Verdict{Outcome: gateway.Later, Detail: r.what + ": given up because the gateway stops; it is tried again"}
	}
	return gateway.Verdict{Outcome: gateway.Later, Detail: bounded(r.what + ": " + s.client.words(r.err.Error()))}
}

// pauseOnce leaves the longest pause to the first verdict of a call. One is
// enough for all, and each is a warning in the operator's log.
func pauseOnce(verdicts []gateway.Verdict) {
	var longest time.Duration
	for i := range verdicts {
		longest = max(longest, verdicts[i].Pause)
		verdicts[i].Pause = 0
	}
	if len(verdicts) > 0 {
		verdicts[0].Pause = longest
	}
}

func joined(before, then string) string {
	if before == "" {
		return then
	}
	return bounded(before + "; " + then)
}

func bounded(detail string) string {
	if runes := []rune(detail); len(runes) > maxDetail {
		return string(runes[:maxDetail]) + "…"
	}
	return detail
}
