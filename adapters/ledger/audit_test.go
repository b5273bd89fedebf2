package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

func addedClient(id string) (gateway.APIClient, gateway.AuditRecord) {
	return gateway.APIClient{ID: id, MerchantID: "m1", Scopes: []string{"payments:read"}, Version: 1},
		gateway.AuditRecord{At: noon, Action: gateway.AuditClientAdded, MerchantID: "m1", Subject: gateway.AuditSubject{Kind: "client", ID: id}}
}

// TestADecisionWhoseRecordCannotBeWrittenIsNotMade takes the table of the trail
// away under a ledger that is in use, while payments are written with it.
func TestADecisionWhoseRecordCannotBeWrittenIsNotMade(t *testing.T) {
	for name, start := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			l := s.open(t)
			s.exec(t, `ALTER TABLE audit_entries RENAME TO elsewhere`)
			var wait sync.WaitGroup
			decisions, payments := make([]error, 16), make([]error, 16)
			for i := range decisions {
				wait.Go(func() {
					c, r := addedClient(fmt.Sprint("c", i))
					decisions[i] = l.SaveAPIClient(t.Context(), c, r)
				})
				wait.Go(func() { payments[i] = l.Apply(t.Context(), storetest.Sale("m1", noon)) })
			}
			wait.Wait()
			for i := range decisions {
				if decisions[i] == nil || payments[i] != nil {
					t.Errorf("a decision was answered with %v, and a payment beside it with %v", decisions[i], payments[i])
				}
			}
			s.exec(t, `ALTER TABLE elsewhere RENAME TO audit_entries`)
			if all, err := l.APIClients(t.Context()); err != nil || len(all) != 0 {
				t.Errorf("%d clients were kept, %v", len(all), err)
			}
			if all := storetest.Trail(t, l); len(all) != 0 {
				t.Errorf("the trail has %+v", all)
			}
			c, r := addedClient("later")
			if err := l.SaveAPIClient(t.Context(), c, r); err != nil {
				t.Errorf("with its table there: %v", err)
			}
		})
	}
}

func TestWithoutAKeyNothingIsDecided(t *testing.T) {
	l, err := OpenSQLite(t.Context(), fresh(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, r := addedClient("a")
	if err := l.SaveAPIClient(t.Context(), c, r); err == nil {
		t.Error("a decision was made whose record nobody can check")
	}
	if all, err := l.APIClients(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d clients were kept, %v", len(all), err)
	}
}

// TestTwoGatewaysMakeOneTrail has each decide while the other does, and both
// write the same payments meanwhile.
func TestTwoGatewaysMakeOneTrail(t *testing.T) {
	url := withTables.Postgres(t)
	gateways := []*Ledger{onPostgres(t, url), onPostgres(t, url)}
	const each, writers = 25, 4
	var wait sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for w := range writers {
		wait.Go(func() {
			l := gateways[w%len(gateways)]
			for i := range each {
				sale := storetest.Sale("m1", noon.Add(time.Duration(w*each+i)*time.Second))
				approval := storetest.Approval(sale.Payment, noon.Add(time.Hour))
				_, r := addedClient(fmt.Sprint(w, "-", i))
				approval.Audit = &r
				err := errors.Join(l.Apply(context.Background(), sale), l.Apply(context.Background(), approval))
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Error(err)
	}
	if all := storetest.Trail(t, gateways[0]); len(all) != writers*each {
		t.Errorf("the trail has %d records, want %d", len(all), writers*each)
	}
}

func TestALedgerFromBeforeTheAuditTrailTakesIt(t *testing.T) {
	eachLedgerFromBefore(t, "0011", func(t *testing.T, l *Ledger) {
		c, r := addedClient("a")
		if err := l.SaveAPIClient(t.Context(), c, r); err != nil {
			t.Fatal(err)
		}
		if all := storetest.Trail(t, l); len(all) != 1 {
			t.Errorf("the trail has %d records, want 1", len(all))
		}
	})
}
