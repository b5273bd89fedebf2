package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// noon is noon Pacific on a day like any other.
var noon = time.Date(2026, time.November, 20, 20, 0, 0, 0, time.UTC)

func openAtNoon(t *testing.T) *account {
	return openAccount(t, simulator.Options{Now: func() time.Time { return noon }, DemoCustomers: true})
}

// exportIDs exports the noon's day with a filter, and returns the ids.
func (a *account) exportIDs(filter string) []string {
	a.t.Helper()
	_, answer := a.post("transactions/export/by_date_range", `{"start_date":"11/20/2026","end_date":"11/20/2026"`+filter+`}`)
	if answer["success"] != true {
		a.t.Fatalf("export: %v", answer)
	}
	ids := []string{}
	for _, row := range rows(answer, "transactions") {
		ids = append(ids, fmt.Sprint(row["transaction_id"]))
	}
	return ids
}

func TestExportFilters(t *testing.T) {
	a := openAtNoon(t)
	sale := a.approve("sale/by_customer", `"amount":"1","customer_id":"demo-visa","invoice_id":"Order-100","customer_reference_id":"REFAAA"`)
	auth := a.approve("authorization/keyed", `"amount":"2","invoice_id":"Order-200","customer_reference_id":"REFBBB",`+keyedVisa)
	voided := a.sell("3")
	a.on("void", voided, "")
	_, declined := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"1.12",`+keyedVisa+`}`)
	declinedID := fmt.Sprint(declined["transaction_id"])
	cases := []struct {
		filter string
		want   []string
	}{
		{``, []string{sale, auth, voided, declinedID}},
		{`,"including_text":"refbbb"`, []string{auth}},
		{`,"including_text":"Order-"`, []string{sale, auth}},
		{`,"customer_id":"demo-visa"`, []string{sale}},
		{`,"transaction_id":` + auth, []string{auth}},
		{`,"transaction_type":"AUTHORIZATION"`, []string{auth}},
		{`,"transaction_type":"VOID"`, []string{voided}},
		{`,"transaction_type":"PENDING"`, []string{sale}},
		{`,"transaction_type":"DECLINED"`, []string{declinedID}},
		{`,"transaction_type":"SETTLED"`, []string{}},
		{`,"transaction_type":"STR/FWD"`, []string{}},
	}
	for _, c := range cases {
		t.Run(c.filter, func(t *testing.T) {
			if got := a.exportIDs(c.filter); strings.Join(got, " ") != strings.Join(c.want, " ") {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestExportShowsWhereATransactionStands(t *testing.T) {
	a := openAtNoon(t)
	settled := a.sell("5")
	a.control("POST", "/settle", "")
	captured := a.authorize("5")
	a.on("authorization/capture", captured, "")
	voided := a.sell("5")
	a.on("void", voided, "")
	_, declined := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"1.12",`+keyedVisa+`}`)
	cases := []struct{ id, code, message, settled string }{
		{settled, "GB1", "GB1", "11/20/2026 12:00:00 PM"},
		{captured, "Y", "Pending Settlement", ""},
		{a.authorize("5"), "N", "Authorization Only", ""},
		{voided, "N", "VOIDED", ""},
		{fmt.Sprint(declined["transaction_id"]), "N", "DECLINED", ""},
	}
	for _, c := range cases {
		t.Run(c.message, func(t *testing.T) {
			row := rows(a.on("export/by_id", c.id, ""), "transactions")[0]
			if row["status_code"] != c.code || row["status_message"] != c.message || row["settled"] != c.settled {
				t.Errorf("got %v %v %v", row["status_code"], row["status_message"], row["settled"])
			}
		})
	}
}

func TestExportLagsAndIsCappedAndShowsItsZone(t *testing.T) {
	now := noon
	a := openAccount(t, simulator.Options{Now: func() time.Time { return now }})
	first := a.sell("1")
	a.control("PUT", "/faults", `{"export":{"lagSeconds":60}}`)
	now = now.Add(59 * time.Second)
	second := a.sell("2")
	if got := a.exportIDs(""); len(got) != 0 {
		t.Errorf("within the lag the export shows %v", got)
	}
	now = now.Add(time.Second)
	if got := a.exportIDs(""); len(got) != 1 || got[0] != first {
		t.Errorf("after the lag of the first the export shows %v", got)
	}
	if got := rows(a.on("export/by_id", second, ""), "transactions"); len(got) != 0 {
		t.Errorf("by_id does not lag: %v", got)
	}
	a.control("PUT", "/faults", `{"export":{"rowCap":1,"timeZone":"America/New_York"}}`)
	if got := a.exportIDs(""); len(got) != 1 || got[0] != first {
		t.Errorf("capped at one row, the export shows %v", got)
	}
	made := rows(a.on("export/by_id", first, ""), "transactions")[0]["created"].(map[string]any)
	if made["at"] != "11/20/2026 3:00:00 PM" {
		t.Errorf("in New York it was made at %v", made["at"])
	}
}

