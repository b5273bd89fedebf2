package simulation

import (
	"fmt"
	"strconv"
	"strings"
)

// cents reads a decimal amount of two decimals.
func cents(amount string) (int64, error) {
	if amount == "" {
		return 0, nil
	}
	whole, part, ok := strings.Cut(amount, ".")
	if !ok || len(part) != 2 {
		return 0, fmt.Errorf("%q is no amount", amount)
	}
	return strconv.ParseInt(whole+part, 10, 64)
}

func decimal(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
