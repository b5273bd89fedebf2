package simulator

import "testing"

func TestAmountsAreReadWithoutFloats(t *testing.T) {
	cases := []struct {
		in   string
		want cents
		ok   bool
	}{
		{"51.88", 5188, true}, {"1.00", 100, true}, {"2.5", 250, true}, {"25.0", 2500, true}, {"12", 1200, true},
		{"0", 0, true}, {"0.29", 29, true}, {"999999999.99", 99999999999, true},
		{"", 0, false}, {"1.005", 0, false}, {"-1", 0, false}, {"1e2", 0, false}, {".5", 0, false},
		{"1.", 0, false}, {"1,00", 0, false}, {"$1", 0, false}, {"9999999999.99", 0, false},
	}
	for _, c := range cases {
		t.Run(c.in, func(t *testing.T) {
			if got, ok := parseCents(c.in); got != c.want || ok != c.ok {
				t.Errorf("got %d, %v, want %d, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestAmountsAreWritten(t *testing.T) {
	cases := []struct {
		in           cents
		text, number string
	}{
		{0, "0.00", "0"}, {5, "0.05", "0.05"}, {50, "0.50", "0.5"}, {11000, "110.00", "110"}, {5188, "51.88", "51.88"}, {-25, "-0.25", "-0.25"},
	}
	for _, c := range cases {
		if c.in.String() != c.text || string(c.in.number()) != c.number {
			t.Errorf("%d is %s and %s, want %s and %s", c.in, c.in, c.in.number(), c.text, c.number)
		}
	}
}
