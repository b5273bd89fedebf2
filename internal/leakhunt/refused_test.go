package leakhunt

import "testing"

// Whoever sends card data to where it does not belong is refused, and nothing
// may be left of it in any store, log or answer. What transport buffers keep
// until they are used again is measured, and told.
func TestARefusedCardIsStoredAndToldNowhere(t *testing.T) {
	t.Parallel()
	onEveryLedger(t, (*town).clerkTypesCards, func(t *testing.T, w *town) {
		w.loginEchoes()
		w.driveTheContract()
		w.shoutCards()
		w.logInWithCards()
		w.payTraceEchoes()
		if w.postgres == nil { // neither of these knows which ledger there is
			w.subscribersEcho()
			w.tellAll()
			w.commandsWithCards()
		}
		if dead := w.commands(); dead == 0 && w.postgres == nil {
			t.Error("no letter is dead, so that none was searched")
		}
		w.residue()
		wantNothing(t, w.search())
	})
}

// residue tells how many of the refused cards are in the memory, and in which
// form. They are in buffers that wait to be used again and in what the collector
// has freed: were they kept by anything of ours, most of them would be there.
func (w *town) residue() {
	w.t.Helper()
	cards, forms := map[string]bool{}, map[string]int{}
	for _, h := range w.memory(w.gateway, Card, Account) {
		cards[h.Canary] = true
		forms[h.Form] += h.Count
	}
	all := len(w.cage.Canaries(Card, Account))
	w.t.Logf("residue in memory: %d of %d cards; %v", len(cards), all, forms)
	if len(cards) > all/4 {
		w.t.Errorf("%d of %d refused cards are still in memory, which is more than buffers account for", len(cards), all)
	}
}
