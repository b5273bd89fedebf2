package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"paytrace-gateway/gateway"
)

// vaultRows is a change of the vault as rows.
type vaultRows struct {
	key        *keyRow
	customer   *customerRow
	operations []vaultOperationRow
	events     []eventRow
}

// encodeVault refuses what no verb may produce, as encode does for payments.
func encodeVault(c gateway.VaultChange) (vaultRows, error) {
	var rows vaultRows
	owner, err := vaultOwner(c)
	if err != nil {
		return rows, err
	}
	if c.Customer != nil {
		if rows.customer, err = encodeCustomer(*c.Customer, c.Removes); err != nil {
			return rows, err
		}
	}
	for _, op := range c.Operations {
		row, err := encodeVaultOperation(op, owner)
		if err != nil {
			return rows, err
		}
		rows.operations = append(rows.operations, row)
	}
	if err := rows.bind(c.Binds); err != nil {
		return rows, err
	}
	return rows, rows.tell(c.Events, owner)
}

// owner is whom all of a change belongs to.
type owner struct {
	merchant, customer string
	liveMode           bool
}

func vaultOwner(c gateway.VaultChange) (owner, error) {
	switch {
	case c.Customer != nil:
		return owner{merchant: c.Customer.MerchantID, customer: c.Customer.ID, liveMode: c.Customer.LiveMode}, nil
	case c.Removes:
		return owner{}, errors.New("it removes a customer that it does not name")
	case len(c.Operations) > 0:
		op := c.Operations[0]
		return owner{merchant: op.MerchantID, customer: op.CustomerID, liveMode: op.LiveMode}, nil
	}
	return owner{}, errors.New("it needs a customer or an operation")
}

func (r *vaultRows) bind(b *gateway.Binding) error {
	if b == nil {
		return nil
	}
	if len(r.operations) == 0 {
		return errors.New("it binds a key and has no operation")
	}
	op := r.operations[0]
	r.key = &keyRow{
		merchant: op.MerchantID, key: b.Key, fingerprint: b.Fingerprint, operation: op.ID, boundAt: op.UpdatedAt.UnixMicro(),
	}
	return nil
}

func (r *vaultRows) tell(events []gateway.Event, o owner) error {
	for _, e := range events {
		if e.Vault == nil || e.PaymentID != "" || e.Transaction != nil {
			return fmt.Errorf("its event %s has to tell of the vault, and of nothing else", e.ID)
		}
		if (owner{merchant: e.MerchantID, customer: e.Vault.CustomerID, liveMode: e.Vault.LiveMode}) != o {
			return fmt.Errorf("its event %s tells of another customer", e.ID)
		}
		body, err := encodeBody(e.Vault)
		if err != nil {
			return err
		}
		r.events = append(r.events, eventRow{Event: e, body: body})
	}
	return nil
}

// place is the first row of the change for which another gateway may compete.
func (r vaultRows) place() string {
	switch {
	case r.key != nil:
		return r.key.place()
	case r.customer != nil:
		return customerPlace(r.customer.MerchantID, r.customer.LiveMode, r.customer.ID)
	}
	return "vault operation " + r.operations[0].ID
}

// write begins with the key: of two that came with one key, the second is told
// so, and not that the first has made its customer.
func (r vaultRows) write(s *session) error {
	if r.key != nil {
		if err := r.key.write(s); err != nil {
			return err
		}
	}
	if r.customer != nil {
		if err := r.customer.write(s); err != nil {
			return err
		}
	}
	for _, op := range r.operations {
		if err := op.write(s); err != nil {
			return err
		}
	}
	for _, e := range r.events {
		if err := e.write(s); err != nil {
			return err
		}
	}
	return nil
}

// ApplyVault implements gateway.VaultLedger.
func (l *Ledger) ApplyVault(ctx context.Context, c gateway.VaultChange) error {
	rows, err := encodeVault(c)
	if err != nil {
		return fmt.Errorf("a change of the vault that the ledger cannot take: %w", err)
	}
	return l.write(ctx, rows.place(), rows.write)
}

// customerRow is a customer, whole as JSON and by its methods.
type customerRow struct {
	gateway.VaultCustomer
	body    string
	removes bool
}

