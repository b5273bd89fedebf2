package egress

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxWords bounds a foreign text, in characters.
	maxWords = 200
	// torn is how much of a text's end is dropped when it was cut: it may be the
	// beginning of something that is recognised only as a whole.
	torn = 128
)

var (
	// cardLike is a run of digits long enough to be a card number, also when
	// grouped, in any script's digits.
	cardLike = regexp.MustCompile(`\p{Nd}(?:[\p{Zs}\p{Pd}.·_/]{0,3}\p{Nd}){11,}`)
	// codeLike is a card's security code beside its name. Three digits alone may
	// be anything.
	codeLike = regexp.MustCompile(`(?i)(csc|cvv2?|cvc2?|cid|security\W{0,3}code)\W{0,5}\d{3,4}`)
	// blob is a token, a signature or a ciphertext.
	blob = regexp.MustCompile(`[A-Za-z0-9+/=_\-:]{33,}`)
)

// Words makes a foreign text fit for a person and a log: one line of bounded
// length, without secrets, card numbers and tokens. It is a second fence: no
// subscriber is sent a card number.
func (d *Door) Words(text string) string { return scrub(text, d.secrets()) }

// Words are those of the answer's body.
func (a Answer) Words() string {
	text := string(a.Body)
	if !a.Whole {
		text = text[:max(0, len(text)-torn)]
	}
	return a.door.Words(text)
}

// Shown makes a text of the answer, such as a header's, fit for a person.
func (a Answer) Shown(text string) string { return a.door.Words(text) }

func scrub(text string, secrets []string) string {
	// A longer secret may contain a shorter one.
	for _, secret := range slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) }) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	text = strings.Map(printable, strings.ToValidUTF8(text, "?"))
	text = strings.Join(strings.Fields(text), " ")
	text = cardLike.ReplaceAllString(text, "[digits]")
	text = codeLike.ReplaceAllString(text, "$1 [code]")
	text = blob.ReplaceAllString(text, "[token]")
	if runes := []rune(text); len(runes) > maxWords {
		text = string(runes[:maxWords]) + "…"
	}
	return text
}

// printable drops what is invisible, so that it parts no digits, and makes
// spaces of what moves a terminal's cursor.
func printable(c rune) rune {
	switch {
	case unicode.Is(unicode.Cf, c):
		return -1
	case !unicode.IsPrint(c):
		return ' '
	}
	return c
}