func TestExportMasksTheCard(t *testing.T) {
	a := openAtNoon(t)
	id := a.approve("sale/by_customer", `"amount":"1","customer_id":"demo-amex"`)
	for body, want := range map[string]string{
		`{"transaction_id":"` + id + `"}`:                    "***********2376",
		`{"transaction_id":"` + id + `","include_bin":true}`: "371449*****2376",
	} {
		_, answer := a.post("transactions/export/by_id", body)
		got := rows(answer, "transactions")[0]["credit_card"].(map[string]any)["masked_number"]
		if got != want {
			t.Errorf("mask %v, want %s", got, want)
		}
	}
}

func TestUnknownIDExportsNothingOrError811(t *testing.T) {
	a := openAtNoon(t)
	if answer := a.on("export/by_id", "1", ""); answer["success"] != true || len(rows(answer, "transactions")) != 0 {
		t.Errorf("answer %v, want an empty list", answer)
	}
	a.control("PUT", "/settings", `{"exportNotFound":"811"}`)
	if answer := a.on("export/by_id", "1", ""); result(answer) != "error 811" {
		t.Errorf("answer %v, want error 811", answer)
	}
}

func TestDemoCustomersAreExportedWithTheirCards(t *testing.T) {
	a := openAtNoon(t)
	for id, last4 := range map[string]string{"demo-visa": "5439", "demo-mastercard": "0057", "demo-amex": "2376", "demo-discover": "6909"} {
		_, answer := a.post("customer/export", `{"customer_id":"`+id+`"}`)
		found := rows(answer, "customers")
		if len(found) != 1 {
			t.Fatalf("%s: %v", id, answer)
		}
		card := found[0]["credit_card"].(map[string]any)
		if !strings.HasSuffix(card["masked_number"].(string), last4) || fmt.Sprint(card["expiration_year"]) != "30" {
			t.Errorf("%s: card %v", id, card)
		}
	}
}

func TestSettlesAtEightPacificUnlessSwitchedOff(t *testing.T) {
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprint("autoSettle ", on), func(t *testing.T) {
			a := openAtNoon(t)
			a.control("PUT", "/settings", fmt.Sprintf(`{"autoSettle":%v}`, on))
			id := a.sell("5")
			a.control("POST", "/clock", `{"advanceSeconds":28799}`)
			a.token = a.logIn()
			if got := rows(a.on("export/by_id", id, ""), "transactions")[0]["status_code"]; got != "Y" {
				t.Errorf("a second before eight the status is %v", got)
			}
			a.control("POST", "/clock", `{"advanceSeconds":3600}`)
			a.token = a.logIn()
			want := map[bool]string{true: "11/20/2026 8:00:00 PM", false: ""}[on]
			if got := rows(a.on("export/by_id", id, ""), "transactions")[0]["settled"]; got != want {
				t.Errorf("an hour later settled is %q, want %q", got, want)
			}
		})
	}
}

func TestBatchesAddUp(t *testing.T) {
	a := openAtNoon(t)
	sale := a.sell("10.50")
	a.approve("sale/by_customer", `"amount":"2","customer_id":"demo-amex"`)
	a.on("void", a.sell("99"), "")
	a.control("POST", "/settle", "")
	a.on("refund/for_transaction", sale, "0.25")
	if got := a.control("POST", "/settle", ""); fmt.Sprint(got["batchNumber"], " ", got["transactionCount"]) != "2 1" {
		t.Errorf("second settlement %v", got)
	}
	_, list := a.post("batches/export", `{"start_date":"11/20/2026","end_date":"11/20/2026"}`)
	var nets []string
	for _, row := range rows(list, "batches") {
		nets = append(nets, fmt.Sprint(row["number"], ":", row["net_amount"]))
	}
	if got := strings.Join(nets, " "); got != "1:12.5 2:-0.25" {
		t.Errorf("batches %s", got)
	}
	_, one := a.post("batches/export_one", `{"batch_number":1}`)
	brands := one["batch"].(map[string]any)["brands"].(map[string]any)
	if got := fmt.Sprint(brands["visa"].(map[string]any)["sales_amount"], " ", brands["amex"].(map[string]any)["sales_amount"]); got != "10.5 2" {
		t.Errorf("by brand %s", got)
	}
	_, members := a.post("batches/transaction_list", `{"batch_number":"1"}`)
	if got := len(rows(members, "transactions")); got != 2 {
		t.Errorf("batch 1 lists %d transactions, want 2", got)
	}
}
