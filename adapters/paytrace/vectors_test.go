package paytrace

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// vector is an exchange with PayTrace, recorded or from its clients' fixtures.
type vector struct {
	Source  string          `json:"source"`
	Call    string          `json:"call"`
	Path    string          `json:"path"`
	Request json.RawMessage `json:"request"`
	Status  int             `json:"status"`
	Answer  json.RawMessage `json:"answer"`
	Want    struct {
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

func TestRecordedExchangesAreReadAsTheyWereMeant(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			var v vector
			if err := json.Unmarshal(readFile(t, filepath.Join("vectors", filepath.Base(file))), &v); err != nil {
				t.Fatal(err)
			}
			f := newFake(t, always(v.Status, string(v.Answer)))
			c := f.client(t)
			got := perform(t, c, v.Call)
			checkRequest(t, f.seen(), v)
			checkResult(t, got, v)
		})
	}
}

// perform makes the call that a vector names: a verb, then its amount,
// transaction or profile, then what belongs to the card.
func perform(t *testing.T, c *Client, call string) gateway.Result {
	words := strings.Fields(call)
	if slices.Contains([]string{"store", "change", "forget"}, words[0]) {
		return performOnProfile(t, c, words)
	}
	amount := func(s string) gateway.Money {
		m, err := gateway.ParseMoney(s)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	id := strings.TrimPrefix(words[1], "-")
	ctx := context.Background()
	switch words[0] {
	case "capture":
		return c.Capture(ctx, gateway.Capture{TransactionID: id, Amount: amount(words[2]), SendBefore: soon()})
	case "void":
		return c.Void(ctx, gateway.Void{TransactionID: id, SendBefore: soon()})
	case "refund":
		return c.Refund(ctx, gateway.Refund{TransactionID: id, Amount: amount(words[2]), SendBefore: soon()})
	}
	charge := sale()
	charge.CustomerID, charge.Method = "", gateway.PaymentMethod{}
	if words[0] == "authorize" {
		charge.Intent, words = gateway.IntentAuthorize, words[1:]
	}
	charge.Amount = amount(words[1])
	switch words[0] {
	case "customer":
		charge.CustomerID = "99"
	case "transaction":
		charge.SourceTransactionID = "125391265"
	case "hosted":
		charge.Method.HostedFields = hostedFields
	case "keyed":
		// A card of ours always has a CSC, also where the recorded call had none.
		csc := "999"
		if slices.Contains(words, "othercsc") {
			csc = "123"
		}
		charge.Method.Card = rawCard(t, csc)
	case "bank":
		charge.ACH, charge.Method.BankAccount = true, rawAccount(t)
	case "stored":
		charge.ACH, charge.CustomerID = true, "99"
	}
	charge.Billing = addresses[words[len(words)-1]]
	return c.Charge(ctx, charge)
}

func performOnProfile(t *testing.T, c *Client, words []string) gateway.Result {
	ctx, id := context.Background(), words[1]
	if words[0] == "forget" {
		return c.DeleteProfile(ctx, gateway.RemoveProfile{ProfileID: id, SendBefore: soon()})
	}
	save := gateway.SaveProfile{ProfileID: id, Billing: addresses[words[3]], SendBefore: soon()}
	switch words[2] {
	case "keyed":
		save.Method.Card = rawCard(t, "999")
	case "hosted":
		save.Method.HostedFields = hostedFields
	case "encrypted":
		save.Method.EncryptedCard = &gateway.EncryptedCard{Number: "bnVtYmVy", CSC: "Y3Nj", ExpirationMonth: "12", ExpirationYear: "2030"}
	case "transaction":
		save.SourceTransactionID = "79352347"
	}
	if words[0] == "change" {
		return c.UpdateProfile(ctx, save)
	}
	return c.CreateProfile(ctx, save)
}

var hostedFields = &gateway.HostedFields{
	Token: "0b9c2f6e-6d0f-4b7c-9d55-5a2f0c6d7e11", EncryptionKey: "c2FtcGxlLWVuYy1rZXktb2YtNDQtY2hhcmFjdGVycw==",
}

var addresses = map[string]*gateway.Address{
	"addressed": {Name: "Nathan Williams", Street: "1234 Main St.", City: "Los Angeles", State: "CA", PostalCode: "90210"},
	"exact":     {Name: "Protect-Sale", Street: "8320 E. West St.", City: "Spokane", State: "WA", PostalCode: "85284"},
	"justa":     {Name: "Justa Testing"},
	"steve":     {Name: "Steve Smith", Street: "8320 E. West St.", City: "Spokane", State: "WA", PostalCode: "85284"},
	"kevin":     {Name: "Kevin Smith", Street: "8320 E. West St", City: "Spokane", State: "WA", PostalCode: "85284", CountryCode: "US"},
	"ottawa":    {Street: "456 My Street", City: "Ottawa", State: "ON", PostalCode: "K1C2N6"},
}

func checkRequest(t *testing.T, requests []seen, v vector) {
	t.Helper()
	if len(requests) != 1 || requests[0].path != v.Path || requests[0].bearer != "Bearer token-of-the-test" {
		t.Fatalf("%d requests, the first to %q", len(requests), requests[0].path)
	}
	var got, want any
	if json.Unmarshal([]byte(requests[0].body), &got) != nil || json.Unmarshal(v.Request, &want) != nil {
		t.Fatal("a request is not JSON")
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sent %s\nwant %s", requests[0].body, v.Request)
	}
}

func checkResult(t *testing.T, got gateway.Result, v vector) {
	t.Helper()
	mustBe(t, got, v.Want.Outcome)
	if got.Decline != nil {
		got.Decline.Message = strings.TrimPrefix(got.Decline.Message, rowOf(responseCode, got.Decline.Code).shopper)
		got.Decline.Message = strings.TrimPrefix(got.Decline.Message, bankWordsFor(got.Decline.Category))
	}
	if got.Rejection != nil {
		got.Rejection.Message = strings.TrimPrefix(got.Rejection.Message, rowOf(numberedError, got.Rejection.Code).shopper)
	}
	got.Detail = ""
	want := gateway.Result{
		Outcome: v.Want.Outcome, TransactionID: v.Want.TransactionID, ApprovalCode: v.Want.ApprovalCode,
		AVS: v.Want.AVS, CSC: v.Want.CSC, Card: gateway.CardSummary{LastFour: v.Want.LastFour},
		Decline: v.Want.Decline, Rejection: v.Want.Rejection, Contested: v.Want.Contested,
		Answered: v.Want.Outcome == gateway.Unknown,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func bankWordsFor(category string) string {
	for _, bank := range bankWords {
		if bank.category == category {
			return bank.shopper
		}
	}
	return ""
}

func TestTokenIsAskedForWithTheRecordedForm(t *testing.T) {
	f := newFake(t, always(200, goodSale))
	token := string(readFile(t, "token.json"))
	f.token = func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded; charset=UTF-8" {
			t.Errorf("content type %q", got)
		}
		say(200, token)(w, r)
	}
	c := f.client(t)
	mustBe(t, c.Charge(context.Background(), sale()), gateway.Approved)
	if got := f.seen()[0].bearer; got != "Bearer 5f3c1d2a:9b8e7c6d:token-of-the-test" {
		t.Errorf("bearer %q", got)
	}
	if got := string(grantForm("user", "p&ss=word")); got != "grant_type=password&password=p%26ss%3Dword&username=user" {
		t.Errorf("form %q", got)
	}
}

func TestEncryptedCardTravelsAsCiphertext(t *testing.T) {
	f := newFake(t, always(200, goodSale))
	c := f.client(t)
	charge := sale()
	charge.CustomerID = ""
	charge.Method = gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{
		Number: "bnVtYmVy", CSC: "Y3Nj", ExpirationMonth: "12", ExpirationYear: "2030",
	}}
	mustBe(t, c.Charge(context.Background(), charge), gateway.Approved)
	got := f.seen()[0]
	want := `"credit_card":{"encrypted_number":"bnVtYmVy","expiration_month":"12","expiration_year":"2030"},"encrypted_csc":"Y3Nj"`
	if got.path != "/v1/transactions/sale/keyed" || !strings.Contains(got.body, want) {
		t.Errorf("sent %s to %s", got.body, got.path)
	}
}
