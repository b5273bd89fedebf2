package salesforce

import (
	"fmt"

	"paytrace-gateway/gateway"
)

var _ gateway.Previewer = (*Sink)(nil)

// Preview is what an event becomes in the org.
type Preview struct {
	// Object is written by ExternalID, which has the value ID; without one, ID is
	// Salesforce's own.
	Object     string         `json:"object"`
	ExternalID string         `json:"externalID,omitempty"`
	ID         string         `json:"id"`
	Fields     map[string]any `json:"fields"`
	// PlatformEvent is published after that, if it is configured.
	PlatformEvent string         `json:"platformEvent,omitempty"`
	EventFields   map[string]any `json:"eventFields,omitempty"`
}

// Preview shows what an event becomes, without its being sent. It is a Preview,
// or nil where an event is about no payment. An event of the vault writes into
// several records, so it is a list of them; one that is emptied is only if it bears
// the customer.
func (s *Sink) Preview(e gateway.Event) (any, error) {
	if e.Vault != nil {
		return s.vaultPreview(*e.Vault), nil
	}
	if !concerns(e) {
		return nil, nil
	}
	r, err := recordOf(e, s.records, s.perOperation)
	if err != nil {
		return nil, fmt.Errorf("fields: %w", err)
	}
	config := s.client.config
	p := Preview{Object: config.Object, ExternalID: config.ExternalID, ID: r.id, Fields: r.fields}
	if s.events == nil {
		return p, nil
	}
	p.PlatformEvent = config.PlatformEvent
	if p.EventFields, err = s.events.Fields(e); err != nil {
		return nil, fmt.Errorf("eventFields: %w", err)
	}
	return p, nil
}

func (s *Sink) vaultPreview(n gateway.VaultNews) any {
	config := s.client.config
	if config.CustomerVaultField == "" {
		return nil
	}
	all := []Preview{}
	bearing, left := parting(n)
	for _, o := range left {
		all = append(all, Preview{Object: o.object, ID: o.id, Fields: config.vaultFields(nil)})
	}
	for _, o := range bearing {
		all = append(all, Preview{Object: o.object, ID: o.id, Fields: config.vaultFields(n.CustomerID)})
	}
	return all
}
