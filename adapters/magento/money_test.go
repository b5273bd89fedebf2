package magento

import (
	"encoding/json"
	"testing"

	"paytrace-gateway/gateway"
)

func TestMagentosAmountsAreReadWithoutFloats(t *testing.T) {
	for literal, want := range map[string]gateway.Money{
		`null`: 0, `0`: 0, `100`: 100_00, `19.9`: 19_90, `19.99`: 19_99, `"19.9900"`: 19_99, `"0.0000"`: 0, `""`: 0, ` 7 `: 7_00,
		`999999999.99`: 999_999_999_99,
	} {
		var d decimal
		if err := json.Unmarshal([]byte(literal), &d); err != nil {
			t.Errorf("%s: %v", literal, err)
			continue
		}
		if got, err := d.money(); err != nil || got != want {
			t.Errorf("%s is %d (%v), want %d", literal, got, err, want)
		}
	}
	for _, literal := range []string{`19.995`, `"19.9950"`, `-1`, `1e3`, `"1,000"`, `"abc"`, `10000000000`, `19.990000000000002`, `"."`} {
		var d decimal
		err := json.Unmarshal([]byte(literal), &d)
		if _, moneyErr := d.money(); err == nil && moneyErr == nil {
			t.Errorf("%s is taken", literal)
		}
	}
}

func TestQuantitiesHaveFourDecimals(t *testing.T) {
	for literal, want := range map[decimal]json.Number{"1": "1", "2.5": "2.5", "0.0001": "0.0001", "3.0000": "3", "": "0", "10": "10"} {
		q, err := literal.quantity()
		if err != nil || pieces(q) != want {
			t.Errorf("%s is %s (%v), want %s", literal, pieces(q), err, want)
		}
	}
	for _, literal := range []decimal{"-1", "1e2", ".5", "1.00001", "x", "1.x"} {
		if q, err := literal.quantity(); err == nil {
			t.Errorf("%s is taken as %d", literal, q)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{`19.99`, `"19.9900"`, `null`, `1e5`, `-0`, `[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d decimal
		if json.Unmarshal(b, &d) != nil {
			return
		}
		if m, err := d.money(); err == nil {
			if m < 0 || m > gateway.MaxMoney {
				t.Errorf("%s is %d", b, m)
			}
			if again, err := decimal(m.String()).money(); err != nil || again != m {
				t.Errorf("%s is %d, and written again %d", b, m, again)
			}
		}
		if q, err := d.quantity(); err == nil && q < 0 {
			t.Errorf("%s pieces are %d", b, q)
		}
	})
}
