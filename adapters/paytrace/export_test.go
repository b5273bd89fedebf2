package paytrace

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestDocumentedExportIsRead(t *testing.T) {
	f := newFake(t, always(200, string(readFile(t, "export.json"))))
	got, err := f.client(t).Transaction(context.Background(), "79388123")
	if err != nil {
		t.Fatal(err)
	}
	pacific, err := time.LoadLocation(DefaultTimeZone)
	if err != nil {
		t.Fatal(err)
	}
	want := gateway.Record{
		TransactionID: "79388123", Kind: gateway.KindSale, State: gateway.RecordSettled, Amount: 11000,
		OrderID: "inv1234", Reference: "PO123456", Card: gateway.CardSummary{LastFour: "5454"}, CreatedBy: "sandbox123",
		CreatedAt: time.Date(2015, 4, 10, 16, 6, 30, 0, pacific), SettledAt: time.Date(2015, 4, 10, 20, 13, 45, 0, pacific), Batch: "571",
	}
	if !got.CreatedAt.Equal(want.CreatedAt) || !got.SettledAt.Equal(want.SettledAt) {
		t.Errorf("made %v, settled %v", got.CreatedAt, got.SettledAt)
	}
	got.CreatedAt, got.SettledAt = want.CreatedAt, want.SettledAt
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if body := f.seen()[0].body; body != `{"integrator_id":"integr","transaction_id":"79388123","include_bin":true}` {
		t.Errorf("asked with %s", body)
	}
}

func TestDaysAndTextOfASearchAreInTheProcessorsZone(t *testing.T) {
	f := newFake(t, always(200, string(readFile(t, "export.json"))))
	c := f.client(t)
	// Three in the morning of the 11th in UTC is still the 10th in Los Angeles.
	from := time.Date(2015, 4, 11, 3, 0, 0, 0, time.UTC)
	got, err := c.Transactions(context.Background(), from, from.AddDate(0, 0, 1), "PO123456")
	if err != nil || len(got) != 1 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	want := `{"integrator_id":"integr","start_date":"04/10/2015","end_date":"04/11/2015","including_text":"PO123456"}`
	if s := f.seen()[0]; s.body != want || s.path != exportDatesPath {
		t.Errorf("asked %s with %s", s.path, s.body)
	}
}

