package drill

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// cents reads a decimal amount; an absent one is zero.
func cents(t testing.TB, amount string) int64 {
	t.Helper()
	if amount == "" {
		return 0
	}
	whole, part, _ := strings.Cut(amount, ".")
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil || len(part) != 2 {
		t.Errorf("%q is no amount", amount)
	}
	return n
}

func decimal(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
