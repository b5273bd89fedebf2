package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A day's settlement is the same by the command as by the real PayTrace client, from
// the simulator's books.
func TestTheDaysSettlementIsShown(t *testing.T) {
	t.Parallel()
	s, paytrace, shop := serve(t)
	today := time.Now().UTC()
	days := []string{"settlement", "--from", today.AddDate(0, 0, -1).Format(time.DateOnly), "--to", today.AddDate(0, 0, 1).Format(time.DateOnly)}
	s.operate(days...).says(t, 0, "PayTrace shows nothing as settled from "+days[2], "America/Los_Angeles")

	made := shop.pay("sale", "a", paytrace.hostedFields(), 0)
	paytrace.ask(http.MethodPost, "/settle", "", nil)
	got := s.operate(days...)
	got.says(t, 0, "BATCH", "19.99", "Fees are in no sum", "agree on every transaction")
	table := s.operate(append(days, "--csv")...)
	table.says(t, 0, "settlementDate,settledAt,batchNumber", ",matched,"+made.PaymentID+",19.99,")
	if lines := strings.Count(table.stdout, "\n"); lines != 2 || table.stderr != "" {
		t.Errorf("%d lines, and %q:\n%s", lines, table.stderr, table.stdout)
	}
	s.operate("settlement", "--to", days[4]).says(t, 1, "--to stands without --from")
	s.operate("settlement", "--from", "yesterday").says(t, 1, "expected a date, such as 2026-03-02", "invalid_request")
	s.operate("settlement").says(t, 0, "America/Los_Angeles")
}

// Whatever is wrong with a report is said before anybody books it.
func TestWhatIsWrongWithASettlementIsSaid(t *testing.T) {
	r := settlementReport{SettledFrom: "2026-03-02", SettledTo: "2026-03-02", TimeZone: "UTC", DifferenceCount: 3, Differences: []settledTransaction{
		{TransactionID: "450583925", Match: "unmatched", TransactionKind: "sale", Amount: "19.99", OrderID: "phone\x1b[2J"},
	}}
	var said strings.Builder
	if err := r.print(&said); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{settlementCut, "do not agree on 3 of them", "450583925", "unmatched", "phone?[2J", "… and 2 more, which --csv shows"} {
		if !strings.Contains(said.String(), words) {
			t.Errorf("%q is not said:\n%s", words, &said)
		}
	}
	said.Reset()
	if err := (settlementReport{}).print(&said); err != nil || !strings.Contains(said.String(), settlementCut) {
		t.Errorf("of an empty report that was cut is said %q, %v", &said, err)
	}
}
