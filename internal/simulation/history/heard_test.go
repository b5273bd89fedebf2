package history

import "testing"

// heard is the sale's history with two changes of its payment, of which two
// subscribers were told.
func heard() History {
	h := sold()
	h.Subscribers = []string{"shop", "org"}
	h.Events = []Event{{ID: "e1", Payment: "pay1", Version: 1}, {ID: "e2", Payment: "pay1", Version: 2}, {ID: "u1"}}
	for i, e := range h.Events {
		for j, s := range h.Subscribers {
			start := float64(10*i + j)
			h.Receipts = append(h.Receipts, Receipt{
				At: at(start), Until: at(start + 0.5), Instance: "one", Subscriber: s, Lane: "o1",
				Event: e.ID, Payment: e.Payment, Version: e.Version, Acted: true,
			})
		}
	}
	return h
}

// toShop is one more telling to the shop.
func toShop(h *History, event string, version int64, start float64, acted bool) {
	h.Receipts = append(h.Receipts, Receipt{
		At: at(start), Until: at(start + 0.5), Instance: "two", Subscriber: "shop", Lane: "o1",
		Event: event, Payment: "pay1", Version: version, Acted: acted,
	})
}

func TestWhatSubscribersHeardIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		rule string // "" for a history that breaks none
		do   func(*History)
	}{
		"everybody heard of everything":  {"", func(*History) {}},
		"the same once more":             {"", func(h *History) { toShop(h, "e2", 2, 30, true) }},
		"an older state again":           {HeardInOrder, func(h *History) { toShop(h, "e1", 1, 30, true) }},
		"an older state that is refused": {"", func(h *History) { toShop(h, "e1", 1, 30, false) }},
		"an event that one never heard of": {HeardAll, func(h *History) {
			h.Receipts = h.Receipts[:len(h.Receipts)-1]
		}},
		"an event that was refused for ever": {HeardAll, func(h *History) { h.Receipts[3].Acted = false }},
		"a dead letter": {"", func(h *History) {
			h.Receipts[3].Acted = false
			h.Dead = []Dead{{Subscriber: "org", Event: "e2", Payment: "pay1", Version: 2}}
		}},
		"what waits behind a dead letter": {"", func(h *History) {
			h.Receipts[1].Acted, h.Receipts[3].Acted = false, false
			h.Dead = []Dead{{Subscriber: "org", Event: "e1", Payment: "pay1", Version: 1}}
		}},
		"another subscriber's dead letter": {HeardAll, func(h *History) {
			h.Receipts[3].Acted = false
			h.Dead = []Dead{{Subscriber: "shop", Event: "e2", Payment: "pay1", Version: 2}}
		}},
		"two at once on one lane":   {OneAtATime, func(h *History) { toShop(h, "e2", 2, 10.2, false) }},
		"two at once on two lanes":  {"", func(h *History) { toShop(h, "e2", 2, 10.2, false); h.Receipts[6].Lane = "o2" }},
		"one right after the other": {"", func(h *History) { toShop(h, "e2", 2, 10.5, false) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := heard()
			c.do(&h)
			found := Check(h)
			switch {
			case c.rule == "" && len(found) > 0:
				t.Errorf("found %v", found[0])
			case c.rule != "" && (len(found) == 0 || found[0].Rule != c.rule):
				t.Errorf("found %v, want %s", found, c.rule)
			}
		})
	}
}
