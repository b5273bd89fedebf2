package egress

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestForeignWordsAreMadeFitForAPerson(t *testing.T) {
	d := newDoor(t, Config{Secrets: []string{"hunter2", "hunter2hunter2", ""}})
	for text, want := range map[string]string{
		"Down for  maintenance\r\n":                  "Down for maintenance",
		"\x1b[31mred\x00\u202e":                      "[31mred",
		"\xff\xfe":                                   "?",
		"card 4111111111111111 no":                   "card [digits] no",
		"4111 1111-1111.1111":                        "[digits]",
		"4111\u200b1111\u200b1111\u200b1111":         "[digits]",
		"４１１１１１１１１１１１１１１１":                           "[digits]",
		`csc=123 CVV: "1234" cvc2x`:                  `csc [code] CVV [code]" cvc2x`,
		"order 100000001 of 2026-10-01":              "order 100000001 of 2026-10-01",
		"my password hunter2hunter2 and hunter2":     "my password [secret] and [secret]",
		"Bearer " + strings.Repeat("aB3", 20):        "Bearer [token]",
		strings.Repeat("lorem ", 100):                strings.Repeat("lorem ", 33) + "lo…",
		"at 10.0.0.7: " + strings.Repeat("ä", 300):   "at 10.0.0.7: " + strings.Repeat("ä", 187) + "…",
		`<html><head><title>502 Bad Gateway</title>`: `<html><head><title>502 Bad Gateway</title>`,
	} {
		if got := d.Words(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestAPrintedDoorShowsNoSecret(t *testing.T) {
	d := newDoor(t, Config{Secrets: []string{"hunter2hunter2"}})
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if got := fmt.Sprintf(format, *d); strings.Contains(got, "hunter2") {
			t.Errorf("%s shows %s", format, got)
		}
	}
}

// A cut may leave so much of a secret or a card number that it is not
// recognised any more.
func TestTheTornEndOfABodyIsNotShown(t *testing.T) {
	d := newDoor(t, Config{Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}})
	body := strings.Repeat("4111111111111111 ", 20) + "whsec_MfKQ9r8GKYqrTw"
	if got := (Answer{Body: []byte(body), door: d}).Words(); strings.Contains(got, "whsec") {
		t.Errorf("half of a secret is shown: %s", got)
	}
	if got := (Answer{Body: []byte("short"), door: d}).Words(); got != "" {
		t.Errorf("a torn word is shown: %s", got)
	}
	if got := (Answer{Body: []byte("short"), Whole: true, door: d}).Words(); got != "short" {
		t.Errorf("a whole word is not shown: %s", got)
	}
}

func TestAWaitIsTakenInSecondsOrAsADate(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	for asked, want := range map[string]time.Duration{
		"":                                 0,
		"0":                                0,
		"120":                              2 * time.Minute,
		" 120 ":                            2 * time.Minute,
		"86400":                            MaxWait,
		"86401":                            MaxWait,
		"9223372036854775807":              MaxWait,
		"99999999999999999999999":          MaxWait,
		"-5":                               0,
		"1.5":                              0,
		"1e9":                              0,
		"120, 240":                         0,
		"soon":                             0,
		"Thu, 01 Oct 2026 12:01:30 GMT":    90 * time.Second,
		"Thursday, 01-Oct-26 12:01:30 GMT": 90 * time.Second,
		"Thu, 01 Oct 2026 11:00:00 GMT":    0,
		"Wed, 21 Oct 2099 07:28:00 GMT":    MaxWait,
		"Thu, 01 Oct 2026 12:01:30 PST":    0,
		"2026-10-01T12:01:30Z":             0,
	} {
		if got := (Answer{Header: http.Header{"Retry-After": {asked}}}).RetryAfter(now); got != want {
			t.Errorf("%q asks to wait %s, want %s", asked, got, want)
		}
	}
}

var longDigits = regexp.MustCompile(`[0-9]{12,}`)

func FuzzWords(f *testing.F) {
	f.Add("card 4111 1111 1111 1111\u200b\x00", "hunter2")
	f.Fuzz(func(t *testing.T, text, secret string) {
		got := scrub(text, []string{secret})
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxWords+1 || longDigits.MatchString(got) ||
			strings.ContainsFunc(got, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
