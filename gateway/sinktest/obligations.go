package sinktest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"paytrace-gateway/gateway"
)

func toldByOneRequest(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	v, err := r.delivered(t, 1)
	if err == nil && v.Outcome != gateway.Told {
		err = fmt.Errorf("%s (%s), want told", v.Outcome, v.Detail)
	}
	return errors.Join(err, r.once(v.StatusCode))
}

// toldAgain is what a process leads to that died after telling.
func toldAgain(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	for range 3 {
		if v, err := r.delivered(t, 1); err != nil || v.Outcome != gateway.Told {
			return fmt.Errorf("%s (%s), want told: %w", v.Outcome, v.Detail, err)
		}
	}
	return nil
}

func manyAtOnce(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	faults := make([]error, 8)
	var group sync.WaitGroup
	for n := range faults {
		group.Go(func() {
			v, err := r.delivered(t, n+1)
			if err == nil && v.Outcome != gateway.Told {
				err = fmt.Errorf("%s (%s), want told", v.Outcome, v.Detail)
			}
			faults[n] = err
		})
	}
	group.Wait()
	if n := r.double.tellings(); n != len(faults) {
		faults = append(faults, fmt.Errorf("%d deliveries were told by %d requests", len(faults), n))
	}
	return errors.Join(faults...)
}

func everyStatus(t *testing.T, open Opener) error {
	for status := 200; status <= 599; status++ {
		// Each has a sink of its own: one that was refused may remember it.
		r := mount(t, open)
		r.double.misbehave(answer(status, `{"message":"no"}`), false)
		_, err := r.delivered(t, 1)
		err = errors.Join(err, r.once(status))
		r.close()
		if err != nil {
			return fmt.Errorf("status %d: %w", status, err)
		}
	}
	return nil
}

func noRedirect(t *testing.T, open Opener) error {
	var followed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{300, 301, 302, 303, 305, 307, 308} {
		for _, location := range []string{elsewhere.URL + "/else", "/else", "http://[::1]:1/", "file:///etc/passwd", "\u0001:"} {
			r := mount(t, open)
			r.double.misbehave(func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set("Location", location)
				answer(status, "")(w, q)
			}, false)
			v, err := r.delivered(t, 1)
			err = errors.Join(err, r.once(status))
			if v.Outcome == gateway.Told {
				err = errors.Join(err, errors.New("taken for told"))
			}
			r.close()
			if err != nil {
				return fmt.Errorf("status %d to %q: %w", status, location, err)
			}
		}
	}
	if followed.Load() > 0 {
		return fmt.Errorf("%d redirects were followed", followed.Load())
	}
	return nil
}

func noCookie(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	for n := range 3 {
		if _, err := r.delivered(t, n+1); err != nil {
			return err
		}
	}
	if n := r.double.cookiesBack(); n > 0 {
		return fmt.Errorf("%d cookies came back", n)
	}
	return nil
}

// reach is where a fault strikes: the telling alone, and every request.
var reach = []bool{false, true}

func rubbishIsBorne(t *testing.T, open Opener) error {
	for _, everywhere := range reach {
		for name, body := range bodies {
			for _, status := range []int{200, 201, 204, 300, 400, 401, 403, 404, 409, 429, 500, 503} {
				if err := bears(t, open, everywhere, status, func(*double) http.HandlerFunc { return answer(status, body) }); err != nil {
					return fmt.Errorf("%s with status %d: %w", name, status, err)
				}
			}
		}
		for name, raw := range wires {
			if err := bears(t, open, everywhere, 0, func(d *double) http.HandlerFunc { return d.wire(raw) }); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := bears(t, open, everywhere, 0, func(*double) http.HandlerFunc { return reset }); err != nil {
			return fmt.Errorf("a reset: %w", err)
		}
	}
	return nil
}

// bears delivers into a fault, on a connection that is warm and may be reused.
func bears(t *testing.T, open Opener, everywhere bool, status int, fault func(*double) http.HandlerFunc) error {
	r := mount(t, open)
	defer r.close()
	if everywhere && r.Tells == nil {
		return nil // there are no other requests
	}
	if _, err := r.delivered(t, 1); err != nil {
		return fmt.Errorf("before the fault: %w", err)
	}
	r.double.misbehave(fault(r.double), everywhere)
	_, err := r.delivered(t, 2)
	if n := r.double.tellings(); n > r.allowed(status) {
		err = errors.Join(err, fmt.Errorf("told by %d requests, want at most %d", n, r.allowed(status)))
	}
	return err
}

func readingIsBounded(t *testing.T, open Opener) error {
	for _, everywhere := range reach {
		for _, status := range []int{200, 400, 503} {
			r := mount(t, open)
			taken := make(chan bool, 4)
			r.double.misbehave(endless(status, taken), everywhere)
			_, err := r.delivered(t, 1)
			if err == nil && <-taken {
				err = fmt.Errorf("all %d bytes were read", endlessAtMost)
			}
			r.close()
			if err != nil {
				return fmt.Errorf("a body without end with status %d: %w", status, err)
			}
		}
	}
	return nil
}

// waitIsBounded leaves the judgement to check, which every verdict passes.
func waitIsBounded(t *testing.T, open Opener) error {
	for _, status := range []int{301, 400, 413, 429, 500, 502, 503, 504} {
		for _, asked := range []string{
			"0", "-5", "120", "1e9", "99999999", "9223372036854775807", "99999999999999999999999", "soon", "", "120, 240",
			"Wed, 21 Oct 2099 07:28:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "4111111111111111",
		} {
			err := bears(t, open, false, status, func(*double) http.HandlerFunc {
				return func(w http.ResponseWriter, q *http.Request) {
					w.Header().Set("Retry-After", asked)
					answer(status, "")(w, q)
				}
			})
			if err != nil {
				return fmt.Errorf("status %d, Retry-After %q: %w", status, asked, err)
			}
		}
	}
	return nil
}

// hangs are the ways to keep a client waiting.
func (d *double) hangs(asked chan<- struct{}) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{"silence": d.silent(asked), "a body that drips": d.dripping(asked)}
}

