package gateway

import (
	"encoding/json"
	"testing"
)

func TestParseMoney(t *testing.T) {
	good := map[string]Money{
		"19.99": 1999, "0.01": 1, "0.00": 0, "1": 100, "1.5": 150, "007.10": 710,
		"999999999.99": MaxMoney, "1.15": 115,
	}
	for in, want := range good {
		if got, err := ParseMoney(in); err != nil || got != want {
			t.Errorf("ParseMoney(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	bad := []string{
		"", ".", "1.", ".5", "-1.00", "+1.00", "1.999", "1,00", "1 000", "1e2", "0x10", " 1.00", "1.00 ",
		"1234567890.00", "1.0.0", "NaN", "Inf", "１.００", "1.0\x00",
	}
	for _, in := range bad {
		if got, err := ParseMoney(in); err == nil {
			t.Errorf("ParseMoney(%q) = %d, want an error", in, got)
		}
	}
}

func TestMoneyIsWrittenWithTwoDecimals(t *testing.T) {
	for m, want := range map[Money]string{
		0: "0.00", 7: "0.07", 10: "0.10", 99: "0.99", 100: "1.00", 1999: "19.99", -5: "-0.05", -12345: "-123.45", MaxMoney: "999999999.99",
	} {
		written, err := m.MarshalJSON()
		if m.String() != want || err != nil || string(written) != `"`+want+`"` {
			t.Errorf("%d is written as %s and in JSON as %s, %v; want %s", int64(m), m, written, err, want)
		}
	}
}

func TestMoneyInJSONTakesStringsAndPlainNumbers(t *testing.T) {
	for in, want := range map[string]Money{`"19.99"`: 1999, `19.99`: 1999, `20`: 2000, `19.9`: 1990} {
		var m Money
		if err := json.Unmarshal([]byte(in), &m); err != nil || m != want {
			t.Errorf("%s became %d, %v; want %d", in, m, err, want)
		}
	}
	for _, in := range []string{`1e2`, `"1e2"`, `-1`, `19.999`, `true`, `{}`, `[]`, `""`} {
		var m Money
		if err := json.Unmarshal([]byte(in), &m); err == nil {
			t.Errorf("%s became %d, want an error", in, m)
		}
	}
	out, err := json.Marshal(Money(5))
	if err != nil || string(out) != `"0.05"` {
		t.Errorf("5 cents were written as %s, %v", out, err)
	}
}

func FuzzMoney(f *testing.F) {
	for _, seed := range []string{"19.99", "0.1", "999999999.99", "1e3", "-4", "１"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		m, err := ParseMoney(in)
		if err != nil {
			if err != errMoney {
				t.Fatalf("an error of its own for this input may quote it: %q", err)
			}
			return
		}
		if m < 0 || m > MaxMoney {
			t.Fatalf("%q became %d, out of range", in, m)
		}
		again, err := ParseMoney(m.String())
		if err != nil || again != m {
			t.Fatalf("%q became %s, which reads as %d, %v", in, m, again, err)
		}
	})
}
