package simulator

import (
	"encoding/json"
	"strconv"
	"strings"
)

// cents is an amount of money. PayTrace's v1 knows no currency but the dollar.
type cents int64

// maxAmountLength is PayTrace's limit for AMOUNT, in characters.
const maxAmountLength = 12

// parseCents reads a decimal with at most two decimals, as PayTrace takes it in
// a JSON string or a JSON number ("1.00", "2.5", 25, 51.88).
func parseCents(s string) (cents, bool) {
	if s == "" || len(s) > maxAmountLength {
		return 0, false
	}
	whole, fraction, hasPoint := strings.Cut(s, ".")
	if whole == "" || len(fraction) > 2 || (hasPoint && fraction == "") {
		return 0, false
	}
	if !isDigits(whole) || (fraction != "" && !isDigits(fraction)) {
		return 0, false
	}
	for len(fraction) < 2 {
		fraction += "0"
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	return cents(n), err == nil
}

// String writes the amount with two decimals, as answers and requests do.
func (c cents) String() string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	digits := strconv.FormatInt(int64(c), 10)
	for len(digits) < 3 {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-2] + "." + digits[len(digits)-2:]
}

// number writes the amount as the exports do: a JSON number without trailing
// zeros (110, 51.88), made without going through a float.
func (c cents) number() json.RawMessage {
	s := strings.TrimRight(c.String(), "0")
	return json.RawMessage(strings.TrimSuffix(s, "."))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
