package gateway

import (
	"sync"
	"time"
)

const (
	// maxVisitors bounds the customers that are remembered.
	maxVisitors = 1024
	// rememberedFor is about as long as a checkout takes.
	rememberedFor = 2 * time.Minute
)

// visitors are customers as they were last read, so that a shopper whose cards
// were shown, and who then pays with one, costs the ledger one read and not two:
// that of a payment took 25 to 40 µs of CPU. What is remembered decides nothing: the
// ledger takes an intent only for the customer as it stands (Change.Charges), and
// when it does not, the customer is forgotten and read.
type visitors struct {
	mu        sync.Mutex
	customers map[customerName]visitor
}

type visitor struct {
	VaultCustomer
	readAt time.Time
}

type customerName struct {
	merchantID string
	liveMode   bool
	id         string
}

func nameOf(c VaultCustomer) customerName { return customerName{c.MerchantID, c.LiveMode, c.ID} }

func newVisitors() *visitors { return &visitors{customers: map[customerName]visitor{}} }

func (v *visitors) get(name customerName, now time.Time) (VaultCustomer, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, ok := v.customers[name]
	return c.VaultCustomer, ok && now.Sub(c.readAt) < rememberedFor
}

// put remembers a customer, in the place of any other one when there is no room.
func (v *visitors) put(c VaultCustomer, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, there := v.customers[nameOf(c)]; !there && len(v.customers) >= maxVisitors {
		for other := range v.customers {
			delete(v.customers, other)
			break
		}
	}
	v.customers[nameOf(c)] = visitor{c, now}
}

func (v *visitors) forget(name customerName) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.customers, name)
}
