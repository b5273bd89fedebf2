package leakhunt

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// records are what others have seen of the gateway, by the place where they saw
// it.
type records struct {
	mu     sync.Mutex
	places map[string]*bytes.Buffer
}

func (r *records) note(place, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.places[place] == nil {
		r.places[place] = &bytes.Buffer{}
	}
	r.places[place].WriteString(text + "\n")
}

func (r *records) all() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]string{}
	for place, text := range r.places {
		all[place] = text.String()
	}
	return all
}

// holds says that the words were seen there.
func (r *records) holds(place, words string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.places[place]
	return text != nil && bytes.Contains(text.Bytes(), []byte(words))
}

// neighbour is somebody whom the gateway calls. It writes down all that it is
// asked, and can be told to answer something else instead.
type neighbour struct {
	place   string
	records *records
	next    http.Handler
	// learn looks at what was answered.
	learn func(path string, answer []byte)

	mu     sync.Mutex
	orders []order
	asked  []string
}

// order replaces answers to what has the word in its path.
type order struct {
	word   string
	times  int
	answer http.HandlerFunc
}

// meet starts a neighbour and gives its address.
func (r *records) meet(t testing.TB, place string, next http.Handler) (*neighbour, string) {
	n := &neighbour{place: place, records: r, next: next}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	return n, server.URL
}

// instead has the next requests answered otherwise, or as always if the answer
// is nil.
func (n *neighbour) instead(word string, times int, answer http.HandlerFunc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.orders = append(n.orders, order{word, times, answer})
}

// peace forgets what was ordered.
func (n *neighbour) peace() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.orders = nil
}

// calls is how often it was asked for what has the word in its path.
func (n *neighbour) calls(word string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, path := range n.asked {
		if strings.Contains(path, word) {
			count++
		}
	}
	return count
}

// pending is how many ordered answers were not given yet.
func (n *neighbour) pending() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.orders)
}

func (n *neighbour) take(path string) http.HandlerFunc {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, path)
	for i := range n.orders {
		if o := &n.orders[i]; strings.Contains(path, o.word) {
			o.times--
			answer := o.answer
			if o.times == 0 {
				n.orders = append(n.orders[:i:i], n.orders[i+1:]...)
			}
			return answer
		}
	}
	return nil
}

func (n *neighbour) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var head strings.Builder
	_ = r.Header.Write(&head)
	n.records.note(n.place, fmt.Sprintf("%s %s\n%s\n%s", r.Method, r.URL, head.String(), unzipped(r.Header, body)))
	if answer := n.take(r.URL.Path); answer != nil {
		answer(w, r)
		return
	}
	if n.learn == nil {
		n.next.ServeHTTP(w, r)
		return
	}
	watched := &watchedWriter{ResponseWriter: w}
	n.next.ServeHTTP(watched, r)
	n.learn(r.URL.Path, watched.body.Bytes())
}

func unzipped(h http.Header, body []byte) string {
	if h.Get("Content-Encoding") != "gzip" {
		return string(body)
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return string(body)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return string(body)
	}
	return string(plain)
}

type watchedWriter struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (w *watchedWriter) Write(b []byte) (int, error) {
	w.body.Write(b)
	return w.ResponseWriter.Write(b)
}

// accessToken is the one in an answer, if there is one.
func accessToken(answer []byte) string {
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	_ = json.Unmarshal(answer, &grant)
	return grant.AccessToken
}

// says answers with a status, a body and perhaps a header.
func says(status int, contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// writes answers with bytes that are no HTTP, and hangs up.
func writes(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		_, _ = io.WriteString(connection, raw)
	}
}
