package load

import "testing"

func TestAMixIsPickedByItsWeightsAndRepeatably(t *testing.T) {
	m, err := ParseMix("sale=70,refund=20,by-key=10")
	if err != nil {
		t.Fatal(err)
	}
	picked := map[string]int{}
	other := 0
	for n := range 10_000 {
		picked[m.pick(7, n)]++
		if m.pick(7, n) != m.pick(7, n) {
			t.Fatal("the same seed picks different operations")
		}
		if m.pick(7, n) != m.pick(8_000_000, n) {
			other++
		}
	}
	for name, want := range map[string]int{Sale: 7000, Refund: 2000, ByKey: 1000} {
		if n := picked[name]; n < want*9/10 || n > want*11/10 {
			t.Errorf("%d of 10,000 are %s", n, name)
		}
	}
	if other < 1000 {
		t.Errorf("another seed picks another operation %d times", other)
	}
}

func TestAMixThatMeansNothingIsRefused(t *testing.T) {
	for _, wrong := range []string{"", "sale", "sale=", "sale=0", "sale=-1", "sale=1.5", "void=1", "sale=1,sale=2", "sale=1,", "sale=1000001"} {
		if m, err := ParseMix(wrong); err == nil {
			t.Errorf("%q is %v", wrong, m)
		}
	}
}
