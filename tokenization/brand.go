package tokenization

import (
	"slices"

	"paytrace-gateway/gateway"
)

// The shortest and the longest number that any brand issues.
const (
	minDigits = 13
	maxDigits = 19
)

// brandRange is a span of leading six digits that belongs to one brand, with
// the lengths its numbers may have.
type brandRange struct {
	low, high int
	brand     gateway.Brand
	lengths   []int
}

var (
	sixteen    = []int{16}
	sixteenUp  = []int{16, 17, 18, 19}
	fourteenUp = []int{14, 15, 16, 17, 18, 19}
)

// brandRanges follow ISO/IEC 7812 and the brands' bulletins. Diners numbers may
// grow to 19 digits, except those that start with 36: they are issued with 14.
var brandRanges = []brandRange{
	{222100, 272099, gateway.Mastercard, sixteen},
	{300000, 305999, gateway.Diners, fourteenUp},
	{340000, 349999, gateway.Amex, []int{15}},
	{352800, 358999, gateway.JCB, sixteenUp},
	{360000, 369999, gateway.Diners, []int{14}},
	{370000, 379999, gateway.Amex, []int{15}},
	{380000, 399999, gateway.Diners, fourteenUp},
	{400000, 499999, gateway.Visa, []int{13, 16, 19}},
	{510000, 559999, gateway.Mastercard, sixteen},
	{601100, 601199, gateway.Discover, sixteenUp},
	{622126, 622925, gateway.Discover, sixteenUp},
	{644000, 659999, gateway.Discover, sixteenUp},
}

// BrandOf tells the brand of a card number by its prefix, provided that the
// brand issues numbers of this length. It does not look at the check digit.
func BrandOf(digits string) (gateway.Brand, bool) { return brandOf(digits) }

// text lets the guard judge digits in an array of its own, so that a look at
// a string allocates nothing.
type text interface{ ~string | ~[]byte }

func brandOf[T text](digits T) (gateway.Brand, bool) {
	if len(digits) < minDigits || len(digits) > maxDigits || !allDigits(digits) {
		return "", false
	}
	prefix := 0
	for i := range 6 {
		prefix = prefix*10 + int(digits[i]-'0')
	}
	for _, r := range brandRanges {
		if r.low <= prefix && prefix <= r.high && slices.Contains(r.lengths, len(digits)) {
			return r.brand, true
		}
	}
	return "", false
}

// luhn reports whether the last digit is the check digit of those before it.
// It takes digits only.
func luhn[T text](digits T) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func allDigits[T text](s T) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return len(s) > 0
}
