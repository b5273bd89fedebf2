package gateway

import (
	"errors"
	"strings"
	"testing"
)

// order writes data the way a table can be read: money and decimals as texts.
type order struct {
	tax, freight, duty string // empty: not told
	lines              []row
}

type row struct{ quantity, price, discount, rate, tax, total string }

func (o order) data(t *testing.T) EnhancedData {
	d := EnhancedData{TaxAmount: moneyIn(t, o.tax)}
	if m := moneyIn(t, o.freight); m != nil {
		d.FreightAmount = *m
	}
	if m := moneyIn(t, o.duty); m != nil {
		d.DutyAmount = *m
	}
	for _, r := range o.lines {
		line := LineItem{Description: "goods", UnitOfMeasure: "KG", TaxAmount: moneyIn(t, r.tax), TotalAmount: moneyIn(t, r.total)}
		line.Quantity, line.UnitPrice = decimalIn(t, r.quantity), decimalIn(t, r.price)
		if m := moneyIn(t, r.discount); m != nil {
			line.DiscountAmount = *m
		}
		if r.rate != "" {
			rate := decimalIn(t, r.rate)
			line.TaxRate = &rate
		}
		d.LineItems = append(d.LineItems, line)
	}
	return d
}

func moneyIn(t *testing.T, s string) *Money {
	t.Helper()
	if s == "" {
		return nil
	}
	m, err := ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

func decimalIn(t *testing.T, s string) Decimal {
	t.Helper()
	d, err := ParseDecimal(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return d
}

func TestTheLinesMakeTheAmountToTheCent(t *testing.T) {
	cases := []struct {
		name   string
		amount string
		order  order
		// tax and totals are those that come of it; field is where it is refused.
		tax    string
		totals []string
		field  string
	}{
		{name: "one line", amount: "10.00", order: order{lines: []row{{quantity: "1", price: "10"}}}, tax: "0.00", totals: []string{"10.00"}},
		{name: "zero tax is told", amount: "10.00", order: order{tax: "0.00", lines: []row{{quantity: "1", price: "10", rate: "0"}}}, tax: "0.00"},
		{name: "two lines, tax by rate", amount: "32.10", order: order{lines: []row{
			{quantity: "1", price: "10", rate: "7"}, {quantity: "2", price: "10", rate: "7"}}}, tax: "2.10", totals: []string{"10.70", "21.40"}},
		{name: "half a cent goes up", amount: "0.13", order: order{lines: []row{{quantity: "0.5", price: "0.25"}}}, totals: []string{"0.13"}},
		{name: "less than half a cent goes down", amount: "0.12", order: order{lines: []row{{quantity: "0.5", price: "0.2499"}}}, totals: []string{"0.12"}},
		{name: "a third of ten three times", amount: "10.00", order: order{lines: []row{{quantity: "3", price: "3.3333"}}}, totals: []string{"10.00"}},
		{name: "rounded once for the line, not for each unit", amount: "3.35", order: order{lines: []row{{quantity: "1000", price: "0.0034"}}}, field: "lineItems"},
		{name: "a price below a cent", amount: "3.30", order: order{lines: []row{{quantity: "1000", price: "0.0033"}}}, totals: []string{"3.30"}},
		{name: "half a cent of tax goes up", amount: "10.53", order: order{lines: []row{{quantity: "1", price: "10", rate: "5.25"}}}, tax: "0.53"},
		{name: "a tenth less than half of tax goes down", amount: "10.52", order: order{lines: []row{{quantity: "1", price: "10", rate: "5.2499"}}}, tax: "0.52"},
		{name: "8.25 percent of 19.99", amount: "21.64", order: order{lines: []row{{quantity: "1", price: "19.99", rate: "8.25"}}}, tax: "1.65"},
		{name: "a discount", amount: "15.00", order: order{lines: []row{{quantity: "2", price: "10", discount: "5.00"}}}, totals: []string{"15.00"}},
		{name: "tax on what is left after the discount", amount: "16.50", order: order{lines: []row{{quantity: "2", price: "10", discount: "5.00", rate: "10"}}}, tax: "1.50"},
		{name: "a discount of all", amount: "5.00", order: order{lines: []row{{quantity: "1", price: "9.99", discount: "9.99"}, {quantity: "1", price: "5"}}}, totals: []string{"0.00", "5.00"}},
		{name: "a discount of more than all", amount: "5.00", order: order{lines: []row{{quantity: "1", price: "5"}, {quantity: "1", price: "9.99", discount: "10.00"}}}, field: "lineItems[1].discountAmount"},
		{name: "a present", amount: "5.00", order: order{lines: []row{{quantity: "1", price: "5"}, {quantity: "3", price: "0"}}}, totals: []string{"5.00", "0.00"}},
		{name: "metres", amount: "19.99", order: order{lines: []row{{quantity: "2.5", price: "7.996"}}}, totals: []string{"19.99"}},
		{name: "kilograms to the gram", amount: "4.94", order: order{lines: []row{{quantity: "0.123", price: "40.15"}}}, totals: []string{"4.94"}},
		{name: "litres, four decimals times four", amount: "1.52", order: order{lines: []row{{quantity: "1.2345", price: "1.2345"}}}, totals: []string{"1.52"}},
		{name: "thousands of screws", amount: "123.40", order: order{lines: []row{{quantity: "10000", price: "0.0123"}, {quantity: "4", price: "0.1"}}}, totals: []string{"123.00", "0.40"}},
		{name: "freight", amount: "15.00", order: order{freight: "5.00", lines: []row{{quantity: "1", price: "10"}}}},
		{name: "freight and duty", amount: "17.25", order: order{freight: "5.00", duty: "2.25", lines: []row{{quantity: "1", price: "10"}}}},
		{name: "tax on freight", amount: "16.40", order: order{tax: "1.40", freight: "5.00", lines: []row{{quantity: "1", price: "10", rate: "10"}}}, tax: "1.40"},
		{name: "tax that no line tells", amount: "11.00", order: order{tax: "1.00", lines: []row{{quantity: "1", price: "10"}}}, tax: "1.00", totals: []string{"10.00"}},
		{name: "the lines' tax is told", amount: "10.71", order: order{lines: []row{{quantity: "1", price: "10", tax: "0.71"}}}, tax: "0.71"},
		{name: "tax and rate, rounded for each unit", amount: "3.24", order: order{lines: []row{{quantity: "3", price: "0.99", rate: "8.25", tax: "0.27"}}}, tax: "0.27"},
		{name: "tax and rate that do not fit", amount: "3.29", order: order{lines: []row{{quantity: "3", price: "0.99", rate: "8.25", tax: "0.32"}}}, field: "lineItems[0].taxAmount"},
		{name: "tax of bulk goods, a percent too much", amount: "1092.50", order: order{lines: []row{{quantity: "100000", price: "0.01", rate: "8.25", tax: "92.50"}}}, tax: "92.50"},
		{name: "tax of bulk goods, more than a percent too much", amount: "1092.51", order: order{lines: []row{{quantity: "100000", price: "0.01", rate: "8.25", tax: "92.51"}}}, field: "lineItems[0].taxAmount"},
		{name: "tax of bulk goods, a cent too much for each unit", amount: "2082.50", order: order{lines: []row{{quantity: "100000", price: "0.01", rate: "8.25", tax: "1082.50"}}}, field: "lineItems[0].taxAmount"},
		{name: "bulk goods without the tax of their rate", amount: "1000.00", order: order{lines: []row{{quantity: "100000", price: "0.01", rate: "8.25", tax: "0.00"}}}, field: "lineItems[0].taxAmount"},
		{name: "bulk goods at a dollar, rounded for each unit", amount: "1080.00", order: order{lines: []row{{quantity: "1000", price: "1", rate: "8.25", tax: "80.00"}}}, tax: "80.00"},
		{name: "one unit, a cent beside its rate", amount: "10.84", order: order{lines: []row{{quantity: "1", price: "10", rate: "8.25", tax: "0.84"}}}, tax: "0.84"},
		{name: "one unit, two cents beside its rate", amount: "10.85", order: order{lines: []row{{quantity: "1", price: "10", rate: "8.25", tax: "0.85"}}}, field: "lineItems[0].taxAmount"},
		{name: "a total that is right", amount: "21.40", order: order{lines: []row{{quantity: "2", price: "10", rate: "7", total: "21.40"}}}},
		{name: "a total that is a cent too low", amount: "31.39", order: order{lines: []row{{quantity: "1", price: "10", total: "10.00"}, {quantity: "2", price: "10", rate: "7", total: "21.39"}}}, field: "lineItems[1].totalAmount"},
		{name: "a total that is a cent too high", amount: "10.01", order: order{lines: []row{{quantity: "1", price: "10", total: "10.01"}}}, field: "lineItems[0].totalAmount"},
		{name: "a cent more than the amount", amount: "9.99", order: order{lines: []row{{quantity: "1", price: "10"}}}, field: "lineItems"},
		{name: "a cent less than the amount", amount: "10.01", order: order{lines: []row{{quantity: "1", price: "10"}}}, field: "lineItems"},
		{name: "freight was forgotten", amount: "15.00", order: order{lines: []row{{quantity: "1", price: "10"}}}, field: "lineItems"},
		{name: "less tax than the lines tell", amount: "10.70", order: order{tax: "0.69", lines: []row{{quantity: "1", price: "10", rate: "7"}}}, field: "taxAmount"},
		{name: "no quantity", amount: "10.00", order: order{lines: []row{{quantity: "0", price: "10"}}}, field: "lineItems[0].quantity"},
		{name: "more than an amount can be", amount: "10.00", order: order{lines: []row{{quantity: "999999999", price: "999999999"}}}, field: "lineItems[0].unitPrice"},
		{name: "a rate of a million percent", amount: "10.00", order: order{lines: []row{{quantity: "1", price: "999999999", rate: "999999999"}}}, field: "lineItems[0].taxRate"},
		{name: "the largest amount", amount: "999999999.99", order: order{lines: []row{{quantity: "1", price: "999999999.99"}}}, totals: []string{"999999999.99"}},
		{name: "tax alone", amount: "10.00", order: order{tax: "0.65"}, tax: "0.65"},
		{name: "tax alone, more than all", amount: "10.00", order: order{tax: "10.01"}, field: "taxAmount"},
		{name: "freight without lines", amount: "10.00", order: order{freight: "1.00"}, field: "freightAmount"},
		{name: "duty without lines", amount: "10.00", order: order{duty: "1.00"}, field: "dutyAmount"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			summed, err := c.order.data(t).summed(*moneyIn(t, c.amount))
			var refused *Error
			switch {
			case c.field == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.field == "":
				wantSums(t, summed, c.tax, c.totals)
			case !errors.As(err, &refused) || refused.Code != CodeEnhancedData || refused.Field != c.field || refused.Message == "":
				t.Errorf("%v (%+v), want %s refused", err, refused, c.field)
			}
		})
	}
	if len(cases) < 30 {
		t.Errorf("%d cases", len(cases))
	}
}

func wantSums(t *testing.T, d EnhancedData, tax string, totals []string) {
	t.Helper()
	if tax != "" && d.TaxAmount.String() != tax {
		t.Errorf("the tax is %s, want %s", d.TaxAmount, tax)
	}
	for i, want := range totals {
		if got := d.LineItems[i].TotalAmount.String(); got != want {
			t.Errorf("line %d makes %s, want %s", i, got, want)
		}
	}
}

func TestASumThatIsWrongIsSpelledOutLineByLine(t *testing.T) {
	o := order{freight: "1.00"}
	for range 12 {
		o.lines = append(o.lines, row{quantity: "1", price: "2.5"})
	}
	_, err := o.data(t).summed(1)
	for _, words := range []string{"lineItems[0] 2.50", "lineItems[9] 2.50", "the other 2 5.00", "freight 1.00", "make 31.00", "0.01"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v does not say %q", err, words)
		}
	}
}

func TestDecimalsAreExact(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "1": "1", "1.0": "1", "0.1": "0.1", "2.50": "2.5", "0.0001": "0.0001", "999999999.9999": "999999999.9999", "007": "7",
	} {
		d, err := ParseDecimal(in)
		if err != nil || d.String() != want {
			t.Errorf("%s is read as %s, %v", in, d, err)
		}
		again, err := ParseDecimal(d.String())
		if err != nil || again != d {
			t.Errorf("%s does not survive", d)
		}
	}
	for _, in := range []string{"", ".5", "1.", "-1", "+1", "1e3", "1,5", "0.00001", "1234567890", "1.2.3", " 1", "1 ", "٣"} {
		if d, err := ParseDecimal(in); err == nil {
			t.Errorf("%q is read as %s", in, d)
		}
	}
}
