package history

import "testing"

// inVault is a history of a customer with two cards in which nothing is wrong: both
// were stored, the first is charged, replaced and removed.
func inVault() History {
	visa := Method{ID: "pm1", Profile: "P1", Card: "visa 5439 12/2030", Default: true}
	renewed := Method{ID: "pm1", Profile: "P1", Card: "visa 5439 12/2034", Default: true}
	discover := Method{ID: "pm2", Profile: "P2", Card: "discover 6909 03/2029"}
	last := discover
	last.Default = true
	h := History{
		Customers: []Customer{{ID: "c1", Methods: []Method{last}}},
		Profiles:  []Profile{{ID: "P2", Card: discover.Card}, {ID: "desk", Card: "visa 5439 12/2030", ByClerk: true}},
		Events: []Event{
			{ID: "e1", Payment: "q", Version: 2, Type: "payment_method.created", Customer: "c1", Method: visa},
			{ID: "e2", Payment: "q", Version: 4, Type: "payment_method.created", Customer: "c1", Method: discover},
			{ID: "e3", Payment: "q", Version: 6, Type: "payment_method.updated", Customer: "c1", Method: renewed},
			{ID: "e4", Payment: "q", Version: 7, Type: "payment_method.updated", Customer: "c1", Method: last},
			{ID: "e5", Payment: "q", Version: 7, Type: "payment_method.deleted", Customer: "c1", Method: renewed},
		},
	}
	for _, key := range []string{"k1", "k2"} {
		h.Calls = append(h.Calls, Call{At: at(1), Until: at(2), Verb: Add, Key: key, Customer: "c1", Budget: 9e9, Status: 201, Operation: Operation{ID: "op" + key, Status: "approved"}})
	}
	h.Calls = append(h.Calls, Call{At: at(50), Until: at(51), Verb: Remove, Customer: "c1", Method: "pm1", Budget: 9e9, Status: 204})
	h.send(1, Send{Kind: addProfile, Subject: "P1", Token: "t1"}, "k1")
	h.send(2, Send{Kind: addProfile, Subject: "P2", Token: "t2"}, "k2")
	h.send(30, Send{Kind: replaceProfile, Subject: "P1", Token: "t3"}, "k3")
	h.send(40, Send{Kind: "sale", Subject: "REF", Order: "o1", Profile: "P1"}, "")
	h.send(60, Send{Kind: removeProfile, Subject: "P1"}, "")
	return h
}

// anew is the customer once more, of whom one card is told.
func (h *History) anew(version int64) {
	m := Method{ID: "pm4", Profile: "P4", Card: "visa 5439 12/2030"}
	h.Customers[0].Methods = append(h.Customers[0].Methods, m)
	h.Profiles = append(h.Profiles, Profile{ID: "P4", Card: m.Card})
	h.Events = append(h.Events, Event{ID: "e6", Payment: "q", Version: version, Type: "payment_method.created", Customer: "c1", Method: m})
}

// hears is a telling that a subscriber has taken.
func (h *History) hears(event string, version int64, when float64) {
	h.Receipts = append(h.Receipts, Receipt{
		At: at(when), Until: at(when), Subscriber: "shop", Lane: "q", Event: event, Payment: "q", Version: version, Acted: true,
	})
}

// send is a sending with its intent, and, of a profile, as PayTrace has read it.
func (h *History) send(when float64, s Send, key string) {
	s.Instance, s.At, s.SendBefore = "one", at(when), at(when+5)
	h.Intents = append(h.Intents, Intent{
		At: at(when - 0.5), Instance: "one", Kind: s.Kind, Subject: s.Subject, SendBefore: s.SendBefore, Key: key, Customer: "c1",
	})
	h.Sends = append(h.Sends, s)
	if operation := asProfile[s.Kind]; operation != "" {
		h.Arrivals = append(h.Arrivals, Arrival{At: at(when + 1), Operation: operation, Profile: s.Subject, HTTPStatus: 200, Acted: true})
	}
}

