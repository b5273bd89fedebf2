package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// torn is what no program reads; a newer one may have written a member otherwise.
const torn = `{"amount": {"newer": true}`

// TestWorkOnAPaymentThatCannotBeReadStopsThatPaymentAlone has more of them in front
// than one page has places.
func TestWorkOnAPaymentThatCannotBeReadStopsThatPaymentAlone(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			var mine []gateway.Payment
			for i := range duePage + 12 {
				sale := storetest.Sale("m1", noon.Add(time.Duration(i)*time.Second))
				fits(t, l.Apply(t.Context(), sale))
				mine = append(mine, sale.Payment)
			}
			other := storetest.Sale("m2", noon.Add(time.Hour))
			fits(t, l.Apply(t.Context(), other))
			for _, p := range mine[1 : duePage+6] {
				s.exec(t, `UPDATE payments SET body = ? WHERE id = ?`, torn, p.ID)
			}
			readable := []string{mine[0].ID}
			for _, p := range mine[duePage+6:] {
				readable = append(readable, p.ID)
			}
			for limit, want := range map[int][]string{3: append(readable[:3:3], other.Payment.ID), 100: append(readable, other.Payment.ID)} {
				due, err := l.Due(t.Context(), noon.Add(24*time.Hour), limit)
				var ids []string
				for _, p := range due {
					ids = append(ids, p.ID)
				}
				if !slices.Equal(ids, want) {
					t.Errorf("of at most %d of each came %d of %d: %v, want %v", limit, len(ids), len(want), ids, want)
				}
				bad := wantUnreadable(t, err, duePage+5)
				if r := bad[0]; r.ID != mine[1].ID || r.MerchantID != "m1" || !r.At.Equal(mine[1].First().Due) || r.Err == nil {
					t.Errorf("the first is %+v", r)
				}
			}
			if none, err := l.Due(t.Context(), noon.Add(24*time.Hour), 0); len(none) > 0 || err != nil {
				t.Errorf("no place has %d, %v", len(none), err)
			}
		})
	}
}

// A page from which something was left out would be reconciled as if it was whole.
func TestAListWithAPaymentThatCannotBeReadIsRefusedByItsName(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			var made []gateway.Payment
			for i := range 3 {
				sale := storetest.Sale("m1", noon.Add(time.Duration(i)*time.Second))
				fits(t, l.Apply(t.Context(), sale))
				made = append(made, sale.Payment)
			}
			s.exec(t, `UPDATE payments SET body = ? WHERE id = ?`, torn, made[1].ID)
			for _, statuses := range [][]gateway.Status{nil, {gateway.Sending, gateway.Failed}} {
				page, err := l.Payments(t.Context(), gateway.PaymentFilter{MerchantID: "m1", Statuses: statuses, Limit: 10})
				if len(page) > 0 || err == nil || !strings.Contains(err.Error(), "payment "+made[1].ID) {
					t.Errorf("of %v are listed %d, %v", statuses, len(page), err)
				}
			}
			for i, f := range map[int]gateway.PaymentFilter{0: {CreatedTo: made[1].CreatedAt}, 2: {CreatedFrom: made[2].CreatedAt}} {
				f.MerchantID, f.Limit = "m1", 10
				if page, err := l.Payments(t.Context(), f); err != nil || len(page) != 1 || page[0].ID != made[i].ID {
					t.Errorf("beside it are %d, %v", len(page), err)
				}
			}
		})
	}
}

func TestWorkOfTheVaultThatCannotBeReadStopsItselfAlone(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			for i := range 9 {
				keepsDue(t, l, fmt.Sprint("cus_", i), noon.Add(time.Duration(i)*time.Second))
			}
			s.exec(t, `UPDATE vault_customers SET body = ? WHERE id < 'cus_7'`, torn)
			s.exec(t, `UPDATE vault_operations SET body = ? WHERE id < 'vop_7'`, torn)
			later := noon.Add(time.Hour)
			for limit, want := range map[int]int{1: 1, 2: 2, 100: 2} {
				operations, err := l.DueVaultOperations(t.Context(), later, limit)
				if len(operations) != want || operations[0].ID != "vop_7" {
					t.Errorf("of at most %d operations came %d", limit, len(operations))
				}
				if r := wantUnreadable(t, err, 7)[0]; r.ID != "vop_0" || r.MerchantID != "m1" || !r.At.Equal(noon) || r.Err == nil {
					t.Errorf("the first operation is %+v", r)
				}
				customers, err := l.DueChecks(t.Context(), "m1", true, later, limit)
				if len(customers) != want || customers[0].ID != "cus_7" {
					t.Errorf("of at most %d customers came %d", limit, len(customers))
				}
				if r := wantUnreadable(t, err, 7)[0]; r.ID != "cus_0" || r.MerchantID != "m1" || !r.At.Equal(noon) || r.Err == nil {
					t.Errorf("the first customer is %+v", r)
				}
			}
		})
	}
}

// keepsDue keeps a customer, two of whose methods are to be compared, and the last
// operation on it.
func keepsDue(t *testing.T, l *Ledger, id string, at time.Time) {
	t.Helper()
	c := gateway.VaultCustomer{MerchantID: "m1", LiveMode: true, ID: id, Version: 1, CreatedAt: at, UpdatedAt: at}
	for range 2 {
		c.Methods = append(c.Methods, gateway.VaultMethod{
			ID: gateway.NewMethodID(at), ProfileID: gateway.NewProfileID(), CreatedAt: at, UpdatedAt: at, CheckDue: at,
		})
	}
	op := gateway.VaultOperation{
		ID: "vop" + id[len("cus"):], MerchantID: "m1", LiveMode: true, CustomerID: id, MethodID: c.Methods[0].ID, Verb: gateway.VaultAdd,
		Status: gateway.OpUnknown, Due: at, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	fits(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &c, Operations: []gateway.VaultOperation{op}}))
}

// TestWhatIsDueIsLookedForWithinALimit has a ledger of which nothing can be read.
func TestWhatIsDueIsLookedForWithinALimit(t *testing.T) {
	looked := 0
	work := due[string]{limit: duePage, decode: func(string) (string, error) { return "", errors.New("it is torn") }}
	err := work.read(func(from, size int) ([]dueRow, error) {
		if from != looked || size != duePage {
			t.Errorf("the page is %d from %d, behind %d", size, from, looked)
		}
		looked += size
		var rows []dueRow
		for i := range size {
			rows = append(rows, dueRow{id: fmt.Sprint(from + i), places: 1})
		}
		return rows, nil
	})
	if err != nil || looked != passedOverAtMost || len(work.bad) != looked {
		t.Errorf("%d rows were looked at, %d are told of, %v", looked, len(work.bad), err)
	}
}
