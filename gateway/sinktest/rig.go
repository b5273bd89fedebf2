package sinktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"paytrace-gateway/gateway"
)

const (
	// patience is how long the suite waits for what has to happen at once.
	patience = time.Minute
	// maxDetail bounds a detail: one line for a person, not a page.
	maxDetail = 1000
	// maxWait bounds what the other side may ask for.
	maxWait = 24 * time.Hour
)

var quiet = log.New(io.Discard, "", 0)

// rig is a sink and its other side.
type rig struct {
	Bench
	double *double
}

// mount puts a sink on a bench of its own.
func mount(t *testing.T, open Opener) *rig {
	d := newDouble()
	bench := open(t, d.server.URL)
	d.bench = bench
	return &rig{Bench: bench, double: d}
}

func (r *rig) close() { r.double.close() }

// deliver delivers once and holds the verdict against what every verdict owes.
func (r *rig) deliver(ctx context.Context, d gateway.Delivery) (gateway.Verdict, error) {
	verdicts, err := r.await(func() []gateway.Verdict { return []gateway.Verdict{r.Sink.Deliver(ctx, d)} })
	if err != nil {
		return gateway.Verdict{}, err
	}
	return verdicts[0], r.check(verdicts[0])
}

// await ends a call that panics or does not return.
func (r *rig) await(call func() []gateway.Verdict) ([]gateway.Verdict, error) {
	type end struct {
		verdicts []gateway.Verdict
		err      error
	}
	ended := make(chan end, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				ended <- end{err: fmt.Errorf("it panics: %v", p)}
			}
		}()
		ended <- end{verdicts: call()}
	}()
	select {
	case e := <-ended:
		return e.verdicts, e.err
	case <-time.After(patience):
		return nil, errors.New("it does not return")
	}
}

// delivered tells the nth delivery with a context that lasts.
func (r *rig) delivered(t *testing.T, n int) (gateway.Verdict, error) {
	return r.deliver(t.Context(), r.Delivery(n))
}

// check is what every verdict owes, whatever came back.
func (r *rig) check(v gateway.Verdict) error {
	var faults []error
	fault := func(broken bool, format string, args ...any) {
		if broken {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(!slices.Contains([]gateway.DeliveryOutcome{gateway.Told, gateway.Later, gateway.Dead}, v.Outcome), "%q is no outcome", v.Outcome)
	fault(v.StatusCode != 0 && !r.double.answered(v.StatusCode), "status code %d was never answered", v.StatusCode)
	fault(v.Outcome != gateway.Told && v.Detail == "", "a failure without a word for a person")
	fault(v.After < 0 || v.After > maxWait, "waits for %s", v.After)
	fault(v.Pause < 0 || v.Pause > maxWait, "pauses for %s", v.Pause)
	for _, words := range []string{v.Detail, v.Attention} {
		faults = append(faults, checkWords(words, r.Secrets))
	}
	return errors.Join(faults...)
}

// checkWords holds a text against what a person may be shown.
func checkWords(words string, secrets []string) error {
	switch {
	case !utf8.ValidString(words) || strings.ContainsFunc(words, func(c rune) bool { return !unicode.IsPrint(c) }):
		return fmt.Errorf("says what cannot be printed: %q", words)
	case utf8.RuneCountInString(words) > maxDetail:
		return fmt.Errorf("says %d characters, at most %d are for a person", utf8.RuneCountInString(words), maxDetail)
	}
	digits := onlyDigits(words)
	for _, number := range plantedNumbers {
		if strings.Contains(digits, number) {
			return fmt.Errorf("holds a card number that the other side has sent: %q", words)
		}
	}
	for i, secret := range secrets {
		// Half of a secret is as good as none, so neither half may show.
		half := len(secret) / 2
		if strings.Contains(words, secret[:half]) || strings.Contains(words, secret[half:]) {
			return fmt.Errorf("holds the sink's secret %d, or half of it", i+1)
		}
	}
	return nil
}

// onlyDigits are the digits of a text, also those of East Asian input methods.
func onlyDigits(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case '0' <= c && c <= '9':
			return c
		case '０' <= c && c <= '９':
			return c - '０' + '0'
		}
		return -1
	}, s)
}

// allowed is how many tellings one delivery may take when the status came
// back.
func (r *rig) allowed(status int) int {
	if r.Renews != nil && r.Renews(status) {
		return 2
	}
	return 1
}

// once says whether the delivery was told as often as it may be.
func (r *rig) once(status int) error {
	if n := r.double.tellings(); n < 1 || n > r.allowed(status) {
		return fmt.Errorf("told by %d requests, want %d", n, r.allowed(status))
	}
	return nil
}
