package storetest

import (
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var listSpecs = []spec{
	{"Payments/are listed newest first, of one merchant", listNewestFirst},
	{"Payments/pages follow each other without a gap while new payments arrive", listPages},
	{"Payments/pages keep apart payments of one instant", listOneInstant},
	{"Payments/filters select, alone and together", listFilters},
	{"Payments/pages of several statuses are one list", listStatuses},
	{"Payments/a filter follows the payment when it changes", listFollows},
	{"Payments/a limit of nothing lists nothing", listNothing},
}

func listNewestFirst(t *testing.T, l gateway.Ledger) {
	var want []gateway.Payment
	for _, i := range []int{2, 0, 3, 1} {
		want = append(want, applied(t, l, Sale("m1", start.Add(time.Duration(i)*time.Minute))))
	}
	apply(t, l, Sale("m2", start))
	slices.SortFunc(want, func(a, b gateway.Payment) int { return b.CreatedAt.Compare(a.CreatedAt) })
	equal(t, "the list", list(t, l, gateway.PaymentFilter{Limit: 10}), want)
	equal(t, "a short list", list(t, l, gateway.PaymentFilter{Limit: 3}), want[:3])
}

func listPages(t *testing.T, l gateway.Ledger) {
	var want []string
	for i := range 23 {
		p := applied(t, l, Sale("m1", start.Add(time.Duration(i)*time.Second)))
		want = append([]string{p.ID}, want...)
	}
	var got []string
	filter := gateway.PaymentFilter{Limit: 5}
	for page := list(t, l, filter); len(page) > 0; page = list(t, l, filter) {
		got = append(got, ids(page)...)
		filter.Before = got[len(got)-1]
		apply(t, l, Sale("m1", start.Add(time.Duration(len(got))*time.Hour)))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the pages have\n%v\nwant\n%v", got, want)
	}
}

func listOneInstant(t *testing.T, l gateway.Ledger) {
	var want []string
	for range 9 {
		want = append(want, applied(t, l, Sale("m1", start)).ID)
	}
	var got []string
	filter := gateway.PaymentFilter{Limit: 2}
	for page := list(t, l, filter); len(page) > 0; page = list(t, l, filter) {
		got = append(got, ids(page)...)
		filter.Before = got[len(got)-1]
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("the pages have\n%v\nwant each once\n%v", got, want)
	}
}

func listFilters(t *testing.T, l gateway.Ledger) {
	old := Sale("m1", start)
	old.Payment.OrderID, old.Payment.NeedsAttention = "A", true
	mid := Sale("m1", start.Add(time.Minute))
	mid.Payment.OrderID = "B"
	young := Sale("m1", start.Add(2*time.Minute))
	young.Payment.OrderID, young.Payment.Status = "A", gateway.StatusUnknown
	other := Sale("m2", start)
	other.Payment.OrderID = "A"
	apply(t, l, old, mid, young, other)
	a, b, c := old.Payment, mid.Payment, young.Payment

	yes, no := true, false
	for name, test := range map[string]struct {
		filter gateway.PaymentFilter
		want   []gateway.Payment
	}{
		"none":                     {gateway.PaymentFilter{}, []gateway.Payment{c, b, a}},
		"order":                    {gateway.PaymentFilter{OrderID: "A"}, []gateway.Payment{c, a}},
		"order of no payment":      {gateway.PaymentFilter{OrderID: "C"}, nil},
		"status":                   {gateway.PaymentFilter{Statuses: []gateway.Status{gateway.Sending}}, []gateway.Payment{b, a}},
		"attention":                {gateway.PaymentFilter{NeedsAttention: &yes}, []gateway.Payment{a}},
		"no attention":             {gateway.PaymentFilter{NeedsAttention: &no}, []gateway.Payment{c, b}},
		"from, inclusive":          {gateway.PaymentFilter{CreatedFrom: b.CreatedAt}, []gateway.Payment{c, b}},
		"from, a microsecond late": {gateway.PaymentFilter{CreatedFrom: b.CreatedAt.Add(time.Microsecond)}, []gateway.Payment{c}},
		"to, exclusive":            {gateway.PaymentFilter{CreatedTo: b.CreatedAt}, []gateway.Payment{a}},
		"from and to":              {gateway.PaymentFilter{CreatedFrom: b.CreatedAt, CreatedTo: c.CreatedAt}, []gateway.Payment{b}},
		"order and status":         {gateway.PaymentFilter{OrderID: "A", Statuses: []gateway.Status{gateway.Sending}}, []gateway.Payment{a}},
		"order, on the next page":  {gateway.PaymentFilter{OrderID: "A", Before: c.ID}, []gateway.Payment{a}},
		"attention and order":      {gateway.PaymentFilter{OrderID: "B", NeedsAttention: &yes}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			test.filter.Limit = 10
			equal(t, "the list", list(t, l, test.filter), test.want)
		})
	}
}

func listStatuses(t *testing.T, l gateway.Ledger) {
	kept := []gateway.Status{gateway.Sending, gateway.StatusUnknown, gateway.Failed}
	var want []string
	for i := range 24 {
		c := Sale("m1", start.Add(time.Duration(i)*time.Minute))
		c.Payment.Status = kept[i%3]
		p := applied(t, l, c)
		if p.Status != gateway.Failed && i >= 3 && i < 21 {
			want = append([]string{p.ID}, want...)
		}
	}
	filter := gateway.PaymentFilter{
		Statuses:    []gateway.Status{gateway.StatusUnknown, gateway.Sending, gateway.StatusUnknown},
		CreatedFrom: start.Add(3 * time.Minute), CreatedTo: start.Add(21 * time.Minute), Limit: 5,
	}
	var got []string
	for page := list(t, l, filter); len(page) > 0; page = list(t, l, filter) {
		got = append(got, ids(page)...)
		filter.Before = got[len(got)-1]
	}
	equal(t, "the pages", got, want)
	filter.Statuses, filter.Before = filter.Statuses[:1], ""
	equal(t, "one status", len(list(t, l, filter)), 5)
}

func listFollows(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	decided := Approval(c.Payment, start.Add(time.Second))
	decided.Payment.NeedsAttention = true
	apply(t, l, decided)
	yes := true
	for _, filter := range []gateway.PaymentFilter{{Statuses: []gateway.Status{gateway.StatusApproved}}, {NeedsAttention: &yes}} {
		filter.Limit = 10
		equal(t, "the list", list(t, l, filter), []gateway.Payment{decided.Payment})
	}
	if page := list(t, l, gateway.PaymentFilter{Statuses: []gateway.Status{gateway.Sending}, Limit: 10}); len(page) != 0 {
		t.Fatalf("a decided payment is still listed as sending: %+v", page)
	}
}

func listNothing(t *testing.T, l gateway.Ledger) {
	apply(t, l, Sale("m1", start))
	if page := list(t, l, gateway.PaymentFilter{}); len(page) != 0 {
		t.Fatalf("a limit of zero listed %d payments", len(page))
	}
}

func list(t *testing.T, l gateway.Ledger, f gateway.PaymentFilter) []gateway.Payment {
	t.Helper()
	f.MerchantID = "m1"
	page, err := l.Payments(t.Context(), f)
	if err != nil {
		t.Fatalf("Payments(%+v): %v", f, err)
	}
	return page
}

func ids(payments []gateway.Payment) []string {
	var ids []string
	for _, p := range payments {
		ids = append(ids, p.ID)
	}
	return ids
}
