package history

import (
	"fmt"
	"slices"
	"time"
)

// Customer is a customer of the vault as the ledger has it in the end.
type Customer struct {
	ID      string
	Methods []Method
	// Pending is how many of its changes are not decided.
	Pending int
}

// Method is a stored card, and which of PayTrace's profiles it lies in. Card is
// what may be shown of it, as one text.
type Method struct {
	ID, Profile, Card string
	Default           bool
}

// Profile is a profile that PayTrace has in the end.
type Profile struct {
	ID, Card string
	ByClerk  bool
}

// The kinds of what is done to a profile.
const (
	addProfile     = "add"
	replaceProfile = "replace"
	removeProfile  = "remove"
)

// asProfile are their names at PayTrace.
var asProfile = map[string]string{
	addProfile: "customer_create", replaceProfile: "customer_update", removeProfile: "customer_delete",
}

// profileSentOnce: no card is sent to PayTrace a second time once it may have
// been read. A profile is asked for once, and changed once with each card.
func profileSentOnce(x *index) []Violation {
	type what struct{ operation, profile string }
	allowed, seen, arrived := map[what]int{}, map[Send]bool{}, map[what]int{}
	for _, s := range x.Sends {
		w := what{asProfile[s.Kind], s.Subject}
		once := Send{Kind: s.Kind, Subject: s.Subject, Token: s.Token}
		if s.Kind == removeProfile || !seen[once] {
			allowed[w]++
		}
		seen[once] = true
	}
	var found []Violation
	for _, a := range x.Arrivals {
		w := what{a.Operation, a.Profile}
		if a.refusedLogin() || !slices.Contains([]string{"customer_create", "customer_update", "customer_delete"}, a.Operation) {
			continue
		}
		arrived[w]++
		if arrived[w] == allowed[w]+1 {
			found = append(found, x.violation(SentOnce, w.operation+" "+w.profile,
				fmt.Sprintf("PayTrace has read more than the %d cards that may have left", allowed[w]), about{reference: w.profile}))
		}
	}
	return found
}

// storedOnce: one key makes one profile at most, and one operation has one end.
func storedOnce(x *index) []Violation {
	var found []Violation
	profiles := map[string]string{}
	for _, i := range x.Intents {
		if i.Kind != addProfile || i.Key == "" {
			continue
		}
		if first, there := profiles[i.Key]; there && first != i.Subject {
			found = append(found, x.violation(StoredOnce, "key "+i.Key, "it makes the profiles "+first+" and "+i.Subject, about{key: i.Key}))
		}
		profiles[i.Key] = i.Subject
	}
	for _, key := range x.keys {
		first := ""
		for _, c := range x.calls[key] {
			end := c.vaultEnd()
			if first == "" {
				first = end
			}
			if end != "" && end != first {
				found = append(found, x.violation(StoredOnce, "key "+key, "its end was told as "+first+" and as "+end, about{key: key}))
				break
			}
		}
	}
	return found
}

// vaultEnd is how a change of the vault ended, "" when the answer does not say.
func (c Call) vaultEnd() string {
	switch {
	case c.Customer == "" || c.Verb == Pay:
		return ""
	case c.Status == 200 || c.Status == 201:
		return "stored"
	case c.Code == "vault_not_stored" || (c.Code == "processor_rejected" && c.Status == 422):
		return c.Code
	}
	return ""
}

