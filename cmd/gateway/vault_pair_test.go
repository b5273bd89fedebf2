package main

import (
	"fmt"
	"slices"
	"testing"
)

// Two gateways on one ledger are asked for the same changes, by clients that
// repeat each without waiting for the first answer.
func TestTwentyChangesOfOneCustomerOverTwoGateways(t *testing.T) {
	t.Parallel()
	p := servePair(t)
	for i, g := range p.gateways {
		g.withVault()
		g.stop()
		g.start()
		p.shops[i] = openShop(t, g.address, shopID, shopSecret)
	}
	shop, paytrace := p.shops[0], p.paytrace
	changes := shop.aboutToChange(paytrace)
	together(2*len(changes), func(i int) {
		// A card that is deleted twice is not found the second time.
		if c := changes[i/2]; c.key != "" || i%2 == 0 {
			c.insist(p.shops[i%2])
		}
	})
	shop.settlesOn(paytrace, 8)
	if stored, renewed := paytrace.arrived("customer_create"), paytrace.arrived("customer_update"); stored != 11 || renewed != 4 {
		t.Errorf("%d cards were stored and %d renewed at PayTrace, want 11 and 4", stored, renewed)
	}
	var ours, theirs []string
	for _, c := range p.shops[1].cards("c") {
		ours = append(ours, fmt.Sprintf("%s %s/%s", c.Last4Digits, c.ExpirationMonth, c.ExpirationYear))
	}
	for _, there := range paytrace.profiles() {
		theirs = append(theirs, fmt.Sprintf("%s %02d/%d", there.LastFour, there.ExpirationMonth, there.ExpirationYear))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if !slices.Equal(ours, theirs) {
		t.Errorf("the gateways show %s, and PayTrace has %s", ours, theirs)
	}
}
