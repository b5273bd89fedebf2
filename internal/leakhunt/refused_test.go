package leakhunt

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Whoever sends card data to where it does not belong is refused, and nothing
// may be left of it in any store, log or answer. What transport buffers keep
// until they are used again is measured, and told.
func TestARefusedCardIsStoredAndToldNowhere(t *testing.T) {
	t.Parallel()
	onEveryLedger(t, (*town).clerkTypesCards, func(t *testing.T, w *town) {
		w.loginEchoes()
		w.subscribersEcho()
		w.driveTheContract()
		w.shoutCards()
		w.logInWithCards()
		w.payTraceEchoes()
		w.commandsWithCards()
		w.tellAll()
		w.commands()
		w.residue("after the last of them")
		wantNothing(t, w.search())
	})
}

// residue tells how many of the refused cards are in the memory, and in which
// form.
func (w *town) residue(when string) int {
	w.t.Helper()
	cards, forms := map[string]bool{}, map[string]int{}
	for _, h := range w.memory(w.gateway, Card, Account) {
		cards[h.Canary] = true
		forms[h.Form] += h.Count
	}
	w.t.Logf("residue in memory, %s: %d of %d cards; %v", when, len(cards), len(w.cage.Canaries(Card, Account)), forms)
	rows := map[string]int{}
	for c := range cards {
		row, _, _ := strings.Cut(c, ",")
		rows[row]++
	}
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		w.t.Logf("  %s: %d", row, rows[row])
	}
	return len(cards)
}