func TestTheVaultIsJudged(t *testing.T) {
	sale := Send{Kind: "sale", Subject: "REF2", Order: "o2", Profile: "P1"}
	pay := Call{Verb: Pay, Key: "k9", Order: "o2", Budget: 9e9, Status: 503, Outcome: "unknown"}
	for name, c := range map[string]struct {
		rule string // "" for a history that breaks none
		do   func(*History)
	}{
		"two cards, one of them gone": {"", func(*History) {}},
		"a card that is added twice":  {SentOnce, func(h *History) { h.send(5, Send{Kind: addProfile, Subject: "P2", Token: "t2"}, "k2") }},
		"a card that is put in twice": {SentOnce, func(h *History) { h.send(35, Send{Kind: replaceProfile, Subject: "P1", Token: "t3"}, "k3") }},
		"another card that is put in": {"", func(h *History) { h.send(35, Send{Kind: replaceProfile, Subject: "P1", Token: "t4"}, "k4") }},
		"a profile deleted twice":     {"", func(h *History) { h.send(70, Send{Kind: removeProfile, Subject: "P1"}, "") }},
		"a refused log-in, and again": {"", func(h *History) {
			h.Arrivals[1].HTTPStatus = 401
			h.send(5, Send{Kind: addProfile, Subject: "P2", Token: "t2"}, "k2")
		}},
		"one key that makes two profiles": {StoredOnce, func(h *History) { h.send(5, Send{Kind: addProfile, Subject: "P3", Token: "t5"}, "k2") }},
		"one key with two ends": {StoredOnce, func(h *History) {
			c := h.Calls[1]
			c.At, c.Until, c.Status, c.Code, c.Operation = at(100), at(101), 422, "vault_not_stored", Operation{}
			h.Calls = append(h.Calls, c)
		}},
		"a profile that is nobody's":   {VaultAgrees, func(h *History) { h.Profiles = append(h.Profiles, Profile{ID: "P3"}) }},
		"a method without its profile": {VaultAgrees, func(h *History) { h.Profiles = h.Profiles[1:] }},
		"a method with another card":   {VaultAgrees, func(h *History) { h.Profiles[0].Card = "visa 5439 12/2030" }},
		"one profile of two customers": {VaultAgrees, func(h *History) {
			h.Customers = append(h.Customers, Customer{ID: "c2", Methods: []Method{{ID: "pm3", Profile: "P2", Card: h.Profiles[0].Card, Default: true}}})
		}},
		"a change that is never decided": {VaultAgrees, func(h *History) { h.Customers[0].Pending = 1 }},
		"no default": {VaultAgrees, func(h *History) {
			h.Customers[0].Methods[0].Default = false
			h.Events[3].Method.Default = false
		}},
		"a removed card is charged": {Forgotten, func(h *History) { h.send(55, sale, "") }},
		"a removed card is charged for who asked before": {"", func(h *History) {
			pay.At, pay.Until = at(49), at(52)
			h.Calls = append(h.Calls, pay)
			h.send(55, sale, "")
		}},
		"a removed card is charged for who was told that nothing was sent": {Forgotten, func(h *History) {
			pay.At, pay.Until, pay.Outcome = at(40), at(41), "not_sent"
			h.Calls = append(h.Calls, pay)
			h.send(55, sale, "")
		}},
		"a change that was told to nobody":  {CardsTold, func(h *History) { h.Events = append(h.Events[:3:3], h.Events[4]) }},
		"a removal that was told to nobody": {CardsTold, func(h *History) { h.Events = h.Events[:4] }},
		"an addition that was told nobody":  {CardsTold, func(h *History) { h.Events = append(h.Events[:1:1], h.Events[2], h.Events[4]) }},
		"a customer who comes anew": {"", func(h *History) {
			h.anew(8)
			h.hears("e5", 7, 1)
			h.hears("e6", 8, 2)
		}},
		"a customer who comes anew, and whose versions do too": {HeardInOrder, func(h *History) {
			h.anew(2)
			h.hears("e5", 7, 1)
			h.hears("e6", 2, 2)
		}},
		"a customer who comes anew, told before the last one is gone": {HeardInOrder, func(h *History) {
			h.anew(8)
			h.hears("e6", 8, 1)
			h.hears("e5", 7, 2)
		}},
		"a customer that the run began with": {"", func(h *History) { h.Customers = append(h.Customers, Customer{ID: "old"}) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := inVault()
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
