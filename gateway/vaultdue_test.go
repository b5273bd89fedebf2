package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// More cards are deleted than one round looks at, and PayTrace takes seconds for
// each: a charge whose answer was lost is looked for all the same.
func TestSlowDeletionsKeepNoLookWaiting(t *testing.T) {
	days(t, time.Second, func(t *testing.T, h *house) {
		for i := range 300 {
			id := fmt.Sprint("leaves", i)
			a, err := h.createCustomer(9*time.Second, id, gateway.CreateCustomer{CustomerID: id, Card: fields(id)})
			h.vaulted(a, err, gateway.OpApproved)
		}
		h.slowly("delete_profile", 4*time.Second)
		for i := range 300 {
			if err := h.RemoveCustomer(t.Context(), as(""), fmt.Sprint("leaves", i)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second)
		h.loses("charge")
		h.create("lost", sale(1999))
		h.answers()
		h.slowly("delete_profile", 4*time.Second)
		time.Sleep(20 * time.Second)
		h.expect(h.byKey("lost"), nil, gateway.StatusApproved, gateway.OpApproved)
		time.Sleep(20 * time.Minute)
		if left := h.processor.Profiles(); len(left) != 0 {
			t.Errorf("PayTrace keeps %d profiles", len(left))
		}
	})
}
