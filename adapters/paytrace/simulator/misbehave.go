package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// misbehave answers a request the way its fault says. Whatever acts has done so
// in full, whether or not the caller ever learns of it.
func (s *Simulator) misbehave(w http.ResponseWriter, r *http.Request, c *call, f Fault, started time.Time) {
	switch f.Kind {
	case faultDelay:
		if !s.wait(f.Seconds) {
			panic(http.ErrAbortHandler) // Returning would answer an empty 200.
		}
		s.reply(w, c, s.act(c), started)
	case faultResetBefore:
		s.finish(c, 0)
		hangUp(w)
	case faultResetAfter:
		s.act(c)
		s.finish(c, 0)
		hangUp(w)
	case faultLateAction:
		hangUp(w)
		if s.wait(f.Seconds) {
			s.act(c)
			s.finish(c, 0)
		}
	case faultStatus:
		s.replyPlain(w, c, f.Status)
	case faultStatusAfter:
		s.act(c)
		s.replyPlain(w, c, f.Status)
	case faultHTML:
		if f.Acted == nil || *f.Acted {
			s.act(c)
		}
		s.replyHTML(w, c, f.Status)
	case faultUnauthorized:
		s.reply(w, c, s.locked(func() answer { return s.refuseToken("invalid_token", tokenInvalid) }), started)
	case faultDenied:
		s.reply(w, c, s.locked(func() answer { return s.deny(c, f.Errors) }), started)
	case faultSlowBytes:
		s.replySlowly(w, c, s.act(c), f.Seconds, started)
	case faultTruncatedBody:
		s.replyHalf(w, c, s.act(c), started)
	case faultRedirect:
		s.finish(c, http.StatusTemporaryRedirect)
		http.Redirect(w, r, f.Location, http.StatusTemporaryRedirect)
	}
}

func (s *Simulator) locked(f func() answer) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// deny refuses the login in PayTrace's own JSON: nothing was done.
func (s *Simulator) deny(c *call, codes []string) answer {
	var found problems
	for _, code := range codes {
		found = append(found, denials[code])
	}
	a := s.refuse(c, found...)
	c.record.Answer = a.code
	return a
}

// hangUp closes the connection without a byte.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // Makes the server close what cannot be hijacked.
	}
	_ = connection.Close()
}

func (s *Simulator) replyPlain(w http.ResponseWriter, c *call, status int) {
	s.finish(c, status)
	http.Error(w, http.StatusText(status), status)
}

func (s *Simulator) replyHTML(w http.ResponseWriter, c *call, status int) {
	s.finish(c, status)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%[1]s</title></head><body><h1>%[1]s</h1></body></html>\n", http.StatusText(status))
}

// replySlowly sends the body one byte at a time.
func (s *Simulator) replySlowly(w http.ResponseWriter, c *call, a answer, seconds float64, started time.Time) {
	body := encode(a.body)
	s.finish(c, a.status)
	controller := announce(w, c, a, len(body), started)
	for i := range body {
		if !s.wait(seconds) {
			panic(http.ErrAbortHandler)
		}
		if _, err := w.Write(body[i : i+1]); err != nil || controller.Flush() != nil {
			return // The client has gone.
		}
	}
}

// replyHalf closes the connection in the middle of the body.
func (s *Simulator) replyHalf(w http.ResponseWriter, c *call, a answer, started time.Time) {
	body := encode(a.body)
	s.finish(c, a.status)
	controller := announce(w, c, a, len(body), started)
	_, _ = w.Write(body[:len(body)/2])
	_ = controller.Flush()
	panic(http.ErrAbortHandler)
}

// announce sends status and headers with the length of the whole body.
func announce(w http.ResponseWriter, c *call, a answer, length int, started time.Time) *http.ResponseController {
	setHeaders(w.Header(), c, a, started)
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(a.status)
	controller := http.NewResponseController(w)
	_ = controller.Flush()
	return controller
}
