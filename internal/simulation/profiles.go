package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// profileClerk works at PayTrace's own screens with the cards that are kept:
// renews, exchanges and deletes them.
func (w *world) profileClerk(phase string, until time.Time) {
	random := w.of("clerk of profiles", phase)
	for {
		time.Sleep(between(random, 20*time.Second, 80*time.Second))
		if !time.Now().Before(until) {
			return
		}
		rows := w.payTrace.profiles()
		if len(rows) == 0 {
			continue
		}
		what := simulator.ClerkRequest{CustomerID: rows[random.IntN(len(rows))].CustomerID}
		deed := pick(random, ClerkChangesCard, ClerkChangesCard, ClerkDeletesCard)
		switch deed {
		case ClerkChangesCard:
			what.Kind, what.Card = "customer_update", pick(random, "", "mastercard", "discover")
			what.ExpirationMonth, what.ExpirationYear = "11", strconv.Itoa(2031+random.IntN(4))
		default:
			what.Kind = "customer_delete"
		}
		if _, err := w.payTrace.sim.Clerk(what); err == nil {
			w.faults.count(deed, 1)
		}
	}
}

// desk is a profile that a clerk makes while a customer is on the phone.
func (w *world) desk(id string) (profile string, ok bool) {
	_, err := w.payTrace.sim.Clerk(simulator.ClerkRequest{Kind: "customer_create", CustomerID: id})
	return id, err == nil
}

// profiles are those that this run has made, in the order of time: ids are random.
func (p *payTrace) profiles() []simulator.CustomerRow {
	rows := slices.DeleteFunc(p.sim.Customers(), func(r simulator.CustomerRow) bool { return strings.HasPrefix(r.CustomerID, "demo-") })
	slices.SortStableFunc(rows, func(a, b simulator.CustomerRow) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return rows
}

// vault is what ledger and PayTrace have of the vault in the end.
func (w *world) vault(h *history.History) error {
	for _, r := range w.payTrace.sim.Customers() {
		h.Profiles = append(h.Profiles, history.Profile{
			ID: r.CustomerID, ByClerk: r.CreatedBy != payTraceUser || strings.HasPrefix(r.CustomerID, "demo-"),
			Card: fmt.Sprintf("%s %s %02d/%d", r.Brand, r.LastFour, r.ExpirationMonth, r.ExpirationYear),
		})
	}
	all, err := w.ledger.Customers(context.Background(), gateway.CustomerFilter{MerchantID: merchantID, Limit: 1000})
	if err != nil {
		return fmt.Errorf("the customers cannot be read: %w", err)
	}
	for _, c := range all {
		customer := history.Customer{ID: c.ID, Pending: len(c.Pending)}
		for _, m := range c.Methods {
			if m.ACH() { // the one account that was kept before the run
				continue
			}
			customer.Methods = append(customer.Methods, methodKept(m))
		}
		h.Customers = append(h.Customers, customer)
	}
	return w.changes(h)
}

// changes are what became of the keys by which callers have changed the vault.
func (w *world) changes(h *history.History) error {
	ctx, seen := context.Background(), map[string]bool{}
	for _, c := range h.Calls {
		if c.Customer == "" || c.Request == "" || c.Verb == history.Pay || seen[c.Key] {
			continue
		}
		seen[c.Key] = true
		record, err := w.ledger.Key(ctx, merchantID, c.Key)
		if errors.Is(err, gateway.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		op, err := w.ledger.VaultOperation(ctx, merchantID, record.OperationID)
		if err != nil {
			return err
		}
		h.Changes = append(h.Changes, history.Operation{ID: op.ID, Kind: string(op.Verb), Status: string(op.Status), Key: c.Key})
	}
	return nil
}

func methodKept(m gateway.VaultMethod) history.Method {
	c := m.Card
	return history.Method{
		ID: m.ID, Profile: m.ProfileID, Default: m.Default,
		Card: fmt.Sprintf("%s %s %s/%s", c.Brand, c.LastFour, c.ExpirationMonth, c.ExpirationYear),
	}
}
