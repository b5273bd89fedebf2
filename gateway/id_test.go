package gateway

import (
	"testing"
	"time"
)

// TestReferencesOfOneMomentStandTogether holds them to what their index needs:
// neighbours in a moment, and no two alike for all that.
func TestReferencesOfOneMomentStandTogether(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC).Truncate(256 * time.Millisecond)
	first, seen, beginnings := NewReference(now), map[string]bool{}, map[string]bool{}
	for i := range 2000 {
		r := NewReference(now.Add(time.Duration(i%256) * time.Millisecond))
		if !isReference(r) || r[:3] != first[:3] || seen[r] {
			t.Fatalf("%s is made after %s, again: %v", r, first, seen[r])
		}
		seen[r], beginnings[r[:6]] = true, true
	}
	if len(beginnings) < 1800 {
		t.Errorf("2000 references begin in %d ways, and invoices are told apart by that", len(beginnings))
	}
	if next := NewReference(now.Add(256 * time.Millisecond)); next[:3] == first[:3] {
		t.Errorf("%s is made a quarter of a second after %s", next, first)
	}
}
