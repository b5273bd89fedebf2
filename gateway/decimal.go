package gateway

import (
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact decimal with at most four decimals: a quantity, the price
// of a unit, or a rate in percent. It is held in ten-thousandths, and nothing
// converts it through a float.
type Decimal int64

const (
	decimalPlaces = 4
	decimalUnit   = 10_000
)

var errDecimal = errors.New(`expected a decimal with at most four decimals and at most nine digits before the point, such as "2.5"`)

// ParseDecimal reads one to nine digits, then at most four decimals. It refuses
// what ParseMoney refuses.
func ParseDecimal(s string) (Decimal, error) {
	whole, decimals, point := strings.Cut(s, ".")
	if len(whole) < 1 || len(whole) > 9 || len(decimals) > decimalPlaces || (point && decimals == "") {
		return 0, errDecimal
	}
	digits := whole + decimals + strings.Repeat("0", decimalPlaces-len(decimals))
	if strings.Trim(digits, "0123456789") != "" {
		return 0, errDecimal
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, errDecimal
	}
	return Decimal(n), nil
}

// String is the shortest form: no zeros at the end.
func (d Decimal) String() string {
	digits := strconv.FormatInt(int64(d), 10)
	digits = strings.Repeat("0", max(0, decimalPlaces+1-len(digits))) + digits
	point := len(digits) - decimalPlaces
	return strings.TrimSuffix(digits[:point]+"."+strings.TrimRight(digits[point:], "0"), ".")
}

// MarshalJSON writes the public form as a string.
func (d Decimal) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, d.String()), nil
}

// UnmarshalJSON reads a string, or a number by its literal.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	literal := string(b)
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &literal); err != nil {
			return errDecimal
		}
	}
	parsed, err := ParseDecimal(literal)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// rounded is a fraction of a cent as whole cents: half a cent and more counts as
// one. Nothing here is negative.
func rounded(numerator, denominator *big.Int) *big.Int {
	twice := new(big.Int).Lsh(numerator, 1)
	twice.Add(twice, denominator)
	return twice.Quo(twice, new(big.Int).Lsh(denominator, 1))
}

// times is quantity times price in cents, rounded once. It is false for more than
// an amount can be.
func (d Decimal) times(price Decimal) (Money, bool) {
	exact := new(big.Int).Mul(big.NewInt(int64(d)), big.NewInt(int64(price))) // in 10^-8 of a unit
	return moneyOf(rounded(exact, big.NewInt(decimalUnit*decimalUnit/100)))
}

// percentOf is that many percent of an amount, rounded once. It is false for more
// than an amount can be.
func (d Decimal) percentOf(m Money) (Money, bool) {
	exact := new(big.Int).Mul(big.NewInt(int64(d)), big.NewInt(int64(m)))
	return moneyOf(rounded(exact, big.NewInt(decimalUnit*100)))
}

func moneyOf(cents *big.Int) (Money, bool) {
	if !cents.IsInt64() || Money(cents.Int64()) > MaxMoney {
		return 0, false
	}
	return Money(cents.Int64()), true
}
