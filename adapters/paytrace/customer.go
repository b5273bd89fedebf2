package paytrace

import (
	"context"
	"errors"
	"strings"

	"paytrace-gateway/gateway"
)

// customerRow is a customer in an export. Its shape is not documented; it is
// read by analogy with the export of transactions.
type customerRow struct {
	CustomerID word       `json:"customer_id"`
	CreditCard exportCard `json:"credit_card"`
}

// Customer looks up what may be shown of the card that PayTrace stores for one
// of its own customers. It returns gateway.ErrNotFound for one it does not know.
func (c *Client) Customer(ctx context.Context, processorCustomerID string) (gateway.VaultMethod, error) {
	a, err := c.export(ctx, customerPath, exportRequest{CustomerID: processorCustomerID, IncludeBIN: true}, "30")
	if err != nil {
		return gateway.VaultMethod{}, err
	}
	if a.Customers == nil {
		return gateway.VaultMethod{}, errors.New("PayTrace's export has no list of customers")
	}
	for _, row := range a.Customers {
		if string(row.CustomerID) == processorCustomerID {
			return gateway.VaultMethod{ProcessorCustomerID: processorCustomerID, Card: row.CreditCard.summary()}, nil
		}
	}
	if len(a.Customers) == 0 {
		return gateway.VaultMethod{}, gateway.ErrNotFound
	}
	return gateway.VaultMethod{}, errors.New("PayTrace's export shows other customers than the one asked for")
}

// summary completes PayTrace's short forms: month 3 is "03", year 30 is "2030".
func (e exportCard) summary() gateway.CardSummary {
	mask := string(e.MaskedNumber)
	month, year := strings.TrimSpace(string(e.ExpirationMonth)), strings.TrimSpace(string(e.ExpirationYear))
	if len(month) == 1 {
		month = "0" + month
	}
	if len(year) == 1 {
		year = "0" + year
	}
	if len(year) == 2 {
		year = "20" + year
	}
	return gateway.CardSummary{Brand: brandOf(mask), LastFour: lastFour(mask), ExpirationMonth: month, ExpirationYear: year}
}
