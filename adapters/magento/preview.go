package magento

import "paytrace-gateway/gateway"

var _ gateway.Previewer = (*Sink)(nil)

// ModulePreview is what the module would get.
type ModulePreview struct {
	Way  Way `json:"way"`
	Body any `json:"body"`
}

// CorePreview is what would be done to the order by core REST. What of it is
// done already is seen only in the shop, right before.
type CorePreview struct {
	Way Way `json:"way"`
	// Deed is what the payment asks for.
	Deed        string `json:"deed"`
	IncrementID string `json:"incrementId"`
	StoreCode   string `json:"storeCode,omitempty"`
	// State and Status are where the order is led, empty where it stays.
	State  string `json:"state,omitempty"`
	Status string `json:"status,omitempty"`
	// Comment is what the order's history gets.
	Comment   string `json:"comment"`
	Attention string `json:"attention,omitempty"`
}

// NotSent is an event of which the shop is told nothing.
type NotSent struct {
	Way Way    `json:"way"`
	Why string `json:"notSent"`
}

// Preview shows what an event becomes, without a look at the shop.
func (s *Sink) Preview(e gateway.Event) (any, error) {
	t := s.config.plan(e)
	if t.deed == leave {
		return NotSent{s.config.Way, t.why}, nil
	}
	// One mapping serves both ways.
	event := s.config.moduleEvent(t)
	if s.config.Way == WayModule {
		return ModulePreview{s.config.Way, moduleBody{event}}, nil
	}
	return CorePreview{
		Way: s.config.Way, Deed: string(t.deed), IncrementID: event.Order.IncrementID, StoreCode: event.Order.StoreCode,
		State: event.Order.State, Status: event.Order.Status, Comment: event.Message, Attention: t.attention,
	}, nil
}
