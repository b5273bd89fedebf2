package paytrace

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"time"

	"paytrace-gateway/gateway"
)

// enhanceRequest is the body of a call that adds enhanced data. What a brand's
// endpoint does not know is left out, and so is what nobody told. Lines make the
// amount with all that there is besides, so beside them what is nothing is known to
// be: it is told as 0.00, since PayTrace puts a default of the account in its place.
type enhanceRequest struct {
	IntegratorID          string      `json:"integrator_id"`
	TransactionID         string      `json:"transaction_id"`
	InvoiceID             string      `json:"invoice_id"`
	CustomerReferenceID   string      `json:"customer_reference_id"`
	TaxAmount             json.Number `json:"tax_amount,omitempty"`
	NationalTaxAmount     json.Number `json:"national_tax_amount,omitempty"`
	DiscountAmount        json.Number `json:"discount_amount,omitempty"`
	FreightAmount         json.Number `json:"freight_amount,omitempty"`
	DutyAmount            json.Number `json:"duty_amount,omitempty"`
	AdditionalTaxAmount   json.Number `json:"additional_tax_amount,omitempty"`
	AdditionalTaxIncluded *bool       `json:"additional_tax_included,omitempty"`
	SourceAddress         *address    `json:"source_address,omitempty"`
	ShippingAddress       *address    `json:"shipping_address,omitempty"`
	LineItems             []lineItem  `json:"line_items,omitempty"`
}

type lineItem struct {
	Description           string      `json:"description"`
	ProductID             string      `json:"product_id,omitempty"`
	CommodityCode         string      `json:"commodity_code,omitempty"`
	Quantity              json.Number `json:"quantity"`
	UnitOfMeasure         string      `json:"unit_of_measure,omitempty"`
	UnitCost              json.Number `json:"unit_cost"`
	DiscountAmount        json.Number `json:"discount_amount"`
	DiscountIncluded      *bool       `json:"discount_included,omitempty"`
	AdditionalTaxAmount   json.Number `json:"additional_tax_amount"`
	AdditionalTaxRate     json.Number `json:"additional_tax_rate"`
	AdditionalTaxIncluded *bool       `json:"additional_tax_included,omitempty"`
	TaxIncluded           *bool       `json:"tax_included,omitempty"`
	DebitOrCredit         string      `json:"debit_or_credit,omitempty"`
	Amount                json.Number `json:"amount"`
}

// The lengths that the card brands take; PayTrace's own are not known.
const (
	visaDescription       = 26
	mastercardDescription = 35
	maxProductID          = 12
)

// Enhance adds enhanced data by the endpoint of the card's brand. It goes where
// looks go, so that no charge waits for a connection because of it.
func (c *Client) Enhance(ctx context.Context, e gateway.Enhance) gateway.Result {
	request, path := c.enhanceRequest(e), visaDataPath
	switch e.Brand {
	case gateway.Visa:
		request.tellVisa(e.Data)
	case gateway.Mastercard:
		path = mastercardDataPath
		request.tellMastercard(e.Data)
	default:
		return gateway.Result{Outcome: gateway.NotSent, Detail: "PayTrace takes enhanced data for Visa and Mastercard only"}
	}
	body, err := json.Marshal(request)
	if err != nil {
		return unwritable()
	}
	q := asked{verb: enhancing, transactionID: e.TransactionID, live: c.config.LiveMode}
	r := result(q, c.send(ctx, c.looks, path, plainBody(body), time.Time{}, maxAnswer))
	if r.Outcome == gateway.Approved {
		r.Doubt = lineDoubt(r.Detail, len(e.Data.LineItems))
	}
	return r
}

// madeLines is where PayTrace says how many lines it has made.
var madeLines = regexp.MustCompile(`\b([0-9]+) line item records? (?:was|were) created`)