const (
	insertCustomerSQL = `INSERT INTO vault_customers (merchant_id, live_mode, id, version, created_at, updated_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, id) DO NOTHING`
	// A removed customer's id may be used again. Its versions go on, and yet when
	// it was made is compared too: a gateway of before vault_lives, which may still
	// be at work, begins them anew.
	updateCustomerSQL = `UPDATE vault_customers SET version = ?, updated_at = ?, body = ?
		WHERE merchant_id = ? AND live_mode = ? AND id = ? AND version = ? AND created_at = ?`
	// After a failover to a copy without its last change, a customer's version may be
	// that of another change by now. When it was made tells these two apart.
	sameCustomerSQL = `SELECT 1 FROM vault_customers
		WHERE merchant_id = ? AND live_mode = ? AND id = ? AND version = ? AND created_at = ? AND updated_at = ? FOR UPDATE`
	leaveCustomerSQL = `INSERT INTO vault_lives (merchant_id, live_mode, customer_id, version, since)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, customer_id) DO UPDATE SET version = excluded.version, since = excluded.since`
	continuesSQL = `UPDATE vault_customers SET version = version
		WHERE merchant_id = ? AND live_mode = ? AND id = ? AND version = 1 + COALESCE(
			(SELECT version FROM vault_lives WHERE merchant_id = ? AND live_mode = ? AND customer_id = ?), 0)`
	deleteCustomerSQL = `DELETE FROM vault_customers WHERE merchant_id = ? AND live_mode = ? AND id = ?`
	insertMethodSQL   = `INSERT INTO vault_methods (merchant_id, live_mode, customer_id, id, profile_id, expires, check_due)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	deleteMethodsSQL = `DELETE FROM vault_methods WHERE merchant_id = ? AND live_mode = ? AND customer_id = ?`
)

func encodeCustomer(c gateway.VaultCustomer, removes bool) (*customerRow, error) {
	if c.MerchantID == "" || c.ID == "" || c.Version <= c.Last.Version || c.Last.Version < 0 || (removes && c.New()) {
		return nil, errors.New("its customer needs an id, a merchant and a version above the one it was decided on")
	}
	for _, m := range c.Methods {
		if m.ID == "" || m.ProfileID == "" {
			return nil, fmt.Errorf("a payment method of customer %s has no id or no profile", c.ID)
		}
	}
	body, err := encodeBody(c)
	return &customerRow{VaultCustomer: c, body: body, removes: removes}, err
}

func customerPlace(merchantID string, liveMode bool, id string) string {
	return fmt.Sprintf("customer %s %t %s", merchantID, liveMode, id)
}

// write leaves the race to the database: of two that make the customer, or that
// change it from one version, the second waits for the first and finds no row of
// its own.
func (c customerRow) write(s *session) error {
	if err := c.claim(s); err != nil {
		return err
	}
	if err := s.put(deleteMethodsSQL, c.MerchantID, c.LiveMode, c.ID); err != nil {
		return err
	}
	if c.removes {
		if err := s.put(leaveCustomerSQL, c.MerchantID, c.LiveMode, c.ID, c.Version, orZero(c.Counted())); err != nil {
			return err
		}
		return s.put(deleteCustomerSQL, c.MerchantID, c.LiveMode, c.ID)
	}
	// One order for all who take profiles, so that none waits for another in a
	// circle.
	for _, m := range slices.SortedFunc(slices.Values(c.Methods), byProfile) {
		if err := s.put(insertMethodSQL, c.MerchantID, c.LiveMode, c.ID, m.ID, m.ProfileID,
			monthOf(m.Card), orZero(m.CheckDue)); err != nil {
			return err
		}
	}
	return nil
}

func (c customerRow) claim(s *session) error {
	if c.New() {
		return c.begin(s)
	}
	return s.one(gateway.ErrStale, updateCustomerSQL,
		c.Version, orZero(c.UpdatedAt), c.body, c.MerchantID, c.LiveMode, c.ID, c.Version-1, orZero(c.CreatedAt))
}

// begin makes a customer whose version follows that at which the last one of its
// id went. The row comes first: whoever is removing another one has ended then,
// and what it left can be seen.
func (c customerRow) begin(s *session) error {
	if err := s.one(gateway.ErrStale, insertCustomerSQL,
		c.MerchantID, c.LiveMode, c.ID, c.Version, orZero(c.CreatedAt), orZero(c.UpdatedAt), c.body); err != nil {
		return err
	}
	return s.one(gateway.ErrStale, continuesSQL, c.MerchantID, c.LiveMode, c.ID, c.MerchantID, c.LiveMode, c.ID)
}

// unchanged holds the customer until the transaction ends, if it is as it was
// read: whoever changes it comes before the change or after it.
func unchanged(s *session, c gateway.VaultCustomer) error {
	return s.there(gateway.ErrStale, sameCustomerSQL, c.MerchantID, c.LiveMode, c.ID, c.Version, orZero(c.CreatedAt), orZero(c.UpdatedAt))
}

func byProfile(a, b gateway.VaultMethod) int { return cmp.Compare(a.ProfileID, b.ProfileID) }

// monthOf is the month in which the card expires, such as 203012, and zero where
// it is not known.
func monthOf(card gateway.CardSummary) int {
	month, err := strconv.Atoi(card.ExpirationMonth)
	year, other := strconv.Atoi(card.ExpirationYear)
	if err != nil || other != nil || month < 1 || month > 12 || year < 1000 || year > 9999 {
		return 0
	}
	return year*100 + month
}

func encodeBody(v any) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("what is of the vault cannot be written as JSON: %w", err)
	}
	return string(body), nil
}

func decodeVault[T any](body string) (T, error) {
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return v, fmt.Errorf("what is stored of the vault cannot be read, was it written by a newer program? %w", err)
	}
	return v, nil
}
