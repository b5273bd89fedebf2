package sinktest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// maxAsked bounds what the double reads of one request.
const maxAsked = 4 << 20

// double is the other side of a sink, which can be told to misbehave.
type double struct {
	server *httptest.Server
	bench  Bench
	// ended is closed when the test is over, so that nothing hangs on.
	ended chan struct{}

	mu    sync.Mutex
	fault http.HandlerFunc
	// everywhere lets the fault strike requests that do not tell too.
	everywhere bool
	told       int
	cookies    int
	statuses   []int
}

func newDouble() *double {
	d := &double{ended: make(chan struct{})}
	d.server = httptest.NewServer(http.HandlerFunc(d.serve))
	d.server.Config.ErrorLog = quiet
	return d
}

func (d *double) close() {
	close(d.ended)
	d.server.CloseClientConnections()
	d.server.Close()
}

func (d *double) serve(w http.ResponseWriter, r *http.Request) {
	asked, _ := io.ReadAll(io.LimitReader(r.Body, maxAsked))
	r.Body = io.NopCloser(bytes.NewReader(asked))
	tells := d.bench.Tells == nil || d.bench.Tells(r)
	r.Body = io.NopCloser(bytes.NewReader(asked))

	d.mu.Lock()
	if tells {
		d.told++
	}
	d.cookies += len(r.Cookies())
	fault := d.fault
	if !tells && !d.everywhere {
		fault = nil
	}
	d.mu.Unlock()

	http.SetCookie(w, &http.Cookie{Name: "session", Value: "kept", Path: "/"})
	noted := &notedWriter{ResponseWriter: w, double: d}
	if fault != nil {
		fault(noted, r)
		return
	}
	d.bench.Good.ServeHTTP(noted, r)
}

// misbehave sets what is answered from now on, nil for what is good.
func (d *double) misbehave(fault http.HandlerFunc, everywhere bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.everywhere, d.told = fault, everywhere, 0
}

func (d *double) tellings() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.told
}

func (d *double) cookiesBack() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cookies
}

func (d *double) answered(status int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.statuses, status)
}

// notedWriter notes the statuses that were answered.
type notedWriter struct {
	http.ResponseWriter
	double *double
}

func (w *notedWriter) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write notes the status that goes out unsaid.
func (w *notedWriter) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// Unwrap lets a fault flush, and take the connection away.
func (w *notedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *notedWriter) note(status int) {
	w.double.mu.Lock()
	defer w.double.mu.Unlock()
	w.double.statuses = append(w.double.statuses, status)
}
