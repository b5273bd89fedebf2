package paytrace

import (
	"context"
	"errors"
	"testing"

	"paytrace-gateway/gateway"
)

func TestProfileIsBrandLastFourAndExpiry(t *testing.T) {
	f := newFake(t, always(200, `{"success":true,"response_code":1,"customers":[{"customer_id":"demo","credit_card":{"masked_number":"401200******5439","expiration_month":3,"expiration_year":30}}]}`))
	got, err := f.client(t).Profile(context.Background(), "demo")
	want := gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "03", ExpirationYear: "2030"}
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
