package gateway

import (
	"fmt"
	"strings"
)

// EnhancedData is what the bank of a purchasing card is told of an order: tax
// and purchase order (level 2), and the order's lines (level 3). Keys are bound
// to it for good, so its members' names never change.
type EnhancedData struct {
	TaxAmount          *Money     `json:"taxAmount,omitempty"`
	PurchaseOrder      string     `json:"purchaseOrder,omitempty"`
	FreightAmount      Money      `json:"freightAmount,omitempty"`
	DutyAmount         Money      `json:"dutyAmount,omitempty"`
	ShipFromPostalCode string     `json:"shipFromPostalCode,omitempty"`
	ShipToPostalCode   string     `json:"shipToPostalCode,omitempty"`
	ShipToCountryCode  string     `json:"shipToCountryCode,omitempty"`
	LineItems          []LineItem `json:"lineItems,omitempty"`
}

// LineItem is one line of an order.
type LineItem struct {
	Description    string   `json:"description"`
	ProductCode    string   `json:"productCode,omitempty"`
	CommodityCode  string   `json:"commodityCode,omitempty"`
	Quantity       Decimal  `json:"quantity"`
	UnitOfMeasure  string   `json:"unitOfMeasure,omitempty"`
	UnitPrice      Decimal  `json:"unitPrice"`
	DiscountAmount Money    `json:"discountAmount,omitempty"`
	TaxRate        *Decimal `json:"taxRate,omitempty"`
	TaxAmount      *Money   `json:"taxAmount,omitempty"`
	TotalAmount    *Money   `json:"totalAmount,omitempty"`
}

// MaxLineItems bounds the lines of an order.
const MaxLineItems = 99

// IsEmpty says that nothing is told.
func (d EnhancedData) IsEmpty() bool {
	return d.TaxAmount == nil && d.PurchaseOrder == "" && d.FreightAmount == 0 && d.DutyAmount == 0 && len(d.LineItems) == 0 &&
		d.ShipFromPostalCode == "" && d.ShipToPostalCode == "" && d.ShipToCountryCode == ""
}

// summed is the data with every sum filled in that was left out, or the first
// one that does not add up to the amount, to the cent. Nothing of d changes.
func (d EnhancedData) summed(amount Money) (EnhancedData, error) {
	if fault := d.purchaseOrderFault(); fault != nil {
		return d, fault
	}
	if len(d.LineItems) == 0 {
		return d, d.withoutLines(amount)
	}
	lines := make([]LineItem, len(d.LineItems))
	for i, line := range d.LineItems {
		sum, fault := line.summed()
		if fault != nil {
			return d, fault.on(fmt.Sprintf("lineItems[%d].%s", i, fault.Field))
		}
		lines[i] = sum
	}
	d.LineItems = lines
	taxed := d.lineTax()
	if d.TaxAmount == nil {
		d.TaxAmount = &taxed
	}
	if *d.TaxAmount < taxed {
		return d, wrongSum("the lines' tax makes %s, and the order's is %s: expected at least the lines' tax, or none told", taxed, *d.TaxAmount).on("taxAmount")
	}
	if total := d.Total(); total != amount {
		return d, wrongSum("%s: expected the amount, %s", d.spelledOut(), amount).on("lineItems")
	}
	return d, nil
}

// purchaseOrderFault refuses what PayTrace would show otherwise than it was told, and
// what would be another payment's reference in the place of this one's.
func (d EnhancedData) purchaseOrderFault() error {
	switch {
	case strings.TrimSpace(d.PurchaseOrder) != d.PurchaseOrder:
		return wrongSum("expected no blanks at its beginning or end").on("purchaseOrder")
	case isReference(d.PurchaseOrder):
		return wrongSum("16 of the letters A to Z and digits 2 to 7 are how the gateway names a payment at PayTrace: expected another form, such as with a prefix").on("purchaseOrder")
	}
	return nil
}

// withoutLines refuses what tells of an order's lines and has none.
func (d EnhancedData) withoutLines(amount Money) error {
	for _, member := range []struct {
		field string
		told  bool
	}{
		{"freightAmount", d.FreightAmount > 0}, {"dutyAmount", d.DutyAmount > 0},
		{"shipFromPostalCode", d.ShipFromPostalCode != ""},
		{"shipToPostalCode", d.ShipToPostalCode != ""}, {"shipToCountryCode", d.ShipToCountryCode != ""},
	} {
		if member.told {
			return wrongSum("expected lineItems beside it").on(member.field)
		}
	}
	if d.TaxAmount != nil && *d.TaxAmount > amount {
		return wrongSum("the tax, %s, is more than the amount, %s", *d.TaxAmount, amount).on("taxAmount")
	}
	return nil
}

