package paytrace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

const oneProfile = `{"success":true,"response_code":1,"customers":[{"customer_id":"demo","credit_card":{"masked_number":"401200******5439","expiration_month":3,"expiration_year":30}}]}`

func TestProfileIsBrandLastFourAndExpiry(t *testing.T) {
	f := newFake(t, always(200, oneProfile))
	got, err := f.client(t).Profile(context.Background(), "demo")
	want := gateway.ProfileSummary{Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "03", ExpirationYear: "2030"}}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestProfileThatPayTraceDoesNotKnow(t *testing.T) {
	for body, notFound := range map[string]bool{
		`{"success":false,"response_code":1,"errors":{"30":["Customer ID, x, was not found or is incomplete."]}}`: true,
		`{"success":true,"response_code":1,"customers":[]}`:                                                       true,
		`{"success":true,"response_code":1}`:                                                                      false,
		`{"success":true,"response_code":1,"customers":[{"customer_id":"y"}]}`:                                    false,
	} {
		f := newFake(t, always(200, body))
		if _, err := f.client(t).Profile(context.Background(), "x"); err == nil || errors.Is(err, gateway.ErrNotFound) != notFound {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// The number of an account is shorter than a card's, which is looked for in all that
// PayTrace says.
func TestWhatPayTraceSaysOfAProfileQuotesNoAccount(t *testing.T) {
	for status, body := range map[int]string{
		200: `{"success":false,"response_code":1,"status_message":"check 12345678901 is refused","errors":{"149":["account 123456789 is not valid."]}}`,
		500: `{"success":false,"response_code":0,"status_message":"check 12345678901 and 123456789 broke"}`,
	} {
		_, err := newFake(t, always(status, body)).client(t).Profile(context.Background(), "x")
		if err == nil || strings.Contains(err.Error(), "12345678") || !strings.Contains(err.Error(), "[digits]") {
			t.Errorf("HTTP %d: %v", status, err)
		}
	}
}

func TestNoProfileIsAskedForWithoutAnID(t *testing.T) {
	f := newFake(t, always(200, oneProfile))
	c, ctx := f.client(t), context.Background()
	if _, err := c.Profile(ctx, ""); err == nil || errors.Is(err, gateway.ErrNotFound) {
		t.Error(err)
	}
	card := gateway.PaymentMethod{HostedFields: hostedFields}
	for name, got := range map[string]gateway.Result{
		"create without an id":      c.CreateProfile(ctx, gateway.SaveProfile{Method: card, SendBefore: soon()}),
		"update without an id":      c.UpdateProfile(ctx, gateway.SaveProfile{Method: card, SendBefore: soon()}),
		"delete without an id":      c.DeleteProfile(ctx, gateway.RemoveProfile{SendBefore: soon()}),
		"create without a card":     c.CreateProfile(ctx, gateway.SaveProfile{ProfileID: "p", SendBefore: soon()}),
		"update with a transaction": c.UpdateProfile(ctx, gateway.SaveProfile{ProfileID: "p", SourceTransactionID: "7", SendBefore: soon()}),
		"update with another stored card": c.UpdateProfile(ctx, gateway.SaveProfile{
			ProfileID: "p", Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: "c"}}, SendBefore: soon(),
		}),
	} {
		if got.Outcome != gateway.NotSent || got.Detail == "" {
			t.Errorf("%s: %s (%s)", name, got.Outcome, got.Detail)
		}
	}
	if n := len(f.seen()); n != 0 {
		t.Errorf("%d requests left", n)
	}
}

func TestOnlyTheProfileAskedForIsDone(t *testing.T) {
	for v, code := range map[verb]string{creating: "160", updating: "161", deleting: "162"} {
		for id, want := range map[string]gateway.Outcome{
			`,"customer_id":"7"`: gateway.Approved, `,"customer_id":7`: gateway.Approved,
			`,"customer_id":"8"`: gateway.Unknown, `,"customer_id":""`: gateway.Unknown, ``: gateway.Unknown,
			`,"customer_id":["7"]`: gateway.Unknown, `,"customer_id":"7","errors":{"30":["m"]}`: gateway.Unknown,
		} {
			body := fmt.Sprintf(`{"success":true,"response_code":%s,"status_message":"m"%s}`, code, id)
			got := result(about7(v, true), reply{left: true, status: 200, body: []byte(body)})
			mustBe(t, got, want)
			if want == gateway.Approved && got.TransactionID != "" {
				t.Errorf("%s: transaction %s", body, got.TransactionID)
			}
		}
	}
}

// A caller cannot mend an id that it never sees, but everything else.
func TestRefusedProfilesNameWhatTheCallerCanMend(t *testing.T) {
	missing := `{"success":false,"response_code":1,"status_message":"m","errors":{"970":["Param is missing or the value is empty: billing_address"]}}`
	for _, c := range []struct {
		answer reply
		code   string
		field  string
	}{
		{refusal("30"), gateway.RejectedNoProfile, ""},
		{refusal("171"), gateway.RejectedProfileTaken, ""},
		{refusal("35"), "35", "paymentMethod.encryptedCard.cardNumber"},
		{refusal("43"), "43", "paymentMethod.encryptedCard.expirationMonth"},
		{refusal("44"), "44", "paymentMethod.encryptedCard.expirationYear"},
		{refusal("961"), "961", "paymentMethod.hostedFields.hpfToken"},
		{refusal("811"), "811", "transactionId"},
		{reply{left: true, status: 400, body: []byte(missing)}, "970", "billingAddress"},
	} {
		got := result(asked{verb: creating, profileID: "7", method: gateway.ByEncryptedCard}, c.answer)
		mustBe(t, got, gateway.Rejected)
		if got.Rejection.Code != c.code || got.Rejection.Field != c.field || got.Rejection.Credentials || got.Rejection.Message == "" {
			t.Errorf("%s: %+v", c.code, got.Rejection)
		}
	}
}

func TestNameOfTheShopperIsInNoDetail(t *testing.T) {
	for id, want := range map[string]gateway.Outcome{"7": gateway.Approved, "8": gateway.Unknown} {
		got := result(about7(creating, true), reply{left: true, status: 200, body: fmt.Appendf(nil,
			`{"success":true,"response_code":160,"status_message":"The customer profile for %[1]s/Ann / Bea was successfully created.","customer_id":"%[1]s"}`, id)})
		mustBe(t, got, want)
		if strings.Contains(got.Detail, "Ann") || strings.Contains(got.Detail, "Bea") || !strings.Contains(got.Detail, "profile for "+id+" was") {
			t.Errorf("detail %q", got.Detail)
		}
	}
}
