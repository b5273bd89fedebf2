package gateway

import (
	"reflect"
	"slices"
	"time"
)

// setDefault makes one method the default and no other. It changes nothing if
// the customer does not have it.
func (c *VaultCustomer) setDefault(methodID string, now time.Time) {
	if _, ok := c.Choose(methodID); !ok {
		return
	}
	for i, m := range c.Methods {
		if m.Default != (m.ID == methodID) {
			c.Methods[i].Default, c.Methods[i].UpdatedAt = m.ID == methodID, now
		}
	}
}

// remove takes a method out. If it was the default, the one stored longest
// becomes it.
func (c *VaultCustomer) remove(methodID string, now time.Time) {
	c.Methods = slices.DeleteFunc(c.Methods, func(m VaultMethod) bool { return m.ID == methodID })
	if _, ok := c.Choose(""); ok || len(c.Methods) == 0 {
		return
	}
	oldest := slices.MinFunc(c.Methods, func(a, b VaultMethod) int { return a.CreatedAt.Compare(b.CreatedAt) })
	c.setDefault(oldest.ID, now)
}

// compare has a method compared with its profile at that time.
func (c *VaultCustomer) compare(methodID string, at time.Time) {
	for i := range c.Methods {
		if c.Methods[i].ID == methodID {
			c.Methods[i].CheckDue = at
		}
	}
}

// setPending says which operation of the method is not decided, with "" that
// none is. It is for a customer that next has made.
func (c *VaultCustomer) setPending(methodID, operationID string) {
	switch {
	case operationID == "":
		delete(c.Pending, methodID)
	case c.Pending == nil:
		c.Pending = map[string]string{methodID: operationID}
	default:
		c.Pending[methodID] = operationID
	}
	if len(c.Pending) == 0 {
		c.Pending = nil
	}
}

// sameToReaders says that nothing has changed but version and time.
func sameToReaders(a, b VaultCustomer) bool {
	return a.Source == b.Source && reflect.DeepEqual(a.Methods, b.Methods)
}

// vaultEvents are one for each method that has come, changed or gone. Other
// Salesforce records are news of every method.
func vaultEvents(before, after VaultCustomer, origin Origin, operationID string, now time.Time) []Event {
	var events []Event
	var previous SourceRecords
	if before.Source != after.Source {
		previous = before.Source
	}
	tell := func(kind string, m VaultMethod) {
		events = append(events, Event{
			ID: NewEventID(now), MerchantID: after.MerchantID, OperationID: operationID,
			Type: kind, Version: after.Version, At: now,
			Vault: &VaultNews{
				LiveMode: after.LiveMode, CustomerID: after.ID, Source: after.Source, Previous: previous,
				Since: after.Counted(), Method: m, Stored: len(after.Methods), Origin: origin,
			},
		})
	}
	for _, m := range after.Methods {
		was, ok := before.method(m.ID)
		switch {
		case !ok:
			tell(EventMethodCreated, m)
		case !was.UpdatedAt.Equal(m.UpdatedAt) || before.Source != after.Source:
			tell(EventMethodUpdated, m)
		}
	}
	for _, m := range before.Methods {
		if _, ok := after.method(m.ID); !ok {
			tell(EventMethodDeleted, m)
		}
	}
	return events
}

// method is the one with that id; "" is none.
func (c VaultCustomer) method(id string) (VaultMethod, bool) {
	if id == "" {
		return VaultMethod{}, false
	}
	return c.Choose(id)
}
