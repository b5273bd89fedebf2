package ledger

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// TestAConnectionThatDiesInAGroupLosesNothingThatWasAcknowledged ends the writer's
// session over and over while changes are written, some of them for keys that are
// bound. Whatever is acknowledged is there whole, and of what certainly was not
// written there is nothing.
func TestAConnectionThatDiesInAGroupLosesNothingThatWasAcknowledged(t *testing.T) {
	url := withTables.Postgres(t)
	l := onPostgres(t, url)
	bound := storetest.Sale("m1", noon)
	if err := l.Apply(t.Context(), bound); err != nil {
		t.Fatal(err)
	}
	var writers, killer sync.WaitGroup
	decided := make(chan struct{}, 1)
	db := database(t, "pgx", url)
	killer.Go(func() {
		// After each change that is decided: one who never paused would let nobody
		// through, for as long as connecting takes longer than to be ended.
		for range decided {
			if _, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`); err != nil {
				t.Error(err)
			}
		}
	})
	var kept, doubtful, refused atomic.Int32
	for range 16 {
		writers.Go(func() {
			for i := range 40 {
				c := storetest.Sale("m1", noon)
				if i%8 == 0 {
					c.Binds.Key = bound.Binds.Key
				}
				err := l.Apply(t.Context(), c)
				select {
				case decided <- struct{}{}:
				default: // it is at it
				}
				rows := rowsOf(t, l, c)
				switch {
				case err == nil:
					kept.Add(1)
					if i%8 == 0 || rows != 3 {
						t.Errorf("an acknowledged change has %d rows of 3", rows)
					}
				case strings.Contains(err.Error(), "not known"):
					doubtful.Add(1)
					if rows != 0 && rows != 3 {
						t.Errorf("a doubtful change has %d rows of 3", rows)
					}
				default:
					refused.Add(1)
					if rows != 0 || i%8 > 0 && errors.Is(err, gateway.ErrKeyTaken) {
						t.Errorf("a change that was refused with %q has %d rows", err, rows)
					}
				}
			}
		})
	}
	writers.Wait()
	close(decided)
	killer.Wait()
	t.Logf("%d kept, %d doubtful, %d refused", kept.Load(), doubtful.Load(), refused.Load())
}

// rowsOf counts what is there of a sale: its payment, its operation and its key.
func rowsOf(t *testing.T, l *Ledger, c gateway.Change) (n int) {
	t.Helper()
	for range 100 { // reading sessions are ended too
		err := l.reads.db.QueryRowContext(t.Context(), `SELECT
			(SELECT COUNT(*) FROM payments WHERE id = $1) + (SELECT COUNT(*) FROM operations WHERE payment_id = $1) +
			(SELECT COUNT(*) FROM idempotency_keys WHERE payment_id = $1)`, c.Payment.ID).Scan(&n)
		if err == nil {
			return n
		}
	}
	t.Error("nobody can read the ledger")
	return 0
}

// Two gateways that charge cards of one customer under the same keys at once
// would otherwise wait for each other in a circle.
func TestAChargeHoldsItsCustomerBeforeAnyOtherRow(t *testing.T) {
	sale := storetest.Sale("m1", noon)
	sale.Charges = &gateway.VaultCustomer{MerchantID: "m1", LiveMode: sale.Payment.LiveMode, ID: "c1"}
	rows, err := encode(sale)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{dialect: postgresDialect("test"), texts: map[string]string{}, pipeline: &pipeline{}}
	if err := rows.write(s); err != nil {
		t.Fatal(err)
	}
	if first := s.pipeline.batch.QueuedQueries[0].SQL; first != s.text(sameCustomerSQL) {
		t.Errorf("the first statement is %s", first)
	}
	if place := rows.place(); place != customerPlace("m1", sale.Payment.LiveMode, "c1") {
		t.Errorf("the group is ordered by %q", place)
	}
}
