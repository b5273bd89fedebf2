package webhook

import (
	"encoding/json"
	"time"

	"paytrace-gateway/gateway"
)

// envelope is the body. Its timestamp is that of the event, however late the
// attempt.
type envelope struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// wrap refuses data that is not JSON. It never shortens: a cut event would be
// believed.
func wrap(e gateway.Event, data []byte) ([]byte, error) {
	return json.Marshal(envelope{Type: e.Type, Timestamp: e.At.UTC(), Data: data})
}
