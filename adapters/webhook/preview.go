package webhook

import (
	"encoding/json"

	"paytrace-gateway/gateway"
)

var _ gateway.Previewer = (*Sink)(nil)

// Preview shows the body that an event becomes. It is signed anew at every
// attempt, so there is no signature to show.
func (s *Sink) Preview(e gateway.Event) (any, error) {
	data, err := s.body(e)
	if err != nil {
		return nil, err
	}
	body, err := wrap(e, data)
	if err != nil {
		return nil, err
	}
	return struct {
		Host string          `json:"host"`
		Body json.RawMessage `json:"body"`
	}{s.client.host(), body}, nil
}
