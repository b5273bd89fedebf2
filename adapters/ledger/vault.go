package ledger

import (
	"context"
	"database/sql"

	"paytrace-gateway/gateway"
)

const (
	// A customer without methods comes back as one row of nulls.
	customerSQL = `SELECT m.id, m.processor_customer_id, m.brand, m.last_four, m.expiration_month, m.expiration_year, m.is_default
		FROM vault_customers c
		LEFT JOIN vault_methods m ON m.merchant_id = c.merchant_id AND m.customer_id = c.id
		WHERE c.merchant_id = ? AND c.id = ?
		ORDER BY m.position`
)

// customerRows is a customer as its rows.
type customerRows gateway.VaultCustomer

func (c customerRows) write(s *session) error {
	if _, err := s.exec(insertCustomerSQL, c.MerchantID, c.ID); err != nil {
		return err
	}
	if _, err := s.exec(deleteMethodsSQL, c.MerchantID, c.ID); err != nil {
		return err
	}
	for i, m := range c.Methods {
		if _, err := s.exec(insertMethodSQL, c.MerchantID, c.ID, m.ID, i, m.ProcessorCustomerID,
			string(m.Card.Brand), m.Card.LastFour, m.Card.ExpirationMonth, m.Card.ExpirationYear, m.Default); err != nil {
			return err
		}
	}
	return nil
}

// Customer implements gateway.Ledger.
func (l *Ledger) Customer(ctx context.Context, merchantID, customerID string) (gateway.VaultCustomer, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.customer.QueryContext(ctx, merchantID, customerID)
	if err != nil {
		return gateway.VaultCustomer{}, l.explain(err)
	}
	defer rows.Close()
	c := gateway.VaultCustomer{MerchantID: merchantID, ID: customerID}
	found := false
	for rows.Next() {
		found = true
		m, ok, err := scanMethod(rows)
		if err != nil {
			return gateway.VaultCustomer{}, l.explain(err)
		}
		if ok {
			c.Methods = append(c.Methods, m)
		}
	}
	if err := rows.Err(); err != nil {
		return gateway.VaultCustomer{}, l.explain(err)
	}
	if !found {
		return gateway.VaultCustomer{}, gateway.ErrNotFound
	}
	return c, nil
}

func scanMethod(rows *sql.Rows) (gateway.VaultMethod, bool, error) {
	var id, processor, brand, lastFour, month, year sql.NullString
	var isDefault sql.NullBool
	err := rows.Scan(&id, &processor, &brand, &lastFour, &month, &year, &isDefault)
	return gateway.VaultMethod{
		ID:                  id.String,
		ProcessorCustomerID: processor.String,
		Card: gateway.CardSummary{
			Brand: gateway.Brand(brand.String), LastFour: lastFour.String,
			ExpirationMonth: month.String, ExpirationYear: year.String,
		},
		Default: isDefault.Bool,
	}, id.Valid, err
}
