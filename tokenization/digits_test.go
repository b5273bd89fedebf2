package tokenization

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// entryOf is a card as it comes in a request.
func entryOf(t *testing.T, number, csc, month, year string) *Entry {
	t.Helper()
	return readEntry(t, fmt.Sprintf(`{"cardNumber":%q,"csc":%q,"expirationMonth":%q,"expirationYear":%q}`, number, csc, month, year))
}

func readEntry(t *testing.T, text string) *Entry {
	t.Helper()
	var e Entry
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	return &e
}

func TestAnEntryBecomesACard(t *testing.T) {
	card, err := entryOf(t, visaNumber, visaCSC, "12", "2031").Card()
	if err != nil {
		t.Fatal(err)
	}
	if got := card.Summary(); got != (gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2031"}) {
		t.Errorf("got %+v", got)
	}
	key := []byte("a key of thirty-two random bytes")
	if !bytes.Equal(card.Fingerprint(key), visaCard(t).Fingerprint(key)) {
		t.Error("the same card has another fingerprint when it was entered")
	}
}

func TestAnEntryThatIsNoCardNamesEveryMember(t *testing.T) {
	const good = `"csc":"973","expirationMonth":"12","expirationYear":"2031"`
	for text, want := range map[string]string{
		`{}`:                               "cardNumber csc expirationMonth expirationYear",
		`{"cardNumber":null,` + good + `}`: "cardNumber",
		`{"cardNumber":4012000098765439,` + good + `}`:                                           "cardNumber",
		`{"cardNumber":["4012000098765439"],` + good + `}`:                                       "cardNumber",
		`{"cardNumber":{"a":"4012000098765439"},` + good + `}`:                                   "cardNumber",
		`{"cardNumber":true,` + good + `}`:                                                       "cardNumber",
		`{"cardNumber":"",` + good + `}`:                                                         "cardNumber",
		`{"cardNumber":"\u0034012000098765439",` + good + `}`:                                    "cardNumber",
		`{"cardNumber":"4012000098765438",` + good + `}`:                                         "cardNumber",
		`{"cardNumber":"371449635392376",` + good + `}`:                                          "csc",
		`{"cardNumber":"4012000098765439","csc":973,"expirationMonth":12,"expirationYear":2031}`: "csc expirationMonth expirationYear",
	} {
		card, err := readEntry(t, text).Card()
		var faults FieldErrors
		if card != nil || !errors.As(err, &faults) {
			t.Errorf("%s: %v, %v", text, card, err)
			continue
		}
		var fields []string
		for _, f := range faults {
			fields = append(fields, strings.TrimPrefix(f.Field, "paymentMethod.card."))
		}
		if got := strings.Join(fields, " "); got != want {
			t.Errorf("%s: the faults are in %s, want %s", text, got, want)
		}
		assertDiscreet(t, "the error of "+text, err.Error())
	}
}

func TestWipeOverwritesAnEntry(t *testing.T) {
	e := entryOf(t, visaNumber, visaCSC, "12", "2031")
	card, err := e.Card()
	if err != nil {
		t.Fatal(err)
	}
	duplicate := *e
	e.Wipe()
	e.Wipe()
	for _, d := range []Digits{duplicate.CardNumber, duplicate.CSC, duplicate.ExpirationMonth, duplicate.ExpirationYear} {
		if len(d.bytes()) == 0 || len(bytes.Trim(d.bytes(), "\x00")) != 0 {
			t.Error("digits remain in memory")
		}
	}
	card.Open(func(number, csc []byte, _, _ string) {
		if string(number) != visaNumber || string(csc) != visaCSC {
			t.Error("the card was wiped with its entry")
		}
	})
	(*Entry)(nil).Wipe()
}

// What a decoder lends must not be kept, and what was read before must not stay.
func TestDigitsAreACopyOfWhatTheyAreReadFrom(t *testing.T) {
	var d Digits
	raw := []byte(`"` + visaNumber + `"`)
	if err := d.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	clear(raw)
	first := d.bytes()
	if string(first) != visaNumber {
		t.Errorf("the digits went with the buffer")
	}
	if err := d.UnmarshalJSON([]byte(`"1"`)); err != nil || len(bytes.Trim(first, "\x00")) != 0 {
		t.Errorf("%v; what was read before is still there", err)
	}
}
