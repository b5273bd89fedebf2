//go:build linux || darwin

package ledger

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// crashPath, when set, makes this test binary the process that is killed.
const crashPath = "LEDGER_CRASH_PATH"

// TestCrashingProcess writes whole payments until it is killed, and a line for
// each change that was acknowledged.
func TestCrashingProcess(t *testing.T) {
	path := os.Getenv(crashPath)
	if path == "" {
		t.Skip("runs as a child of TestAKilledProcessLosesNothing")
	}
	l, err := OpenSQLite(context.Background(), path, Options{AuditKey: storetest.AuditKey})
	if err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for {
				intent := storetest.Sale("m1", time.Now().UTC().Truncate(time.Microsecond))
				if i < 2 {
					intent.Payment.OrderID = withRecord
				}
				if err := l.Apply(context.Background(), intent); err != nil {
					t.Error(err)
					return
				}
				fmt.Printf("%s 1\n", intent.Payment.ID)
				decided := storetest.Approval(intent.Payment, intent.Payment.UpdatedAt.Add(time.Millisecond))
				if i < 2 {
					decided.Audit = &gateway.AuditRecord{Action: gateway.AuditPaymentResolved, Subject: gateway.AuditSubject{Kind: "payment", ID: intent.Payment.ID}}
				}
				if err := l.Apply(context.Background(), decided); err != nil {
					t.Error(err)
					return
				}
				fmt.Printf("%s 2\n", intent.Payment.ID)
			}
		})
	}
	callers.Wait()
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	path := fresh(t)
	acknowledged := map[string]int64{}
	for range 5 {
		killedAfter(t, path, 1+random.IntN(400), acknowledged)
		l := opened(t, path, Options{})
		for id, version := range acknowledged {
			p, err := l.Payment(t.Context(), "m1", id)
			if err != nil || p.Version < version {
				t.Fatalf("payment %s was acknowledged at version %d, the ledger has %d, %v", id, version, p.Version, err)
			}
		}
		wantNoHalves(t, l, `p.version <> json_extract(p.body, '$.version') OR p.status <> json_extract(p.body, '$.status')`)
		wantEachItsRecord(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// withRecord is the order of the payments whose approval is a person's decision.
const withRecord = "decided by a person"

// wantEachItsRecord wants as many records as decisions, each of one of them.
func wantEachItsRecord(t *testing.T, l *Ledger) {
	t.Helper()
	recorded := map[string]bool{}
	for _, e := range storetest.Trail(t, l) {
		r, _, err := e.Record()
		if err != nil {
			t.Fatal(err)
		}
		recorded[r.Subject.ID] = true
	}
	rows, err := l.reads.db.QueryContext(t.Context(), `SELECT id FROM payments WHERE order_id = ? AND version = 2`, withRecord)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	decided := 0
	for ; rows.Next(); decided++ {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		if !recorded[id] {
			t.Errorf("the decision about %s has no record", id)
		}
	}
	if decided != len(recorded) || rows.Err() != nil {
		t.Errorf("there are %d records and %d decisions, %v", len(recorded), decided, rows.Err())
	}
}

// killedAfter starts the process, kills it once it has acknowledged so many
// changes, and adds everything it acknowledged until its end.
func killedAfter(t *testing.T, path string, changes int, acknowledged map[string]int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestCrashingProcess$")
	child.Env = append(os.Environ(), crashPath+"="+path)
	var trouble strings.Builder
	child.Stderr = &trouble
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that was cut is not an acknowledgement
		}
		var id string
		var version int64
		if _, err := fmt.Sscanf(line, "%s %d", &id, &version); err != nil {
			t.Fatalf("the process said %q", line)
		}
		acknowledged[id] = max(acknowledged[id], version)
		if seen++; seen == changes {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); seen < changes {
		t.Fatalf("the process ended by itself after %d changes: %v %s", seen, err, trouble.String())
	}
}

// wantNoHalves looks for payments whose change is there in part. differs is how
// the database asks whether a payment's columns and body do.
func wantNoHalves(t *testing.T, l *Ledger, differs string) {
	t.Helper()
	for what, query := range map[string]string{
		"without its operation at the same state": `SELECT COUNT(*) FROM payments p
			LEFT JOIN operations o ON o.payment_id = p.id AND o.updated_at = p.updated_at
			WHERE o.id IS NULL OR (o.status = 'approved') <> (p.version = 2)`,
		"without its key, or with a reply too early or missing": `SELECT COUNT(*) FROM payments p
			LEFT JOIN idempotency_keys k ON k.payment_id = p.id
			WHERE k.key IS NULL OR (k.reply IS NOT NULL /*sqlite OR p.answers = k.key sqlite*/) <> (p.version = 2)`,
		"with an event too early or missing": `SELECT COUNT(*) FROM payments p
			LEFT JOIN events e ON e.payment_id = p.id AND e.version = 2
			WHERE (e.id IS NOT NULL) <> (p.version = 2)`,
		"whose row and body differ": `SELECT COUNT(*) FROM payments p WHERE ` + differs,
	} {
		var n int
		if err := l.reads.db.QueryRowContext(t.Context(), l.reads.dialect.query(query)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != 0 {
			t.Errorf("%d payments %s", n, what)
		}
	}
}
