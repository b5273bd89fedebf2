package api

import (
	"paytrace-gateway/gateway"
)

// lineItem is one line of an order.
type lineItem struct {
	Description    string           `json:"description" validate:"required,max=255,printable"`
	ProductCode    string           `json:"productCode" validate:"max=50,printable"`
	CommodityCode  string           `json:"commodityCode" validate:"max=12,printable"`
	Quantity       *gateway.Decimal `json:"quantity" validate:"required"`
	UnitOfMeasure  string           `json:"unitOfMeasure" validate:"max=12,printable"`
	UnitPrice      *gateway.Decimal `json:"unitPrice" validate:"required"`
	DiscountAmount *gateway.Money   `json:"discountAmount"`
	TaxRate        *gateway.Decimal `json:"taxRate"`
	TaxAmount      *gateway.Money   `json:"taxAmount"`
	TotalAmount    *gateway.Money   `json:"totalAmount"`
}

// enhancement is the request's enhanced data, nil when it has none.
func (r createPaymentRequest) enhancement() *gateway.EnhancedData {
	d := gateway.EnhancedData{
		TaxAmount: r.TaxAmount, PurchaseOrder: r.PurchaseOrder, FreightAmount: orNothing(r.FreightAmount), DutyAmount: orNothing(r.DutyAmount),
		ShipFromPostalCode: r.ShipFromPostalCode, ShipToPostalCode: r.ShipToPostalCode, ShipToCountryCode: r.ShipToCountryCode,
	}
	for _, l := range r.LineItems {
		d.LineItems = append(d.LineItems, gateway.LineItem{
			Description: l.Description, ProductCode: l.ProductCode, CommodityCode: l.CommodityCode,
			Quantity: *l.Quantity, UnitOfMeasure: l.UnitOfMeasure, UnitPrice: *l.UnitPrice,
			DiscountAmount: orNothing(l.DiscountAmount), TaxRate: l.TaxRate, TaxAmount: l.TaxAmount, TotalAmount: l.TotalAmount,
		})
	}
	if d.IsEmpty() {
		return nil
	}
	return &d
}

func orNothing(m *gateway.Money) gateway.Money {
	if m == nil {
		return 0
	}
	return *m
}

// enhancedView is what has become of what PayTrace is told in a call of its own.
type enhancedView struct {
	Status        gateway.EnhancementStatus `json:"status"`
	LineItemCount int                       `json:"lineItemCount"`
	Attempts      int                       `json:"attempts"`
	Detail        string                    `json:"detail,omitempty"`
}

// showEnhancement shows what was told beside the payment.
func (v *paymentView) showEnhancement(e *gateway.Enhancement) {
	if e == nil {
		return
	}
	v.TaxAmount, v.PurchaseOrder = e.TaxAmount, e.PurchaseOrder
	if e.Status != "" {
		v.EnhancedData = &enhancedView{Status: e.Status, LineItemCount: e.LineItemCount, Attempts: e.Attempts, Detail: e.Detail}
	}
}
