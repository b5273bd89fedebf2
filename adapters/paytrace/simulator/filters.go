package simulator

import (
	"fmt"
	"slices"
	"time"
)

// DuplicateFilter is PayTrace's per-account filter: an approved transaction with
// the same card, amount and invoice is blocked for so many minutes. What the API
// then answers is not known, so it is a choice.
type DuplicateFilter struct {
	Minutes int `json:"minutes"`
	// Answer is "error" (a numbered error), "original" (the first one's answer,
	// its id included) or "decline" (102, with an id of its own).
	Answer string `json:"answer"`
}

// PhishingFilter warns on a card's third failed try in the rolling hours, and
// blocks the card from the fourth.
type PhishingFilter struct {
	Enabled bool `json:"enabled"`
	Hours   int  `json:"hours"`
	WarnAt  int  `json:"warnAt"`
	BlockAt int  `json:"blockAt"`
	// Answer to a blocked card is "decline" (102) or "error" (a numbered error).
	Answer string `json:"answer"`
}

func (f *DuplicateFilter) check() error {
	if f.Answer == "" {
		f.Answer = "error"
	}
	if f.Minutes < 0 || f.Minutes > 999 {
		return fmt.Errorf("duplicateFilter.minutes must be from 0 to 999, not %d", f.Minutes)
	}
	if !slices.Contains([]string{"error", "original", "decline"}, f.Answer) {
		return fmt.Errorf("duplicateFilter.answer must be error, original or decline")
	}
	return nil
}

func (f *PhishingFilter) check() error {
	if f.Hours == 0 {
		f.Hours = 24
	}
	if f.WarnAt == 0 {
		f.WarnAt = 3
	}
	if f.BlockAt == 0 {
		f.BlockAt = f.WarnAt + 1
	}
	if f.Answer == "" {
		f.Answer = "decline"
	}
	if f.Hours < 0 || f.WarnAt < 1 || f.BlockAt < f.WarnAt {
		return fmt.Errorf("phishingFilter needs hours and warnAt above 0, and a blockAt of at least warnAt")
	}
	if f.Answer != "decline" && f.Answer != "error" {
		return fmt.Errorf("phishingFilter.answer must be decline or error")
	}
	return nil
}

type duplicateKey struct {
	fingerprint string
	amount      cents
	invoice     string
	by          string
}

func duplicateKeyOf(t *transaction) duplicateKey {
	return duplicateKey{t.Card.Fingerprint, t.Amount, t.InvoiceID, t.By}
}

// blockDuplicate answers instead of the issuer when the filter is on and knows
// an approved twin.
func (s *Simulator) blockDuplicate(c *call, t *transaction, p payer) (answer, bool) {
	filter := s.faults.plan.DuplicateFilter
	twin := s.indexes.approved[duplicateKeyOf(t)]
	if filter.Minutes == 0 || twin == nil {
		return answer{}, false
	}
	if s.now().Sub(twin.CreatedAt) >= time.Duration(filter.Minutes)*time.Minute {
		return answer{}, false
	}
	switch filter.Answer {
	case "original":
		a := done(101, "", twin.ID, chargeAnswerOf(twin, p, header{true, 101, "Your transaction was successfully approved."}))
		a.acted = false
		return a, true
	case "decline":
		return s.decline(t, p, s.settings.DuplicateText), true
	}
	return s.refuse(c, s.settings.Errors.Duplicate), true
}

// blockPhishing refuses a card that has failed too often.
func (s *Simulator) blockPhishing(c *call, t *transaction, p payer) (answer, bool) {
	filter := s.faults.plan.PhishingFilter
	// The try that is being made is the one after those that have failed.
	if !filter.Enabled || len(s.recentFailures(t.Card.Fingerprint))+1 < filter.BlockAt {
		return answer{}, false
	}
	if filter.Answer == "error" {
		return s.refuse(c, s.settings.Errors.Phishing), true
	}
	return s.decline(t, p, s.settings.BlockedText), true
}

// countFailure remembers a decline, and replaces its text by the warning when
// the next one would block the card.
func (s *Simulator) countFailure(t *transaction, text *string) {
	filter := s.faults.plan.PhishingFilter
	if !filter.Enabled {
		return
	}
	failures := append(s.recentFailures(t.Card.Fingerprint), s.now())
	s.indexes.failures[t.Card.Fingerprint] = failures
	if len(failures) >= filter.WarnAt {
		*text = s.settings.PhishingText
	}
}

func (s *Simulator) recentFailures(fingerprint string) []time.Time {
	since := s.now().Add(-time.Duration(s.faults.plan.PhishingFilter.Hours) * time.Hour)
	var recent []time.Time
	for _, at := range s.indexes.failures[fingerprint] {
		if !at.Before(since) {
			recent = append(recent, at)
		}
	}
	return recent
}
