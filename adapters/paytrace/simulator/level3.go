package simulator

import (
	"fmt"
	"strings"
)

// lineFields are what a line item may tell, by either brand's endpoint.
type lineFields struct {
	Description           text `json:"description"`
	ProductID             text `json:"product_id"`
	CommodityCode         text `json:"commodity_code"`
	MerchantTaxID         text `json:"merchant_tax_id"`
	Quantity              text `json:"quantity"`
	UnitOfMeasure         text `json:"unit_of_measure"`
	UnitCost              text `json:"unit_cost"`
	DiscountAmount        text `json:"discount_amount"`
	DiscountRate          text `json:"discount_rate"`
	DiscountIncluded      text `json:"discount_included"`
	AdditionalTaxAmount   text `json:"additional_tax_amount"`
	AdditionalTaxRate     text `json:"additional_tax_rate"`
	AdditionalTaxIncluded text `json:"additional_tax_included"`
	TaxIncluded           text `json:"tax_included"`
	DebitOrCredit         text `json:"debit_or_credit"`
	Amount                text `json:"amount"`
}

// EnhancedData is what was told of a transaction last, as it came. What an
// endpoint does not know is not kept.
type EnhancedData struct {
	TaxAmount           string `json:"taxAmount"`
	NationalTaxAmount   string `json:"nationalTaxAmount"`
	DiscountAmount      string `json:"discountAmount,omitempty"`
	FreightAmount       string `json:"freightAmount"`
	DutyAmount          string `json:"dutyAmount"`
	AdditionalTaxAmount string `json:"additionalTaxAmount"`
	SourceZip           string `json:"sourceZip"`
	ShippingZip         string `json:"shippingZip"`
	ShippingCountry     string `json:"shippingCountry"`
	// LineItems are those of the last call, LineItemRows the rows of all calls.
	LineItems    []EnhancedLine `json:"lineItems"`
	LineItemRows int            `json:"lineItemRows"`
}

// EnhancedLine is one of its lines.
type EnhancedLine struct {
	Description         string `json:"description"`
	ProductID           string `json:"productId"`
	CommodityCode       string `json:"commodityCode,omitempty"`
	Quantity            string `json:"quantity"`
	UnitOfMeasure       string `json:"unitOfMeasure"`
	UnitCost            string `json:"unitCost"`
	DiscountAmount      string `json:"discountAmount"`
	AdditionalTaxAmount string `json:"additionalTaxAmount"`
	AdditionalTaxRate   string `json:"additionalTaxRate"`
	DebitOrCredit       string `json:"debitOrCredit,omitempty"`
	Amount              string `json:"amount"`
}

// addLevelThree adds enhanced data to an approved, unsettled sale of the brand.
// It overwrites the invoice and the customer reference. Each call adds rows of
// lines, whatever was told before.
func addLevelThree(brand string) func(*Simulator, *call) answer {
	return func(s *Simulator, c *call) answer {
		t, wrong := s.find(&c.request)
		if len(wrong) > 0 {
			return s.refuse(c, wrong...)
		}
		if t.State != statePending || !isCharge(t.Kind) || t.Card.Brand != brand {
			return s.refuse(c, s.settings.Errors.LevelThree)
		}
		if !c.amountsAreDecimals() {
			return s.refuse(c, s.settings.Errors.LevelThreeAmount)
		}
		if t.FirstCustomerReferenceID == "" {
			t.FirstCustomerReferenceID = t.CustomerReferenceID
		}
		t.InvoiceID, t.CustomerReferenceID = string(c.InvoiceID), string(c.CustomerReferenceID)
		if c.TaxAmount != "" {
			t.TaxAmount = string(c.TaxAmount)
		}
		t.enhance(c.enhancedData(brand))
		s.changed()
		message := fmt.Sprintf("Visa/MasterCard enhanced data was successfully added to Transaction ID %d. %d line item records were created.", t.ID, len(c.LineItems))
		a := done(170, message, 0, nil)
		a.transactionID = t.ID
		return a
	}
}

func (t *transaction) enhance(d EnhancedData) {
	if t.Enhanced != nil {
		d.LineItemRows += t.Enhanced.LineItemRows
	}
	t.Enhanced = &d
}

// enhancedData takes from the request what the brand's endpoint knows.
func (q *request) enhancedData(brand string) EnhancedData {
	d := EnhancedData{
		TaxAmount: string(q.TaxAmount), NationalTaxAmount: string(q.NationalTaxAmount),
		FreightAmount: string(q.FreightAmount), DutyAmount: string(q.DutyAmount), AdditionalTaxAmount: string(q.AdditionalTaxAmount),
		SourceZip: string(q.SourceAddress.Zip), ShippingZip: string(q.ShippingAddress.Zip), ShippingCountry: string(q.ShippingAddress.Country),
		LineItems: make([]EnhancedLine, len(q.LineItems)), LineItemRows: len(q.LineItems),
	}
	for i, l := range q.LineItems {
		d.LineItems[i] = EnhancedLine{
			Description: string(l.Description), ProductID: string(l.ProductID), Quantity: string(l.Quantity),
			UnitOfMeasure: string(l.UnitOfMeasure), UnitCost: string(l.UnitCost), DiscountAmount: string(l.DiscountAmount),
			AdditionalTaxAmount: string(l.AdditionalTaxAmount), AdditionalTaxRate: string(l.AdditionalTaxRate), Amount: string(l.Amount),
		}
		if brand == brandVisa {
			d.LineItems[i].CommodityCode = string(l.CommodityCode)
		} else {
			d.LineItems[i].DebitOrCredit = string(l.DebitOrCredit)
		}
	}
	if brand == brandVisa {
		d.DiscountAmount = string(q.DiscountAmount)
	}
	return d
}

// amountsAreDecimals says that every sum has at most two decimals, and whatever
// else is a number at most six.
func (q *request) amountsAreDecimals() bool {
	sums := []text{q.TaxAmount, q.NationalTaxAmount, q.DiscountAmount, q.FreightAmount, q.DutyAmount, q.AdditionalTaxAmount}
	var numbers []text
	for _, l := range q.LineItems {
		sums = append(sums, l.DiscountAmount, l.AdditionalTaxAmount, l.Amount)
		numbers = append(numbers, l.Quantity, l.UnitCost, l.AdditionalTaxRate, l.DiscountRate)
	}
	for _, t := range sums {
		if _, ok := parseCents(string(t)); t != "" && !ok {
			return false
		}
	}
	for _, t := range numbers {
		whole, decimals, point := strings.Cut(string(t), ".")
		if t != "" && (!isDigits(whole) || len(decimals) > 6 || (point && !isDigits(decimals))) {
			return false
		}
	}
	return true
}
