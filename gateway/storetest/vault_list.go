package storetest

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var vaultListSpecs = []spec{
	{"Customers/are in the order of their ids, by merchant and mode", customersInOrder},
	{"Customers/come in pages that begin after a customer", customersInPages},
	{"Customers/are chosen by a card that expires, each once", customersExpiring},
	{"DueVaultOperations/has what is due, from that moment on, longest due first", dueVaultOperations},
	{"DueVaultOperations/has at most the limit of each merchant, and of its removals", dueVaultOperationsOfEach},
	{"DueChecks/has customers with a method that is due, each once, longest due first", dueChecks},
	{"DueChecks/has those of one merchant and mode", dueChecksApart},
	{"DueChecks/has some while there are any, however many methods they have", dueChecksLimited},
}

func customers(t *testing.T, l gateway.Ledger, f gateway.CustomerFilter) []gateway.VaultCustomer {
	t.Helper()
	if f.MerchantID == "" {
		f.MerchantID, f.LiveMode = "m1", true
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
	page, err := l.Customers(t.Context(), f)
	if err != nil {
		t.Fatalf("Customers: %v", err)
	}
	return page
}

func customersInOrder(t *testing.T, l gateway.Ledger) {
	equal(t, "none", customers(t, l, gateway.CustomerFilter{}), []gateway.VaultCustomer(nil))
	b := stored(t, l, shopper("m1", "b", start))
	upper := stored(t, l, shopper("m1", "B", start))
	a := stored(t, l, shopper("m1", "a", start.Add(time.Hour)))
	a10 := stored(t, l, shopper("m1", "a-10", start))
	theirs := stored(t, l, shopper("m2", "a", start))
	test := shopper("m1", "a", start)
	test.LiveMode = false
	stored(t, l, test)
	gone := stored(t, l, shopper("m1", "c", start))
	applyVault(t, l, removing(gone, start.Add(time.Minute)))
	equal(t, "mine", customers(t, l, gateway.CustomerFilter{}), []gateway.VaultCustomer{upper, a, a10, b})
	equal(t, "theirs", customers(t, l, gateway.CustomerFilter{MerchantID: "m2", LiveMode: true}), []gateway.VaultCustomer{theirs})
	equal(t, "of test mode", customers(t, l, gateway.CustomerFilter{MerchantID: "m1"}), []gateway.VaultCustomer{test})
}

func customersInPages(t *testing.T, l gateway.Ledger) {
	var all []gateway.VaultCustomer
	for i := range 7 {
		c := shopper("m1", "cus_"+strconv.Itoa(i), start)
		c.Methods = append(c.Methods, method(start))
		all = append(all, stored(t, l, c))
	}
	for _, expires := range []int{0, 203012} {
		f := gateway.CustomerFilter{Limit: 3, ExpiresBy: expires}
		for _, want := range [][]gateway.VaultCustomer{all[:3], all[3:6], all[6:], nil} {
			page := customers(t, l, f)
			equal(t, "a page", page, want)
			if len(page) > 0 {
				f.After = page[len(page)-1].ID
			}
		}
	}
	none, err := l.Customers(t.Context(), gateway.CustomerFilter{MerchantID: "m1", LiveMode: true})
	if err != nil || len(none) != 0 {
		t.Fatalf("of no more than none came %d, %v", len(none), err)
	}
}

func customersExpiring(t *testing.T, l gateway.Ledger) {
	made := map[string]gateway.VaultCustomer{}
	for id, cards := range map[string][]gateway.CardSummary{
		"a": {{ExpirationMonth: "12", ExpirationYear: "2026"}, {ExpirationMonth: "01", ExpirationYear: "2027"}},
		"b": {{ExpirationMonth: "01", ExpirationYear: "2027"}},
		"c": {{ExpirationMonth: "02", ExpirationYear: "2027"}, {ExpirationMonth: "11", ExpirationYear: "2026"}},
		"d": {{ExpirationMonth: "10", ExpirationYear: "2027"}},
		"e": {{LastFour: "1111"}},
		"f": nil,
	} {
		c := shopper("m1", id, start)
		c.Methods = nil
		for _, card := range cards {
			m := method(start)
			m.Card = card
			c.Methods = append(c.Methods, m)
		}
		made[id] = stored(t, l, c)
	}
	for _, other := range []gateway.VaultCustomer{shopper("m2", "d", start), shopper("m1", "d", start)} {
		other.LiveMode = other.MerchantID == "m2"
		other.Methods[0].Card = gateway.CardSummary{ExpirationMonth: "01", ExpirationYear: "2020"}
		stored(t, l, other)
	}
	for expires, want := range map[int]string{202610: "", 202611: "c", 202612: "ac", 202701: "abc", 202709: "abc", 202710: "abcd"} {
		ids := ""
		for _, c := range customers(t, l, gateway.CustomerFilter{ExpiresBy: expires}) {
			ids += c.ID
			equal(t, "customer", c, made[c.ID])
		}
		if ids != want {
			t.Errorf("by %d expire %q, want %q", expires, ids, want)
		}
	}
	renewed := onward(made["a"], start.Add(time.Minute), method(start))
	applyVault(t, l, gateway.VaultChange{Customer: &renewed})
	applyVault(t, l, removing(made["b"], start.Add(time.Minute)))
	equal(t, "afterwards", customers(t, l, gateway.CustomerFilter{ExpiresBy: 202701}), []gateway.VaultCustomer{made["c"]})
}

func wantDueOperations(t *testing.T, l gateway.Ledger, now time.Time, limit int, want ...gateway.VaultOperation) {
	t.Helper()
	due, err := l.DueVaultOperations(t.Context(), now, limit)
	if err != nil {
		t.Fatalf("DueVaultOperations: %v", err)
	}
	equal(t, "the due operations", due, append([]gateway.VaultOperation{}, want...))
}

func dueVaultOperations(t *testing.T, l gateway.Ledger) {
	made := map[int]gateway.VaultOperation{}
	for i, merchant := range []string{"m1", "m2", "m1"} {
		minutes := []int{3, 1, 2}[i]
		change := adding(shopper(merchant, "cus_"+strconv.Itoa(i), start))
		change.Customer.LiveMode, change.Operations[0].LiveMode, change.Events = i == 0, i == 0, nil
		change.Operations[0].Due = start.Add(time.Duration(minutes) * time.Minute)
		applyVault(t, l, change)
		made[minutes] = change.Operations[0]
	}
	idle := adding(shopper("m1", "cus_idle", start))
	idle.Operations[0].Due = time.Time{}
	applyVault(t, l, idle)

	wantDueOperations(t, l, made[1].Due.Add(-time.Microsecond), 10)
	wantDueOperations(t, l, made[1].Due, 10, made[1])
	wantDueOperations(t, l, later, 10, made[1], made[2], made[3])
	wantDueOperations(t, l, later, 1, made[1], made[2])
	wantDueOperations(t, l, later, 0)
	moved := afterwards(made[1], gateway.OpUnknown, later.Add(time.Hour), start.Add(time.Hour))
	done := afterwards(made[2], gateway.OpApproved, time.Time{}, start.Add(time.Hour))
	applyVault(t, l, gateway.VaultChange{Operations: []gateway.VaultOperation{moved}},
		gateway.VaultChange{Operations: []gateway.VaultOperation{done}})
	wantDueOperations(t, l, later, 10, made[3])
	wantDueOperations(t, l, later.Add(time.Hour), 10, made[3], moved)
}

// dueVaultOperationsOfEach has many removals in front of a merchant's other work,
// and of another merchant's.
func dueVaultOperationsOfEach(t *testing.T, l gateway.Ledger) {
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	due := func(merchant string, verb gateway.VaultVerb, minutes int) gateway.VaultOperation {
		change := adding(shopper(merchant, "cus_"+strconv.Itoa(minutes), start))
		change.Operations[0].Verb, change.Operations[0].Due, change.Events = verb, at(minutes), nil
		applyVault(t, l, change)
		return change.Operations[0]
	}
	var removals []gateway.VaultOperation
	for minutes := range 6 {
		removals = append(removals, due("m1", gateway.VaultRemove, minutes))
	}
	lost, replaced, third := due("m1", gateway.VaultAdd, 6), due("m1", gateway.VaultReplace, 7), due("m1", gateway.VaultAdd, 8)
	others, other := due("m2", gateway.VaultRemove, 9), due("m2", gateway.VaultAdd, 10)

	wantDueOperations(t, l, later, 1, removals[0], lost, others, other)
	wantDueOperations(t, l, later, 2, removals[0], removals[1], lost, replaced, others, other)
	wantDueOperations(t, l, at(8), 5, append(removals[:5:5], lost, replaced, third)...)
}

func checks(t *testing.T, l gateway.Ledger, now time.Time, limit int) []gateway.VaultCustomer {
	t.Helper()
	due, err := l.DueChecks(t.Context(), "m1", true, now, limit)
	if err != nil {
		t.Fatalf("DueChecks: %v", err)
	}
	return due
}

// checked makes a customer with a method for each of the minutes after start at
// which it is to be compared, and with one that is not to be.
func checked(t *testing.T, l gateway.Ledger, id string, minutes ...int) gateway.VaultCustomer {
	t.Helper()
	c := shopper("m1", id, start)
	c.Methods[0].CheckDue = time.Time{}
	for _, n := range minutes {
		m := method(start)
		m.CheckDue = start.Add(time.Duration(n) * time.Minute)
		c.Methods = append(c.Methods, m)
	}
	return stored(t, l, c)
}

func dueChecks(t *testing.T, l gateway.Ledger) {
	first := checked(t, l, "z", 5, 1)
	third := checked(t, l, "a", 3, 9)
	second := checked(t, l, "b", 2)
	checked(t, l, "idle")
	equal(t, "before", checks(t, l, start.Add(time.Minute-time.Microsecond), 10), []gateway.VaultCustomer(nil))
	equal(t, "at the first", checks(t, l, start.Add(time.Minute), 10), []gateway.VaultCustomer{first})
	equal(t, "later", checks(t, l, later, 10), []gateway.VaultCustomer{first, second, third})
	equal(t, "two", checks(t, l, later, 2), []gateway.VaultCustomer{first, second})
	equal(t, "none", checks(t, l, later, 0), []gateway.VaultCustomer(nil))
	first = onward(first, start.Add(time.Minute), slices.Clone(first.Methods)...)
	first.Methods[2].CheckDue = later.Add(time.Hour)
	applyVault(t, l, gateway.VaultChange{Customer: &first})
	applyVault(t, l, removing(second, start.Add(time.Minute)))
	equal(t, "afterwards", checks(t, l, later, 10), []gateway.VaultCustomer{third, first})
}

func dueChecksApart(t *testing.T, l gateway.Ledger) {
	mine := checked(t, l, "cus_1", 1)
	test, theirs := mine, mine
	test.LiveMode, theirs.MerchantID = false, "m2"
	stored(t, l, test)
	stored(t, l, theirs)
	equal(t, "mine", checks(t, l, later, 10), []gateway.VaultCustomer{mine})
	for _, other := range []gateway.VaultCustomer{test, theirs} {
		due, err := l.DueChecks(t.Context(), other.MerchantID, other.LiveMode, later, 10)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "the other's", due, []gateway.VaultCustomer{other})
	}
	for _, other := range []gateway.VaultCustomer{test, theirs} {
		other = onward(other, later)
		applyVault(t, l, gateway.VaultChange{Customer: &other})
		due, err := l.DueChecks(t.Context(), other.MerchantID, other.LiveMode, later, 10)
		if err != nil || len(due) != 0 {
			t.Fatalf("the other has nothing due, and has %+v, %v", due, err)
		}
	}
	equal(t, "mine still", checks(t, l, later, 10), []gateway.VaultCustomer{mine})
}

func dueChecksLimited(t *testing.T, l gateway.Ledger) {
	all := []gateway.VaultCustomer{checked(t, l, "a", 1, 2, 3, 4), checked(t, l, "b", 5, 6, 7), checked(t, l, "c", 8, 9)}
	for len(all) > 0 {
		due := checks(t, l, later, 2)
		if len(due) == 0 || len(due) > 2 {
			t.Fatalf("%d customers came of %d that are due", len(due), len(all))
		}
		equal(t, "those due longest", due, all[:len(due)])
		for _, c := range due {
			applyVault(t, l, removing(c, later))
		}
		all = all[len(due):]
	}
}