// lineDoubt compares what PayTrace says it has made with what it was told. An
// answer without a number says nothing.
func lineDoubt(said string, told int) string {
	made := madeLines.FindStringSubmatch(said)
	if made == nil || made[1] == strconv.Itoa(told) {
		return ""
	}
	return fmt.Sprintf("PayTrace says that it made %s lines, and was told %d", made[1], told)
}

// enhanceRequest is what both brands are told. PayTrace puts invoice and customer
// reference in place of the charge's: the invoice is the same again, and the
// reference stays ours unless there is a purchase order.
func (c *Client) enhanceRequest(e gateway.Enhance) enhanceRequest {
	d := e.Data
	r := enhanceRequest{
		IntegratorID: c.config.IntegratorID, TransactionID: e.TransactionID,
		InvoiceID: c.invoice(e.OrderID, e.Reference), CustomerReferenceID: d.PurchaseOrder,
		SourceAddress:   theirAddress(&gateway.Address{PostalCode: d.ShipFromPostalCode}),
		ShippingAddress: theirAddress(&gateway.Address{PostalCode: d.ShipToPostalCode, CountryCode: d.ShipToCountryCode}),
	}
	if r.CustomerReferenceID == "" && c.config.ReferenceField != ReferenceInDescription {
		r.CustomerReferenceID = e.Reference
	}
	if d.TaxAmount != nil {
		r.TaxAmount = cents(*d.TaxAmount)
	}
	if len(d.LineItems) > 0 {
		r.NationalTaxAmount, r.AdditionalTaxAmount = cents(0), cents(d.OtherTax())
		r.FreightAmount, r.DutyAmount = cents(d.FreightAmount), cents(d.DutyAmount)
	}
	return r
}

func (r *enhanceRequest) tellVisa(d gateway.EnhancedData) {
	if len(d.LineItems) > 0 {
		r.DiscountAmount = cents(d.Discount())
	}
	for _, line := range d.LineItems {
		item := itemOf(line, visaDescription)
		item.CommodityCode = line.CommodityCode
		r.LineItems = append(r.LineItems, item)
	}
}

func (r *enhanceRequest) tellMastercard(d gateway.EnhancedData) {
	if len(d.LineItems) > 0 {
		r.AdditionalTaxIncluded = told(d.OtherTax() > 0)
	}
	for _, line := range d.LineItems {
		item := itemOf(line, mastercardDescription)
		item.DiscountIncluded = told(line.DiscountAmount > 0)
		item.AdditionalTaxIncluded = told(*line.TaxAmount > 0)
		item.TaxIncluded = told(true) // the line's amount is with its tax
		item.DebitOrCredit = "D"
		r.LineItems = append(r.LineItems, item)
	}
}

func told(is bool) *bool { return &is }

// itemOf is a line as both brands are told it.
func itemOf(line gateway.LineItem, description int) lineItem {
	item := lineItem{
		Description: shortened(line.Description, description), ProductID: shortened(line.ProductCode, maxProductID),
		Quantity: json.Number(line.Quantity.String()), UnitOfMeasure: line.UnitOfMeasure, UnitCost: json.Number(line.UnitPrice.String()),
		DiscountAmount: cents(line.DiscountAmount), AdditionalTaxAmount: cents(*line.TaxAmount), AdditionalTaxRate: "0",
		Amount: cents(*line.TotalAmount),
	}
	if line.TaxRate != nil {
		item.AdditionalTaxRate = fraction(*line.TaxRate)
	}
	return item
}

// cents writes an amount as a JSON number, without going through a float.
func cents(m gateway.Money) json.Number { return json.Number(m.String()) }

// fraction writes a rate in percent as PayTrace's examples do: 8.25 percent as
// 0.0825.
func fraction(percent gateway.Decimal) json.Number {
	exact, _ := new(big.Rat).SetString(percent.String())
	return json.Number(exact.Quo(exact, big.NewRat(100, 1)).FloatString(6))
}

// shortened is the beginning of a text.
func shortened(text string, most int) string {
	runes := []rune(tidy(text))
	return string(runes[:min(len(runes), most)])
}
