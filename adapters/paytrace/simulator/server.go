package simulator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// call is one request on its way: what came, and its line in the history.
type call struct {
	request
	route         *route
	contentType   string
	authorization string
	body          []byte
	ip            string
	record        *HistoryEntry
}

// serveAPI is the road of one request: read it, note it, let a fault take it or
// act on it and answer.
func (s *Simulator) serveAPI(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.leave()
	started := time.Now()
	c, refused := s.receive(w, r)
	if refused != nil {
		s.reply(w, c, *refused, started)
		return
	}
	fault, hit := s.pickFault(c)
	if hit {
		s.misbehave(w, r, c, fault, started)
		return
	}
	s.reply(w, c, s.act(c), started)
}

// receive reads the request and opens its line in the history. It answers by
// itself what never reaches an operation.
func (s *Simulator) receive(w http.ResponseWriter, r *http.Request) (*call, *answer) {
	c := &call{contentType: r.Header.Get("Content-Type"), authorization: r.Header.Get("Authorization")}
	c.ip, _, _ = net.SplitHostPort(r.RemoteAddr)
	c.record = &HistoryEntry{Method: r.Method, Path: clip(text(r.URL.Path)), Connection: connectionNumber(r), Reply: replyWaiting}
	defer s.remember(c)

	c.route = routes[r.URL.Path]
	if c.route == nil || r.Method != http.MethodPost {
		return c, railsError(http.StatusNotFound, "Not Found")
	}
	c.record.Operation = c.route.operation
	var err error
	if c.body, err = readBody(w, r); err != nil {
		return c, railsError(http.StatusRequestEntityTooLarge, "Payload Too Large")
	}
	if c.route.operation == "token" {
		return c, nil
	}
	if c.request, err = decodeRequest(c.body); err != nil {
		return c, railsError(http.StatusBadRequest, "Bad Request")
	}
	c.record.describe(&c.request)
	return c, nil
}

// railsError is what a Rails service says where no method was reached. No
// recording shows one.
func railsError(status int, text string) *answer {
	return &answer{status: status, body: struct {
		Status int    `json:"status"`
		Error  string `json:"error"`
	}{status, text}}
}

// act does what the request asks, and completes its line in the history.
func (s *Simulator) act(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	a := s.operate(c)
	c.record.Acted, c.record.Answer = a.acted, a.code
	if a.transactionID != 0 {
		c.record.TransactionID = strconv.FormatInt(a.transactionID, 10)
	}
	return a
}

// operate checks who is asking, then the parameters that PayTrace checks before
// all others, in its order.
func (s *Simulator) operate(c *call) answer {
	if !c.route.open {
		if refused, ok := s.checkToken(c.authorization); !ok {
			return refused
		}
		if refused, ok := s.checkParameters(c); !ok {
			return refused
		}
	}
	return c.route.do(s, c)
}

func (s *Simulator) checkParameters(c *call) (answer, bool) {
	switch {
	case c.IntegratorID == "" && c.route.needsIntegrator(s.settings.IntegratorRequired):
		return s.refuse(c, errMissing("integrator_id")), false
	case c.route.hosted && c.HPFToken == "":
		return s.refuse(c, errMissing("hpf_token")), false
	case c.route.hosted && c.EncKey == "":
		return s.refuse(c, errMissing("enc_key")), false
	case c.IntegratorID != "" && string(c.IntegratorID) != s.options.IntegratorID:
		return s.refuse(c, errIntegrator), false
	}
	return answer{}, true
}

// reply sends the answer with the headers that were recorded.
func (s *Simulator) reply(w http.ResponseWriter, c *call, a answer, started time.Time) {
	body := encode(a.body)
	s.finish(c, a.status)
	setHeaders(w.Header(), c, a, started)
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // The client may have gone; there is nobody to tell.
}

func setHeaders(h http.Header, c *call, a answer, started time.Time) {
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "max-age=0, private, must-revalidate")
	h.Set("Status", fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)))
	h.Set("X-Request-Id", newUUID())
	h.Set("X-Runtime", strconv.FormatFloat(time.Since(started).Seconds(), 'f', 6, 64))
	if c.route != nil && c.route.operation == "token" {
		h.Set("Cache-Control", "no-store")
	}
	if e, ok := a.body.(tokenError); ok && e.Error == "invalid_token" {
		h.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="Doorkeeper", error=%q, error_description=%q`, e.Error, e.ErrorDescription))
	}
}

// finish completes the history and writes the one log line of the request.
// A status of zero means that nothing was answered.
func (s *Simulator) finish(c *call, status int) {
	s.mu.Lock()
	c.record.HTTPStatus = status
	if c.record.Reply == replyWaiting {
		c.record.Reply = replyGiven
	}
	e := *c.record
	s.mu.Unlock()
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "simulator.request",
		slog.String("operation", e.Operation), slog.String("path", e.Path), slog.String("transactionId", e.TransactionID),
		slog.Int("answer", e.Answer), slog.Int("status", status), slog.Bool("acted", e.Acted), slog.String("fault", e.Fault))
}

// encode writes a body; every one is made of strings, numbers and maps of them.
func encode(body any) []byte {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return b
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
