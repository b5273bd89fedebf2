package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// hooksKept bounds the events that the demo shows.
	hooksKept = 200
	// hookBody bounds one of them.
	hookBody = 1 << 20
)

// hookLog is the demo's receiver of webhooks: it verifies each as
// docs/webhooks.md tells receivers to, and keeps the last ones.
type hookLog struct {
	key []byte

	mu   sync.Mutex
	seen []hook
}

// hook is one event as it arrived.
type hook struct {
	EventID    string          `json:"eventId"`
	ReceivedAt time.Time       `json:"receivedAt"`
	Type       string          `json:"type"`
	Data       json.RawMessage `json:"data"`
}

func newHookLog(secret string) *hookLog {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")) // the configuration has judged it
	return &hookLog{key: key}
}

// ServeHTTP takes one event.
func (l *hookLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hookBody))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	if !l.signed(r.Header, body) {
		http.Error(w, "the signature is not ours", http.StatusUnauthorized)
		return
	}
	event := hook{EventID: r.Header.Get("Webhook-Id"), ReceivedAt: time.Now().UTC()}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, event)
	l.seen = l.seen[max(0, len(l.seen)-hooksKept):]
	w.WriteHeader(http.StatusNoContent)
}

func (l *hookLog) signed(h http.Header, body []byte) bool {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return slices.ContainsFunc(strings.Fields(h.Get("Webhook-Signature")), func(s string) bool {
		return hmac.Equal([]byte(s), []byte(want))
	})
}

// events are those that were kept, newest first.
func (l *hookLog) events() []hook {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := slices.Clone(l.seen)
	slices.Reverse(events)
	return events
}
