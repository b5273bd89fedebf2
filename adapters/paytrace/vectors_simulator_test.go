package paytrace_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
)

// recording is an exchange as it is kept in testdata/vectors. Members that a
// source had left out were filled in from answers of the same method, so every
// body is compared whole.
type recording struct {
	Source string          `json:"source"`
	Path   string          `json:"path"`
	Answer json.RawMessage `json:"answer"`
	Want   struct {
		Outcome       gateway.Outcome    `json:"outcome"`
		TransactionID string             `json:"transactionId"`
		ApprovalCode  string             `json:"approvalCode"`
		AVS           string             `json:"avs"`
		CSC           string             `json:"csc"`
		LastFour      string             `json:"lastFour"`
		Decline       *gateway.Decline   `json:"decline"`
		Rejection     *gateway.Rejection `json:"rejection"`
		Contested     bool               `json:"contested"`
	} `json:"want"`
}

// section is the first word of the source.
func (r recording) section() string {
	section, _, _ := strings.Cut(r.Source, " ")
	return section
}

// plays bring the simulator to where a recorded exchange began and make its
// call with the client. They are named for the files in testdata/vectors.
var plays = map[string]func(*tapped) gateway.Result{
	"sale_keyed_address_mismatch": func(a *tapped) gateway.Result {
		return a.charge(5188, a.encryptedWithoutCSC(), billedTo(losAngeles))
	},
	"sale_keyed_csc_no_address": func(a *tapped) gateway.Result { return a.charge(100, a.keyed("999")) },
	"sale_keyed_other_csc": func(a *tapped) gateway.Result {
		return a.charge(100, a.keyed("123"), billedTo(ottawa))
	},
	"sale_by_customer": func(a *tapped) gateway.Result { return a.charge(2500, a.customer99()) },
	"sale_by_transaction": func(a *tapped) gateway.Result {
		first := a.charge(1000, a.keyed("999"), billedTo(losAngeles))
		return a.charge(1995, byTransaction(first.TransactionID))
	},
	"sale_hosted_fields": func(a *tapped) gateway.Result { return a.charge(1200, a.hosted(), billedTo(spokane)) },
	"sale_hosted_fields_used_token": func(a *tapped) gateway.Result {
		fields := a.hosted()
		a.must(a.charge(1200, fields, billedTo(spokane)), gateway.Approved)
		return a.charge(1200, fields, billedTo(spokane))
	},
	"authorization_hosted_fields": func(a *tapped) gateway.Result {
		return a.charge(1200, a.hosted(), billedTo(spokane), authorized)
	},
	"capture": func(a *tapped) gateway.Result { return a.capture(a.authorization(), 1200) },
	"capture_again": func(a *tapped) gateway.Result {
		id := a.authorization()
		a.must(a.capture(id, 1200), gateway.Approved)
		return a.capture(id, 1200)
	},
	"capture_fixture":   func(a *tapped) gateway.Result { return a.capture(a.authorization(), 100) },
	"capture_not_found": func(a *tapped) gateway.Result { return a.capture("1", 100) },
	"capture_blank_id":  func(a *tapped) gateway.Result { return a.capture("", 100) },
	"decline_insufficient_funds": func(a *tapped) gateway.Result {
		return a.charge(21, a.hosted(), billedTo(spokane))
	},
	"decline_with_balance": func(a *tapped) gateway.Result {
		a.order("PUT", "/settings", `{"doNotHonorText":"    DECLINE      - Do not honor"}`)
		return a.charge(112, a.keyed("999"))
	},
	"decline_do_not_honor": func(a *tapped) gateway.Result {
		a.order("PUT", "/settings", `{"balanceOnDecline":false}`)
		return a.charge(112, a.customer99())
	},
	"decline_expired_card": func(a *tapped) gateway.Result { return a.charge(29, a.customer99()) },
	"void":                 func(a *tapped) gateway.Result { return a.void(a.authorization()) },
	"void_not_found":       func(a *tapped) gateway.Result { return a.void("1") },
	"void_blank_id":        func(a *tapped) gateway.Result { return a.void("") },
	"void_settled": func(a *tapped) gateway.Result {
		sold := a.charge(1000, a.keyed("999"))
		a.order("POST", "/settle", "")
		return a.void(sold.TransactionID)
	},
	"refund_not_found": func(a *tapped) gateway.Result { return a.refund("1", 100) },
	"refund_unsettled": func(a *tapped) gateway.Result {
		return a.refund(a.charge(1000, a.keyed("999")).TransactionID, 100)
	},
	"integrator_missing": func(a *tapped) gateway.Result {
		a.wire.swap(`"integrator_id":"`+simulator.DefaultIntegratorID+`"`, `"integrator_id":""`)
		return a.charge(1200, a.hosted())
	},
	"integrator_wrong": func(a *tapped) gateway.Result {
		a.wire.swap(simulator.DefaultIntegratorID, "somebody")
		return a.charge(1200, a.hosted())
	},
	"login_denied": func(a *tapped) gateway.Result {
		a.order("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"denied"}]}`)
		return a.charge(1200, a.hosted())
	},
	"login_denied_and_failed": func(a *tapped) gateway.Result {
		a.order("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"denied","errors":["999","998"]}]}`)
		return a.charge(1200, a.hosted())
	},
	"profile_created": func(a *tapped) gateway.Result { return a.store("1733439821", a.card(), losAngeles) },
	"profile_exists": func(a *tapped) gateway.Result {
		a.customer99()
		return a.store("99", a.card(), losAngeles)
	},
	"profile_hosted_fields_created": func(a *tapped) gateway.Result {
		return a.store("39527418", a.fields(), gateway.Address{Name: "Justa Testing"})
	},
	"profile_hosted_fields_used_token": func(a *tapped) gateway.Result {
		fields := a.fields()
		a.must(a.store("39527418", fields, spokane), gateway.Approved)
		return a.store("39527419", fields, spokane)
	},
	"profile_created_from_transaction": func(a *tapped) gateway.Result {
		sold := a.charge(1000, a.keyed("999"))
		return a.CreateProfile(context.Background(), gateway.SaveProfile{
			ProfileID: "customer789", SourceTransactionID: sold.TransactionID, Billing: &gateway.Address{Name: "Steve Smith"}, SendBefore: soon(),
		})
	},
	"profile_updated": func(a *tapped) gateway.Result {
		a.must(a.store("customer456", a.card(), losAngeles), gateway.Approved)
		other := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{
			Number: a.encrypt("4111111111111111"), ExpirationMonth: "12", ExpirationYear: "2020",
		}}
		return a.UpdateProfile(context.Background(), gateway.SaveProfile{
			ProfileID: "customer456", Method: other, Billing: &gateway.Address{Name: "Kevin Smith"}, SendBefore: soon(),
		})
	},
	"check_sale":                func(a *tapped) gateway.Result { return a.draw(100, gateway.IntentSale, "") },
	"check_sale_by_customer":    func(a *tapped) gateway.Result { return a.draw(100, gateway.IntentSale, a.storedAccount()) },
	"check_by_customer_refused": func(a *tapped) gateway.Result { return a.draw(100, gateway.IntentSale, "99") },
	"check_not_processed":       func(a *tapped) gateway.Result { return a.draw(112, gateway.IntentSale, "") },
	"check_hold":                func(a *tapped) gateway.Result { return a.draw(100, gateway.IntentAuthorize, "") },
	"check_fund": func(a *tapped) gateway.Result {
		return a.capture(a.draw(100, gateway.IntentAuthorize, "").TransactionID, 100)
	},
	"check_void": func(a *tapped) gateway.Result { return a.void(a.draw(100, gateway.IntentSale, "").TransactionID) },
	"check_refund": func(a *tapped) gateway.Result {
		return a.refund(a.draw(100, gateway.IntentSale, "").TransactionID, 100)
	},
	"check_not_open": func(a *tapped) gateway.Result {
		id := a.draw(100, gateway.IntentSale, "").TransactionID
		a.order("POST", "/settle", "")
		return a.void(id)
	},
	"profile_deleted": func(a *tapped) gateway.Result {
		a.must(a.store("customer789", a.card(), gateway.Address{Name: "Steve Smith"}), gateway.Approved)
		return a.DeleteProfile(context.Background(), gateway.RemoveProfile{ProfileID: "customer789", SendBefore: soon()})
	},
}

// others are the exchanges whose result is none of the client's payments.
var others = map[string]struct {
	section string
	play    func(*testing.T, *tapped)
}{
	"token":                {"8.1", playToken},
	"refund":               {"8.14", playKeyedRefund},
	"export_by_date_range": {"8.22", playExport},
}

func TestRecordedExchangesAreHadWithTheSimulator(t *testing.T) {
	for name, play := range plays {
		t.Run(name, func(t *testing.T) {
			a, recorded := openTapped(t), readRecording(t, name)
			got := play(a)
			answer := a.crossed(recorded.Path).answer
			checkBody(t, answer, recorded.Answer)
			checkResult(t, got, recorded, answer)
		})
	}
	for name, other := range others {
		t.Run(name, func(t *testing.T) { other.play(t, openTapped(t)) })
	}
}

// checkResult wants what the recorded answer means, with the id and the
// approval code of the answer that crossed the wire.
func checkResult(t *testing.T, got gateway.Result, recorded recording, answer []byte) {
	t.Helper()
	w, wire := recorded.Want, leaves(t, answer)
	want := gateway.Result{
		Outcome: w.Outcome, AVS: w.AVS, CSC: w.CSC, Card: gateway.CardSummary{LastFour: w.LastFour},
		Decline: w.Decline, Rejection: w.Rejection, Contested: w.Contested,
		Answered: w.Outcome == gateway.Unknown,
	}
	if w.TransactionID != "" {
		want.TransactionID = wire[".transaction_id"]
		if check := wire[".check_transaction_id"]; check != "" {
			want.TransactionID = gateway.CheckPrefix + check
		}
	}
	if w.ApprovalCode != "" {
		want.ApprovalCode = strings.Trim(wire[".approval_code"], `"`)
	}
	if got.Detail == "" {
		t.Error("the detail says nothing")
	}
	got.Detail = ""
	// The words for a shopper are the table's, whose own test reads them.
	if got.Decline != nil {
		got.Decline.Message = ""
	}
	if got.Rejection != nil {
		got.Rejection.Message = ""
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v %+v %+v\nwant %+v %+v %+v", got, got.Decline, got.Rejection, want, want.Decline, want.Rejection)
	}
}

func playToken(t *testing.T, a *tapped) {
	a.mustCharge(visa(2500), gateway.Approved)
	answer := a.crossed("/oauth/token").answer
	checkBody(t, answer, readTestdata(t, "token.json"))
	token := strings.Trim(leaves(t, answer)[".access_token"], `"`)
	if got := a.crossed("/v1/transactions/sale/by_customer").authorization; got != "Bearer "+token {
		t.Error("the sale did not bear the token that was granted")
	}
}

// playKeyedRefund makes a bare call: the client never refunds to a card.
func playKeyedRefund(t *testing.T, a *tapped) {
	const path = "/v1/transactions/refund/keyed"
	a.call(path, `{"integrator_id":"`+simulator.DefaultIntegratorID+`","amount":"1.00",
		"credit_card":{"number":"4012000098765439","expiration_month":"12","expiration_year":"2026"}}`)
	checkBody(t, a.crossed(path).answer, readRecording(t, "refund").Answer)
}

func playExport(t *testing.T, a *tapped) {
	made, settled := time.Date(2015, 4, 10, 23, 6, 0, 0, time.UTC), time.Date(2015, 4, 11, 3, 13, 0, 0, time.UTC)
	a.order("PUT", "/settings", `{"autoSettle":false}`)
	a.order("POST", "/clock", `{"set":"`+made.Format(time.RFC3339)+`"}`)
	// A bare call, because the client sends no tax.
	a.call("/v1/transactions/sale/keyed", `{"integrator_id":"`+simulator.DefaultIntegratorID+`","amount":110,
		"credit_card":{"number":"5454545454545454","expiration_month":12,"expiration_year":2020},"csc":"998",
		"invoice_id":"inv1234","customer_reference_id":"PO123456","tax_amount":"8.10",
		"billing_address":{"name":"Kevin","street_address":"8320 E. West St.","city":"Spokane","state":"WA","zip":"85284","country":"US"},
		"shipping_address":{"zip":"85284","country":"US"}}`)
	a.order("POST", "/clock", `{"set":"`+settled.Format(time.RFC3339)+`"}`)
	a.order("POST", "/settle", "")

	found, err := a.Transactions(context.Background(), made, made, "inv1234")
	if err != nil || len(found) != 1 {
		t.Fatalf("%d found, %v", len(found), err)
	}
	answer := a.crossed("/v1/transactions/export/by_date_range").answer
	checkBody(t, answer, readTestdata(t, "export.json"))
	got := found[0]
	if !got.CreatedAt.Truncate(time.Minute).Equal(made) || !got.SettledAt.Truncate(time.Minute).Equal(settled) {
		t.Errorf("made %v, settled %v, want %v and %v", got.CreatedAt, got.SettledAt, made, settled)
	}
	want := gateway.Record{
		TransactionID: leaves(t, answer)[".transactions[0].transaction_id"],
		Kind:          gateway.KindSale, State: gateway.RecordSettled, Amount: 11000,
		OrderID: "inv1234", Reference: "PO123456", Card: gateway.CardSummary{LastFour: "5454"},
		CreatedBy: simulator.DefaultUsername, CreatedAt: got.CreatedAt, SettledAt: got.SettledAt,
		Batch: strings.Trim(leaves(t, answer)[".transactions[0].status_code"], `"GB`),
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// sections is how many exchanges there are of each section of PayTrace's
// recordings that the client takes part in.
var sections = map[string]int{
	"8.1": 1, "8.2": 1, "8.3": 1, "8.4": 1, "8.5": 1, "8.6": 3, "8.7": 3, "8.8": 1, "8.9": 1, "8.10": 1, "8.11": 1,
	"8.12": 2, "8.14": 3, "8.15": 5, "8.16": 2, "8.17": 1, "8.18": 1, "8.19": 9, "8.21": 4, "8.22": 1,
	"documented": 3,
}

func TestNoRecordedExchangeIsLeftOut(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if _, other := others[name]; plays[name] == nil && !other {
			t.Errorf("%s is not had with the simulator", name)
		}
	}
	count := map[string]int{}
	for name := range plays {
		count[readRecording(t, name).section()]++
	}
	for _, other := range others {
		count[other.section]++
	}
	if !maps.Equal(count, sections) {
		t.Errorf("%v exchanges by section, want %v", count, sections)
	}
}

func readRecording(t *testing.T, name string) recording {
	t.Helper()
	var r recording
	if err := json.Unmarshal(readTestdata(t, "vectors/"+name+".json"), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func readTestdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
