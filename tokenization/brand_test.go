package tokenization

import (
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

func TestBrandOfTestNumbers(t *testing.T) {
	for number, want := range testNumbers {
		if got, ok := BrandOf(number); !ok || got != want {
			t.Errorf("BrandOf(%s) = %q, %v; want %q", number, got, ok, want)
		}
		if !luhn(number) {
			t.Errorf("%s does not pass the Luhn check", number)
		}
	}
}

func TestBrandOfPrefixEdges(t *testing.T) {
	for _, tc := range []struct {
		prefix string
		length int
		want   gateway.Brand
	}{
		{"222099", 16, ""}, {"222100", 16, gateway.Mastercard}, {"272099", 16, gateway.Mastercard}, {"272100", 16, ""},
		{"299999", 14, ""}, {"300000", 14, gateway.Diners}, {"305999", 19, gateway.Diners}, {"306000", 14, ""},
		{"339999", 15, ""}, {"340000", 15, gateway.Amex}, {"349999", 15, gateway.Amex}, {"350000", 15, ""},
		{"352799", 16, ""}, {"352800", 16, gateway.JCB}, {"358999", 19, gateway.JCB}, {"359000", 16, ""},
		{"360000", 14, gateway.Diners}, {"360000", 15, ""}, {"370000", 15, gateway.Amex}, {"370000", 16, ""},
		{"380000", 14, gateway.Diners}, {"399999", 16, gateway.Diners}, {"399999", 13, ""},
		{"400000", 13, gateway.Visa}, {"400000", 14, ""}, {"400000", 15, ""}, {"499999", 16, gateway.Visa},
		{"400000", 17, ""}, {"400000", 19, gateway.Visa}, {"400000", 20, ""}, {"400000", 12, ""},
		{"509999", 16, ""}, {"510000", 16, gateway.Mastercard}, {"559999", 16, gateway.Mastercard},
		{"559999", 15, ""}, {"560000", 16, ""},
		{"601099", 16, ""}, {"601100", 16, gateway.Discover}, {"601199", 19, gateway.Discover}, {"601200", 16, ""},
		{"622125", 16, ""}, {"622126", 16, gateway.Discover}, {"622925", 16, gateway.Discover}, {"622926", 16, ""},
		{"643999", 16, ""}, {"644000", 16, gateway.Discover}, {"659999", 16, gateway.Discover}, {"660000", 16, ""},
	} {
		number := tc.prefix + strings.Repeat("0", tc.length-len(tc.prefix))
		if got, ok := BrandOf(number); got != tc.want || ok != (tc.want != "") {
			t.Errorf("BrandOf(%s…, %d digits) = %q, %v; want %q", tc.prefix, tc.length, got, ok, tc.want)
		}
	}
}

func TestBrandOfRefusesWhatIsNotDigits(t *testing.T) {
	for _, s := range []string{"", "4", "4111 1111 1111 1111", "411111111111111x", "４１１１１１１１１１１１１１１１"} {
		if got, ok := BrandOf(s); ok {
			t.Errorf("BrandOf(%q) = %q; want none", s, got)
		}
	}
}