func TestStateOfARecord(t *testing.T) {
	for name, c := range map[string]struct {
		row  exportRow
		want gateway.RecordState
	}{
		"batch":              {exportRow{StatusCode: "GB571", StatusMessage: "GB571"}, gateway.RecordSettled},
		"settled in words":   {exportRow{StatusCode: "SETTLED"}, gateway.RecordSettled},
		"date of settlement": {exportRow{Settled: "7/3/2018 5:06:57 PM"}, gateway.RecordSettled},
		"pending":            {exportRow{StatusCode: "Y", StatusMessage: "Pending Settlement"}, gateway.RecordPending},
		"authorized":         {exportRow{Type: "AUTHORIZATION", StatusCode: "N", StatusMessage: "Authorization Only"}, gateway.RecordAuthorized},
		"voided":             {exportRow{Type: "SALE", StatusCode: "N", StatusMessage: "Voided"}, gateway.RecordVoided},
		"type void":          {exportRow{Type: "VOID", StatusCode: "N"}, gateway.RecordVoided},
		"declined":           {exportRow{Type: "SALE", StatusCode: "N", StatusMessage: "DECLINED"}, gateway.RecordDeclined},
		"unknown N":          {exportRow{StatusCode: "N", StatusMessage: "Something else"}, gateway.RecordOther},
		"N and settled":      {exportRow{StatusCode: "N", StatusMessage: "Voided", Settled: "7/3/2018 5:06:57 PM"}, gateway.RecordOther},
		"unknown code":       {exportRow{StatusCode: "Q"}, gateway.RecordOther},
		"nothing":            {exportRow{}, gateway.RecordOther},
	} {
		if got := stateOf(c.row); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestKindOfARecord(t *testing.T) {
	for word, want := range map[word]gateway.OperationKind{
		"SALE": gateway.KindSale, "Sale ": gateway.KindSale, "STR/FWD": gateway.KindSale, "AUTHORIZATION": gateway.KindAuthorize,
		"REFUND": gateway.KindRefund, "VOID": gateway.KindVoid, "": "", "FORCE": "",
	} {
		if got := kindOf(exportRow{Type: word}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestMasksShowLastFourAndBrand(t *testing.T) {
	for mask, want := range map[string]gateway.CardSummary{
		"xxxxxxxxxxxx5439":  {LastFour: "5439"},
		"************5454":  {LastFour: "5454"},
		"401200******5439":  {LastFour: "5439", Brand: gateway.Visa},
		"549974******0057":  {LastFour: "0057", Brand: gateway.Mastercard},
		"222100******0057":  {LastFour: "0057", Brand: gateway.Mastercard},
		"601100******6909":  {LastFour: "6909", Brand: gateway.Discover},
		"371449*****2376":   {LastFour: "2376", Brand: gateway.Amex},
		"352800******0000":  {LastFour: "0000", Brand: gateway.JCB},
		"300000****0000":    {LastFour: "0000", Brand: gateway.Diners},
		"999999******0000":  {LastFour: "0000"},
		"4012000098765439":  {},
		"xxxx":              {},
		"":                  {},
		"x5439 and so on":   {},
		"40120000987x65439": {},
	} {
		if got := (gateway.CardSummary{Brand: brandOf(mask), LastFour: lastFour(mask)}); got != want {
			t.Errorf("%q: %+v, want %+v", mask, got, want)
		}
	}
}

func row(members string) string {
	return `{"success":true,"response_code":1,"status_message":"m","transactions":[{"transaction_id":7,"amount":1,` + members + `"status_code":"Y"}]}`
}

func TestExportsThatSayNotFoundAndThoseThatFail(t *testing.T) {
	refused := func(number string) string {
		return `{"success":false,"response_code":1,"status_message":"m","errors":{"` + number + `":["t"]}}`
	}
	for name, c := range map[string]struct {
		status   int
		body     string
		notFound bool
	}{
		"error 811":         {400, refused("811"), true},
		"error 58":          {400, refused("58"), true},
		"no rows":           {200, `{"success":true,"response_code":1,"transactions":[]}`, true},
		"no list":           {200, `{"success":true,"response_code":1}`, false},
		"null list":         {200, `{"success":true,"response_code":1,"transactions":null}`, false},
		"other error":       {400, refused("999"), false},
		"unknown error":     {400, refused("12345"), false},
		"811 and another":   {400, `{"success":false,"response_code":1,"errors":{"811":["t"],"999":["t"]}}`, false},
		"errors at 503":     {503, refused("811"), false},
		"another row":       {200, strings.Replace(row(""), ":7,", ":8,", 1), false},
		"amount of letters": {200, strings.Replace(row(""), `"amount":1,`, `"amount":"x",`, 1), false},
		"bad date":          {200, row(`"settled":"2015-04-10",`), false},
		"html":              {200, htmlPage, false},
		"redirect":          {302, row(""), false},
		"cut":               {200, row("")[:60], false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, always(c.status, c.body))
			_, err := f.client(t).Transaction(context.Background(), "7")
			if err == nil || errors.Is(err, gateway.ErrNotFound) != c.notFound {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestNotFoundIsNoAnswerToADateRange(t *testing.T) {
	f := newFake(t, always(400, `{"success":false,"response_code":1,"errors":{"811":["t"]}}`))
	if _, err := f.client(t).Transactions(context.Background(), time.Now(), time.Now(), ""); err == nil || errors.Is(err, gateway.ErrNotFound) {
		t.Error(err)
	}
	f = newFake(t, always(200, `{"success":true,"response_code":1,"transactions":[]}`))
	if got, err := f.client(t).Transactions(context.Background(), time.Now(), time.Now(), ""); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestExportRowsAreReadWithWhatTheyMayLack(t *testing.T) {
	for name, c := range map[string]struct {
		members string
		want    gateway.Money
	}{
		"whole dollars":   {`"amount":110,`, 11000},
		"one decimal":     {`"amount":25.0,`, 2500},
		"a string":        {`"amount":"51.88",`, 5188},
		"a signed refund": {`"amount":-5.25,"transaction_type":"REFUND",`, 525},
		"null texts":      {`"amount":1,"invoice_id":null,"settled":null,"customer_reference_id":42,`, 100},
	} {
		body := strings.Replace(row(c.members), `"amount":1,`+c.members, c.members, 1)
		f := newFake(t, always(200, body))
		got, err := f.client(t).Transaction(context.Background(), "7")
		if err != nil || got.Amount != c.want {
			t.Errorf("%s: %v, %v", name, got.Amount, err)
		}
	}
}

func TestACardThatAClerkTypedIsNotTakenOver(t *testing.T) {
	for member, of := range map[string]func(gateway.Record) string{
		"invoice_id":            func(r gateway.Record) string { return r.OrderID },
		"customer_reference_id": func(r gateway.Record) string { return r.Reference },
	} {
		for text, want := range map[string]string{
			"4111111111111111": noCard, "phone 4111 1111 1111 1111": noCard, "4111111111111112": "4111111111111112", "100000042": "100000042",
		} {
			f := newFake(t, always(200, row(`"`+member+`":"`+text+`",`)))
			got, err := f.client(t).Transaction(context.Background(), "7")
			if err != nil || of(got) != want {
				t.Errorf("%s: %v, %v; want %s", member, got, err, want)
			}
		}
	}
}

func TestReferenceAndOrderComeBackAsTheyWereSent(t *testing.T) {
	f := newFake(t, always(200, row(`"description":"ABCDEFGHIJKLMNOP","invoice_id":"100000042-ABCDEF",`)))
	c := f.client(t, func(config *Config) { config.ReferenceField, config.InvoiceSuffix = ReferenceInDescription, true })
	got, err := c.Transaction(context.Background(), "7")
	if err != nil || got.Reference != "ABCDEFGHIJKLMNOP" || got.OrderID != "100000042" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestExportWithAStaleTokenIsAskedForAgain(t *testing.T) {
	f := newFake(t, nil)
	f.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			say(401, staleToken)(w, r)
			return
		}
		say(200, row(""))(w, r)
	}
	f.token = f.counting
	if _, err := f.client(t).Transaction(context.Background(), "7"); err != nil {
		t.Error(err)
	}
}

func TestARefusedLogInIsTheOperatorsForTheBooksToo(t *testing.T) {
	f := newFake(t, always(200, `{}`))
	f.token = say(401, `{"error":"invalid_grant"}`)
	if _, err := f.client(t).Books(context.Background(), time.Now(), time.Now()); !errors.Is(err, gateway.ErrCredentials) {
		t.Error(err)
	}
}
