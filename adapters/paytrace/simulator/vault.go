package simulator

import (
	"slices"
	"strings"
	"time"
)

// CustomerRow is one profile of the vault as GET /customers shows it.
type CustomerRow struct {
	CustomerID string `json:"customerId"`
	Name       string `json:"name"`
	// Brand and what follows are the card's; a profile with a bank account alone
	// has none.
	Brand           string `json:"brand"`
	LastFour        string `json:"lastFour"`
	ExpirationMonth int    `json:"expirationMonth"`
	ExpirationYear  int    `json:"expirationYear"`
	// AccountLastFour is the bank account's, empty without one.
	AccountLastFour string `json:"accountLastFour"`
	// CreatedBy is the API's user or "clerk".
	CreatedBy string    `json:"createdBy"`
	CreatedAt time.Time `json:"createdAt"`
}

// Customers are the profiles of the vault by their ids, as GET /customers shows
// them.
func (s *Simulator) Customers() []CustomerRow { return attended(s, s.customerRows) }

func (s *Simulator) customerRows() []CustomerRow {
	rows := make([]CustomerRow, 0, len(s.books.Customers))
	for _, u := range s.books.Customers {
		rows = append(rows, CustomerRow{
			CustomerID: u.ID, Name: string(u.Billing.Name), Brand: u.Card.Brand, LastFour: u.Card.Last4,
			ExpirationMonth: u.Card.Month, ExpirationYear: u.Card.Year, AccountLastFour: u.AccountLast4, CreatedBy: u.By, CreatedAt: u.CreatedAt,
		})
	}
	slices.SortFunc(rows, func(a, b CustomerRow) int { return strings.Compare(a.CustomerID, b.CustomerID) })
	return rows
}
