package simulator

import "fmt"

// addLevelThree adds enhanced data to an approved, unsettled sale of the brand.
// It overwrites the invoice and the customer reference.
func addLevelThree(brand string) func(*Simulator, *call) answer {
	return func(s *Simulator, c *call) answer {
		t, wrong := s.find(&c.request)
		if len(wrong) > 0 {
			return s.refuse(c, wrong...)
		}
		if t.State != statePending || !isCharge(t.Kind) || t.Card.Brand != brand {
			return s.refuse(c, s.settings.Errors.LevelThree)
		}
		t.InvoiceID, t.CustomerReferenceID = string(c.InvoiceID), string(c.CustomerReferenceID)
		if c.TaxAmount != "" {
			t.TaxAmount = string(c.TaxAmount)
		}
		t.EnhancedLineItemRows += len(c.LineItems)
		s.changed()
		message := fmt.Sprintf("Visa/MasterCard enhanced data was successfully added to Transaction ID %d. %d line item records were created.", t.ID, len(c.LineItems))
		a := done(170, message, 0, nil)
		a.transactionID = t.ID
		return a
	}
}
