package tokenization

import (
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// FindCardNumber reports whether s contains a card number: digits that pass
// the Luhn check under a brand's prefix and in one of that brand's lengths,
// written as one run or in the groups that are printed on cards, with the same
// separator throughout. Full-width digits count too.
//
// Digits that touch a letter, another digit or a hyphen are part of something
// longer, such as a UUID or an order number, and are not taken for a card. Nor
// is the number of a product, thirteen digits with the check digit of an EAN.
func FindCardNumber(s string) bool {
	if !enoughDigits(s) {
		return false
	}
	before := ' '
	for i, r := range s {
		if _, ok := digitOf(r); ok && !touches(before) && startsWithCardNumber(s[i:]) {
			return true
		}
		before = r
	}
	return false
}

// FindCardNumberIn is FindCardNumber of bytes. It makes no string of them that
// would stay behind: the one here shares their memory, and nothing keeps it.
func FindCardNumberIn(b []byte) bool {
	return FindCardNumber(unsafe.String(unsafe.SliceData(b), len(b)))
}

// enoughDigits dismisses ordinary strings without decoding them. A byte beyond
// ASCII may begin a full-width digit.
func enoughDigits(s string) bool {
	n := 0
	for i := range len(s) {
		if isDigit(s[i]) || s[i] == fullWidthLead {
			n++
		}
	}
	return n >= minDigits
}

// startsWithCardNumber looks at the groups of digits at the beginning of s and
// asks after each whether those read so far are a card number.
func startsWithCardNumber(s string) bool {
	var c candidate
	var separator rune
	for c.readGroup(&s) {
		next, size := utf8.DecodeRuneInString(s)
		if size == 0 {
			next = ' '
		}
		if !touches(next) && c.isCardNumber() {
			return true
		}
		if c.groups == 1 {
			separator = next
		}
		if c.lengths[0] != 4 || next != separator || !separates(next) {
			return false
		}
		s = s[size:]
	}
	return false
}

// maxGroups is the number of groups in the longest form, 4-4-4-4-3.
const maxGroups = 5

// candidate is the digits read so far and the lengths of their groups.
type candidate struct {
	digits  [maxDigits]byte
	n       int
	lengths [maxGroups]int
	groups  int
}

// readGroup moves one run of digits from the front of s into the candidate. It
// fails where there is none or where it cannot belong to a card number.
func (c *candidate) readGroup(s *string) bool {
	if c.groups == maxGroups {
		return false
	}
	start := c.n
	for {
		r, size := utf8.DecodeRuneInString(*s)
		d, ok := digitOf(r)
		if !ok {
			break
		}
		if c.n == maxDigits {
			return false
		}
		c.digits[c.n] = d
		c.n++
		*s = (*s)[size:]
	}
	c.lengths[c.groups] = c.n - start
	c.groups++
	return c.n > start
}

func (c *candidate) isCardNumber() bool {
	digits := c.digits[:c.n]
	if !printed(c.lengths[:c.groups]) || c.groups == 1 && productNumber(digits) {
		return false
	}
	_, known := brandOf(digits)
	return known && luhn(digits)
}

// productNumber reports whether digits are an EAN-13. One in ten of those that
// begin with a 4 passes for a Visa card of thirteen digits, such as have not been
// issued for decades; docs/adr/0021 weighs the two.
func productNumber(digits []byte) bool {
	if len(digits) != minDigits {
		return false
	}
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return sum%10 == 0
}

// printed reports whether numbers are written in groups of these lengths: in
// one run, as 4-4-4-n, as 4-4-4-4-n, or as 4-6-5 (American Express) and 4-6-4
// (Diners).
func printed(lengths []int) bool {
	last := lengths[len(lengths)-1]
	switch len(lengths) {
	case 1:
		return true
	case 3:
		return lengths[0] == 4 && lengths[1] == 6 && (last == 4 || last == 5)
	case 4, 5:
		for _, n := range lengths[:len(lengths)-1] {
			if n != 4 {
				return false
			}
		}
		return true
	}
	return false
}

// Full-width digits are what East Asian input methods type. In UTF-8 each of
// them begins with the same byte.
const (
	fullWidthZero = '０'
	fullWidthNine = '９'
	fullWidthLead = 0xEF
)

func digitOf(r rune) (byte, bool) {
	switch {
	case '0' <= r && r <= '9':
		return byte(r), true
	case fullWidthZero <= r && r <= fullWidthNine:
		return byte(r-fullWidthZero) + '0', true
	}
	return 0, false
}

func touches(r rune) bool {
	return r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// separates reports whether people write r between the groups of a number.
func separates(r rune) bool {
	return unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune(".·_/\t", r)
}
