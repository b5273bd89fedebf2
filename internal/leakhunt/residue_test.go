package leakhunt

import (
	"slices"
	"strings"
)

// The share of cards that may be left in memory. What is charged has its places
// overwritten. What is refused has too, but for names and headers, which are
// copied. Who cannot read HTTP, as fasthttp and net/http cannot, quotes it in an
// error, which is text that nobody can overwrite.
const (
	mostCharged = 0.05
	mostRefused = 0.10
	mostQuoted  = 0.75
)

// residue tells how many of the numbers whose label begins so are in the memory,
// and in which form. They are in buffers that wait to be used again and in what
// the collector has freed: were they kept by anything of ours, most of them
// would be there.
func (w *town) residue(what, label string, most float64) {
	w.t.Helper()
	mine := func(canary string) bool {
		_, after, _ := strings.Cut(canary, " of ")
		return strings.HasPrefix(after, label)
	}
	all := len(slices.DeleteFunc(w.cage.Canaries(Card, Account), func(c Canary) bool { return !mine(c.String()) }))
	found, forms, codes := map[string]int{}, map[string]int{}, 0
	for _, h := range w.memory(w.gateway, Card, Account, CSC) {
		switch {
		case !mine(h.Canary):
		case strings.HasPrefix(h.Canary, string(CSC)):
			codes++
		default:
			found[h.Canary] += h.Count
			forms[h.Form] += h.Count
		}
	}
	share := float64(len(found)) / float64(all)
	w.t.Logf("residue of numbers %s: %d of %d (%.1f %%), as %v; codes: %d", what, len(found), all, 100*share, forms, codes)
	if share > most {
		w.t.Errorf("%.1f %% of the numbers %s are still in memory, want %.0f at most", 100*share, what, 100*most)
	}
}
