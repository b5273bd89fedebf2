package tokenization

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/gateway"
)

const (
	visaNumber = "4012000098765439"
	visaCSC    = "973"
)

func visaCard(t *testing.T) *Card {
	t.Helper()
	card, err := NewCard(visaNumber, visaCSC, "12", "2031")
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func TestNewCardTakesEveryBrand(t *testing.T) {
	for number, brand := range testNumbers {
		csc := "999"
		if brand == gateway.Amex {
			csc = "9997"
		}
		card, err := NewCard(number, csc, "01", "2030")
		if err != nil {
			t.Errorf("%s %s: %v", brand, number, err)
			continue
		}
		want := gateway.CardSummary{
			Brand: brand, LastFour: number[len(number)-4:], ExpirationMonth: "01", ExpirationYear: "2030",
		}
		if got := card.Summary(); got != want {
			t.Errorf("summary %+v, want %+v", got, want)
		}
	}
}

func TestNewCardNamesEveryFault(t *testing.T) {
	const amex = "371449635392376"
	for name, tc := range map[string]struct {
		number, csc, month, year string
		fields                   []string
	}{
		"all empty":             {"", "", "", "", []string{fieldNumber, fieldCSC, fieldMonth, fieldYear}},
		"number with spaces":    {"4012 0000 9876 5439", visaCSC, "12", "2031", []string{fieldNumber}},
		"number with a newline": {visaNumber + "\n", visaCSC, "12", "2031", []string{fieldNumber}},
		"full-width number":     {"４０１２０００098765439", visaCSC, "12", "2031", []string{fieldNumber}},
		"check digit":           {"4012000098765438", visaCSC, "12", "2031", []string{fieldNumber}},
		"unknown brand":         {"9999999999999995", visaCSC, "12", "2031", []string{fieldNumber}},
		"brand's length":        {"40120000987654", visaCSC, "12", "2031", []string{fieldNumber}},
		"too long":              {strings.Repeat("4", 10_000), visaCSC, "12", "2031", []string{fieldNumber}},
		"csc of two":            {visaNumber, "97", "12", "2031", []string{fieldCSC}},
		"csc of five":           {visaNumber, "97315", "12", "2031", []string{fieldCSC}},
		"csc with a letter":     {visaNumber, "97a", "12", "2031", []string{fieldCSC}},
		"amex csc of three":     {amex, "999", "12", "2031", []string{fieldCSC}},
		"month 00":              {visaNumber, visaCSC, "00", "2031", []string{fieldMonth}},
		"month 13":              {visaNumber, visaCSC, "13", "2031", []string{fieldMonth}},
		"month 1":               {visaNumber, visaCSC, "1", "2031", []string{fieldMonth}},
		"month 0x":              {visaNumber, visaCSC, "0x", "2031", []string{fieldMonth}},
		"month +1":              {visaNumber, visaCSC, "+1", "2031", []string{fieldMonth}},
		"year of two":           {visaNumber, visaCSC, "12", "31", []string{fieldYear}},
		"year signed":           {visaNumber, visaCSC, "12", "-203", []string{fieldYear}},
		"month and year":        {visaNumber, visaCSC, "99", "x", []string{fieldMonth, fieldYear}},
	} {
		t.Run(name, func(t *testing.T) {
			card, err := NewCard(tc.number, tc.csc, tc.month, tc.year)
			var faults FieldErrors
			if !errors.As(err, &faults) || card != nil {
				t.Fatalf("card %v, error %v; want none and FieldErrors", card, err)
			}
			var fields []string
			for _, f := range faults {
				fields = append(fields, f.Field)
			}
			if got, want := strings.Join(fields, " "), strings.Join(tc.fields, " "); got != want {
				t.Errorf("faults in %s; want %s", got, want)
			}
			for _, secret := range []string{tc.number, tc.csc} {
				if len(secret) >= 2 && strings.Contains(err.Error(), secret) {
					t.Errorf("the error quotes card data: %v", err)
				}
			}
		})
	}
}

func TestFingerprintIsOfNumberAndExpiryUnderAKey(t *testing.T) {
	key := []byte("a key of thirty-two random bytes")
	make := func(number, csc, month, year string) []byte {
		card, err := NewCard(number, csc, month, year)
		if err != nil {
			t.Fatal(err)
		}
		return card.Fingerprint(key)
	}
	print := make(visaNumber, visaCSC, "12", "2031")
	if !bytes.Equal(print, make(visaNumber, "111", "12", "2031")) {
		t.Error("the CSC changes the fingerprint")
	}
	for name, other := range map[string][]byte{
		"number": make("4111111111111111", visaCSC, "12", "2031"),
		"month":  make(visaNumber, visaCSC, "11", "2031"),
		"year":   make(visaNumber, visaCSC, "12", "2032"),
		"key":    visaCard(t).Fingerprint([]byte("another key of thirty-two bytes.")),
	} {
		if bytes.Equal(print, other) {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

func TestOpenLendsTheDigits(t *testing.T) {
	opened := false
	visaCard(t).Open(func(number, csc []byte, month, year string) {
		opened = string(number) == visaNumber && string(csc) == visaCSC && month == "12" && year == "2031"
	})
	if !opened {
		t.Error("the digits lent are not those taken in")
	}
}

func TestWipeOverwritesTheDigits(t *testing.T) {
	card := visaCard(t)
	duplicate := *card
	var number, csc []byte
	card.Open(func(n, c []byte, _, _ string) { number, csc = n, c })
	card.Wipe()
	card.Wipe()
	if !bytes.Equal(number, make([]byte, len(visaNumber))) || !bytes.Equal(csc, make([]byte, len(visaCSC))) {
		t.Error("digits remain in memory")
	}
	for _, c := range []*Card{card, &duplicate} {
		c.Open(func(_, _ []byte, _, _ string) { t.Error("a wiped card was opened") })
		if c.Fingerprint([]byte("key")) != nil {
			t.Error("a wiped card has a fingerprint")
		}
		if got := c.Summary(); got.LastFour != "5439" || got.ExpirationYear != "2031" {
			t.Errorf("summary after Wipe: %+v", got)
		}
	}
}

func TestWipeWaitsForOpen(t *testing.T) {
	card := visaCard(t)
	var done sync.WaitGroup
	card.Open(func(number, _ []byte, _, _ string) {
		done.Go(card.Wipe)
		if string(number) != visaNumber {
			t.Error("wiped while open")
		}
	})
	done.Wait()
	card.Open(func(_, _ []byte, _, _ string) { t.Error("not wiped after Open had returned") })
}