func endsWithItsContext(t *testing.T, open Opener) error {
	for _, everywhere := range reach {
		for _, name := range []string{"silence", "a body that drips"} {
			r := mount(t, open)
			asked := make(chan struct{}, 1)
			r.double.misbehave(r.double.hangs(asked)[name], everywhere)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-asked
				cancel()
			}()
			v, err := r.deliver(ctx, r.Delivery(1))
			if v.Outcome == gateway.Told {
				err = errors.Join(err, errors.New("taken for told"))
			}
			tell(asked)
			cancel()
			r.close()
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func nothingAfterTheEnd(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v, err := r.deliver(ctx, r.Delivery(1))
	switch {
	case err != nil:
		return err
	case v.Outcome != gateway.Later:
		return fmt.Errorf("%s, want later", v.Outcome)
	case r.double.tellings() > 0:
		return errors.New("a request was sent all the same")
	}
	return nil
}

// verdictIsClean plants numbers and secrets; check, which every verdict
// passes, looks for them. The padding moves them across every edge at which a
// text may be cut.
func verdictIsClean(t *testing.T, open Opener) error {
	r := mount(t, open)
	secrets := slices.Clone(r.Secrets)
	r.close()
	for _, planted := range append(slices.Clone(smuggled), secrets...) {
		for _, shape := range []string{"%s", `{"message":%q}`, `[{"message":%q,"errorCode":"UNKNOWN"}]`, `{"error":"invalid","error_description":%q}`, "<p>%s</p>"} {
			body := fmt.Sprintf(shape, planted)
			for _, status := range []int{400, 500} {
				if err := bears(t, open, true, status, func(*double) http.HandlerFunc { return plants(status, planted, body) }); err != nil {
					return err
				}
			}
		}
		for pad := 150; pad < 220; pad += 7 {
			body := strings.Repeat("a b ", pad/4) + strings.Repeat("c", pad%4) + planted
			if err := bears(t, open, false, 400, func(*double) http.HandlerFunc { return answer(400, body) }); err != nil {
				return err
			}
		}
	}
	return bears(t, open, true, 400, func(*double) http.HandlerFunc { return echo })
}

// plants answers with a text in its body and, where it fits, in its headers.
func plants(status int, planted, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		for _, name := range []string{"Location", "Retry-After", "WWW-Authenticate", "Warning", "Sforce-Limit-Info"} {
			w.Header().Set(name, strings.Map(oneLine, planted))
		}
		answer(status, body)(w, q)
	}
}

func oneLine(c rune) rune {
	if c < ' ' {
		return ' '
	}
	return c
}

// echo says back what was asked, as a debug page does.
func echo(w http.ResponseWriter, r *http.Request) {
	var said strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&said, "%s: %s\n", name, strings.Join(r.Header[name], ", "))
	}
	answer(http.StatusBadRequest, said.String())(w, r)
}

func laneIsPure(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	before, event := r.Delivery(1), r.Delivery(1).Event
	lane := r.Sink.Lane(event)
	var group sync.WaitGroup
	var other atomic.Int64
	for range 8 {
		group.Go(func() {
			if r.Sink.Lane(event) != lane {
				other.Add(1)
			}
		})
	}
	group.Wait()
	_, err := r.delivered(t, 2)
	switch {
	case err != nil:
		return err
	case other.Load() > 0 || r.Sink.Lane(event) != lane:
		return errors.New("one event has two lanes")
	case !reflect.DeepEqual(event, before.Event):
		return errors.New("asking for the lane changes the event")
	}
	return laneSendsNothing(r, event)
}

func laneSendsNothing(r *rig, event gateway.Event) error {
	var asked atomic.Int64
	r.double.misbehave(func(http.ResponseWriter, *http.Request) { asked.Add(1) }, true)
	r.Sink.Lane(event)
	if asked.Load() > 0 {
		return errors.New("asking for the lane asks the other side")
	}
	return nil
}
