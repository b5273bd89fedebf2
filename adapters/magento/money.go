package magento

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"paytrace-gateway/gateway"
)

// decimal is an amount as Magento writes it: a number such as 19.99, a text
// such as "19.9900", or null.
type decimal string

var errDecimal = errors.New("not an amount of whole cents")

// UnmarshalJSON keeps the digits as they are written: an amount never passes
// through a float.
func (d *decimal) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if string(b) == "null" {
		*d = ""
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		var text string
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
		*d = decimal(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(b, &number); err != nil {
		return err
	}
	*d = decimal(number)
	return nil
}

// money is the amount in cents. Magento keeps four decimals; an amount with a
// part of a cent is refused, since no payment can have it.
func (d decimal) money() (gateway.Money, error) {
	if d == "" {
		return 0, nil
	}
	whole, fraction, _ := strings.Cut(string(d), ".")
	cents := fraction
	if len(fraction) > 2 {
		cents = fraction[:2]
		if strings.Trim(fraction[2:], "0") != "" {
			return 0, errDecimal
		}
	}
	if cents != "" {
		whole += "." + cents
	}
	m, err := gateway.ParseMoney(whole)
	if err != nil {
		return 0, errDecimal
	}
	return m, nil
}

// quantityUnit is what one piece is counted as: quantities have four decimals.
const quantityUnit = 10_000

// quantity is a number of pieces in ten-thousandths.
func (d decimal) quantity() (int64, error) {
	if d == "" {
		return 0, nil
	}
	whole, fraction, _ := strings.Cut(string(d), ".")
	if len(whole) < 1 || len(whole) > 9 || len(fraction) > 4 {
		return 0, errDecimal
	}
	n, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", 4-len(fraction)), 10, 63)
	if err != nil {
		return 0, errDecimal
	}
	return int64(n), nil
}

// pieces writes a quantity as a number of JSON.
func pieces(q int64) json.Number {
	n := strconv.FormatInt(q/quantityUnit, 10)
	if part := q % quantityUnit; part > 0 {
		n += "." + strings.TrimRight(fmt.Sprintf("%04d", part), "0")
	}
	return json.Number(n)
}