// summed is the line with its tax and its total.
func (l LineItem) summed() (LineItem, *Error) {
	if strings.TrimSpace(l.Description) == "" {
		return l, wrongSum("expected more than blanks").on("description")
	}
	if l.Quantity <= 0 {
		return l, wrongSum("expected more than 0").on("quantity")
	}
	price, ok := l.Quantity.times(l.UnitPrice)
	if !ok {
		return l, wrongSum("%s times %s is more than an amount can be", l.Quantity, l.UnitPrice).on("unitPrice")
	}
	if l.DiscountAmount > price {
		return l, wrongSum("expected at most %s, which is %s times %s", price, l.Quantity, l.UnitPrice).on("discountAmount")
	}
	tax, fault := l.tax(price - l.DiscountAmount)
	if fault != nil {
		return l, fault
	}
	total := price - l.DiscountAmount + tax
	if l.TotalAmount != nil && *l.TotalAmount != total {
		return l, wrongSum("expected %s: %s times %s is %s, less a discount of %s, with a tax of %s",
			total, l.Quantity, l.UnitPrice, price, l.DiscountAmount, tax).on("totalAmount")
	}
	l.TaxAmount, l.TotalAmount = &tax, &total
	return l, nil
}

// tax is the line's tax. Where both are told the amount counts, and the rate has
// to fit it: shops round for each unit, so half a cent for each unit may be between
// them, and half a cent of the rounding here. It is bounded by the line's worth:
// thousands of cheap units would make any tax fit.
func (l LineItem) tax(net Money) (Money, *Error) {
	if l.TaxRate == nil {
		if l.TaxAmount == nil {
			return 0, nil
		}
		return *l.TaxAmount, nil
	}
	byRate, ok := l.TaxRate.percentOf(net)
	if !ok {
		return 0, wrongSum("%s percent of %s is more than an amount can be", *l.TaxRate, net).on("taxRate")
	}
	if l.TaxAmount == nil {
		return byRate, nil
	}
	units := Money((int64(l.Quantity) + decimalUnit - 1) / decimalUnit)
	most := max(1, min((units+1)/2, net/100))
	if difference := *l.TaxAmount - byRate; difference > most || difference < -most {
		return 0, wrongSum("%s percent of %s is %s: expected that, give or take %s, or no rate beside the tax", *l.TaxRate, net, byRate, most).on("taxAmount")
	}
	return *l.TaxAmount, nil
}

// lineTax is the tax that the lines tell of, of data that was summed.
func (d EnhancedData) lineTax() Money {
	var sum Money
	for _, line := range d.LineItems {
		sum += *line.TaxAmount
	}
	return sum
}

// OtherTax is the part of the tax that no line tells of, such as that on
// freight.
func (d EnhancedData) OtherTax() Money { return *d.TaxAmount - d.lineTax() }

// Discount is what all lines are lowered by.
func (d EnhancedData) Discount() Money {
	var sum Money
	for _, line := range d.LineItems {
		sum += line.DiscountAmount
	}
	return sum
}

// Total is what the lines make, with freight, duty and the tax that no line
// tells of.
func (d EnhancedData) Total() Money {
	total := d.FreightAmount + d.DutyAmount + d.OtherTax()
	for _, line := range d.LineItems {
		total += *line.TotalAmount
	}
	return total
}

// toldLines bounds the lines that a sum is spelled out of.
const toldLines = 10

// spelledOut is the sum in words, line by line.
func (d EnhancedData) spelledOut() string {
	var parts []string
	for i, line := range d.LineItems[:min(len(d.LineItems), toldLines)] {
		parts = append(parts, fmt.Sprintf("lineItems[%d] %s", i, *line.TotalAmount))
	}
	if more := len(d.LineItems) - toldLines; more > 0 {
		var rest Money
		for _, line := range d.LineItems[toldLines:] {
			rest += *line.TotalAmount
		}
		parts = append(parts, fmt.Sprintf("the other %d %s", more, rest))
	}
	parts = append(parts, fmt.Sprintf("freight %s, duty %s, tax that no line tells %s", d.FreightAmount, d.DutyAmount, d.OtherTax()))
	return strings.Join(parts, ", ") + " make " + d.Total().String()
}

func wrongSum(format string, args ...any) *Error {
	return refuse(CodeEnhancedData, format, args...)
}
