package gateway

import (
	"fmt"
	"testing"
	"time"
)

func TestCustomersAreRememberedWithinBounds(t *testing.T) {
	v, now := newVisitors(), time.Now()
	for i := range 2 * maxVisitors {
		v.put(VaultCustomer{ID: fmt.Sprint(i)}, now)
	}
	last := VaultCustomer{ID: fmt.Sprint(2*maxVisitors - 1), Version: 2}
	v.put(last, now) // takes no other one's place
	if len(v.customers) != maxVisitors {
		t.Errorf("%d are remembered", len(v.customers))
	}
	if c, ok := v.get(nameOf(last), now.Add(rememberedFor-1)); !ok || c.Version != 2 {
		t.Errorf("%+v", c)
	}
	if c, ok := v.get(nameOf(last), now.Add(rememberedFor)); ok {
		t.Errorf("after so long: %+v", c)
	}
}