// vaultAgrees: in the end every profile that the gateway made belongs to one
// method, every method has its profile, with the card that PayTrace shows,
// nothing is undecided, and who has methods has one default.
func vaultAgrees(x *index) []Violation {
	var found []Violation
	wrong := func(subject, says string, a about) { found = append(found, x.violation(VaultAgrees, subject, says, a)) }
	cards, owners := map[string]string{}, map[string]string{}
	for _, p := range x.Profiles {
		cards[p.ID] = p.Card
	}
	for _, c := range x.Customers {
		defaults := 0
		for _, m := range c.Methods {
			at := about{reference: m.Profile, customer: c.ID}
			if m.Default {
				defaults++
			}
			if owner := owners[m.Profile]; owner != "" {
				wrong("profile "+m.Profile, "it belongs to "+owner+" and to "+m.ID, at)
			}
			owners[m.Profile] = m.ID
			switch card, there := cards[m.Profile]; {
			case !there:
				wrong("method "+m.ID, "PayTrace has no profile "+m.Profile, at)
			case card != m.Card:
				wrong("method "+m.ID, "it is shown as "+m.Card+", and PayTrace has "+card, at)
			}
		}
		if len(c.Methods) > 0 && defaults != 1 {
			wrong("customer "+c.ID, fmt.Sprintf("%d of its methods are the default", defaults), about{customer: c.ID})
		}
		if c.Pending > 0 {
			wrong("customer "+c.ID, "a change of it is never decided", about{customer: c.ID})
		}
	}
	for _, p := range x.Profiles {
		if owners[p.ID] == "" && !p.ByClerk {
			wrong("profile "+p.ID, "PayTrace keeps "+p.Card+", and nobody's it is", about{reference: p.ID})
		}
	}
	return found
}

// forgotten: a method is not charged by whoever asks after its removal was
// answered.
func forgotten(x *index) []Violation {
	profiles := map[string]string{}
	for _, e := range x.Events {
		if e.Method.ID != "" {
			profiles[e.Method.ID] = e.Method.Profile
		}
	}
	removed := map[string]time.Time{} // by profile
	for _, c := range x.Calls {
		profile := profiles[c.Method]
		if earlier, again := removed[profile]; c.Verb == Remove && c.Status == 204 && profile != "" && (!again || c.Until.Before(earlier)) {
			removed[profile] = c.Until
		}
	}
	var found []Violation
	for _, s := range x.Sends {
		at, gone := removed[s.Profile]
		if !gone || !s.At.After(at) || x.askedBefore(s, at) {
			continue
		}
		found = append(found, x.violation(Forgotten, "profile "+s.Profile,
			"it is charged after the removal of its method was answered at "+clock(at), about{reference: s.Subject}))
	}
	return found
}

// askedBefore says that a charge was under way at that time: some request of its
// order came before, and was not told by then that nothing was sent.
func (x *index) askedBefore(s Send, at time.Time) bool {
	return slices.ContainsFunc(x.Calls, func(c Call) bool {
		return c.Verb == Pay && c.Order == s.Order && c.At.Before(at) && !(c.Answered() && c.Until.Before(at) && c.Outcome == "not_sent")
	})
}

// cardsTold: who has heard every event of a customer knows what the ledger has in
// the end.
func cardsTold(x *index) []Violation {
	type known struct {
		version int64
		method  Method
	}
	heard := map[string]map[string]known{}
	for _, e := range x.Events {
		if e.Customer == "" {
			continue
		}
		if heard[e.Customer] == nil {
			heard[e.Customer] = map[string]known{}
		}
		switch before, there := heard[e.Customer][e.Method.ID]; {
		case there && before.version > e.Version:
		case e.Type == "payment_method.deleted":
			heard[e.Customer][e.Method.ID] = known{version: e.Version}
		default:
			heard[e.Customer][e.Method.ID] = known{e.Version, e.Method}
		}
	}
	for _, c := range x.Customers { // what the run began with was never told
		for _, m := range c.Methods {
			if heard[c.ID] == nil {
				heard[c.ID] = map[string]known{m.ID: {method: m}}
			}
		}
	}
	var found []Violation
	has := map[string]Method{}
	for _, c := range x.Customers {
		for _, m := range c.Methods {
			has[m.ID] = m
			if told := heard[c.ID][m.ID].method; told != m {
				found = append(found, x.violation(CardsTold, "method "+m.ID, fmt.Sprintf("it is %v, and was told as %v", m, told), about{customer: c.ID}))
			}
		}
	}
	for _, customer := range sorted(heard) {
		for _, id := range sorted(heard[customer]) {
			if told := heard[customer][id].method; told.ID != "" && has[id].ID == "" {
				found = append(found, x.violation(CardsTold, "method "+id, "nobody was told that it is gone", about{customer: customer}))
			}
		}
	}
	return found
}
