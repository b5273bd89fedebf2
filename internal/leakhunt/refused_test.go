package leakhunt

import "testing"

// Whoever sends card data to where it does not belong is refused, and nothing
// may be left of it in any store, log or answer. What transport buffers keep
// until they are used again is measured, and told.
func TestARefusedCardIsStoredAndToldNowhere(t *testing.T) {
	t.Parallel()
	wholeHunt(t)
	onEveryLedger(t, (*town).clerkTypesCards, func(t *testing.T, w *town) {
		w.loginEchoes()
		w.driveTheContract()
		w.shoutCards()
		w.logInWithCards()
		w.payTraceEchoes()
		w.checksEcho()
		w.accountsAreRefused()
		if w.postgres == nil { // neither of these knows which ledger there is
			w.subscribersEcho()
			w.tellAll()
			w.commandsWithCards()
		}
		if dead := w.commands(); dead == 0 && w.postgres == nil {
			t.Error("no letter is dead, so that none was searched")
		}
		w.residue("refused on the ordinary listener", "", mostRefused)
		wantNothing(t, w.search())
	})
}
