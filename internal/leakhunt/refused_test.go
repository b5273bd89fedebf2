package leakhunt

import "testing"

// Whoever sends card data to where it does not belong is refused, and nothing
// may be left of it in any store, log or answer. What transport buffers keep
// until they are used again is measured, and told.
func TestARefusedCardIsStoredAndToldNowhere(t *testing.T) {
	t.Parallel()
	onEveryLedger(t, func(t *testing.T, w *town) {
		w.driveTheContract()
		wantNothing(t, w.search())
	})
}
