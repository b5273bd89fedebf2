package ledger

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// verdict is what a verification says of a ledger, in order.
func verdict(t *testing.T, l *Ledger, against gateway.AuditExport) (said []string) {
	t.Helper()
	_, err := gateway.VerifyAudit(t.Context(), l, storetest.AuditKey, against, func(f gateway.AuditFinding) { said = append(said, f.Found) })
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// decideTimes leaves as many records, a minute apart.
func decideTimes(t *testing.T, l *Ledger, n int) {
	t.Helper()
	for i := range n {
		_, r := addedClient(fmt.Sprint("c", i))
		r.At = noon.Add(time.Duration(i) * time.Minute)
		if err := l.Audit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// exported is a trail as it was once.
type exported []gateway.AuditEntry

func (e *exported) Next() (gateway.AuditEntry, error) {
	if len(*e) == 0 {
		return gateway.AuditEntry{}, io.EOF
	}
	first := (*e)[0]
	*e = (*e)[1:]
	return first, nil
}

func TestWhatIsDoneToTheTrailIsFoundWithItsPlace(t *testing.T) {
	anew := gateway.AuditKey("of somebody who has no key of ours")
	for name, test := range map[string]struct {
		do   func(*testing.T, store, *Ledger)
		want []string
	}{
		"nothing": {func(*testing.T, store, *Ledger) {}, nil},
		"a body": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `UPDATE audit_entries SET body = REPLACE(body, 'client.added', 'client.revoked') WHERE sequence = 5`)
		}, []string{"record 5 was changed"}},
		"a name in the last one": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `UPDATE audit_entries SET body = REPLACE(body, '"m1"', '"m2"') WHERE sequence = 9`)
		}, []string{"record 9 was changed"}},
		"a space": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `UPDATE audit_entries SET body = body || ' ' WHERE sequence = 1`)
		}, []string{"record 1 was changed"}},
		"no JSON": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `UPDATE audit_entries SET body = '' WHERE sequence = 2`)
		}, []string{"record 2 cannot be read: it was changed"}},
		"a hash": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `UPDATE audit_entries SET hash = hash || 'A' WHERE sequence = 3`)
		}, []string{"record 3 was changed", "record 4 does not follow the one before it"}},
		"a link": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `UPDATE audit_entries SET previous = '' WHERE sequence = 3`)
		}, []string{"record 3 was changed"}},
		"removed": {func(t *testing.T, s store, l *Ledger) { s.exec(t, `DELETE FROM audit_entries WHERE sequence = 4`) },
			[]string{"record 4 is missing"}},
		"several removed": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `DELETE FROM audit_entries WHERE sequence BETWEEN 4 AND 6`)
		}, []string{"records 4 to 6 are missing"}},
		"the first removed": {func(t *testing.T, s store, l *Ledger) { s.exec(t, `DELETE FROM audit_entries WHERE sequence = 1`) },
			[]string{"record 1 is missing"}},
		"removed, and the gap closed": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `DELETE FROM audit_entries WHERE sequence = 8`)
			s.exec(t, `UPDATE audit_entries SET sequence = 8 WHERE sequence = 9`)
		}, []string{"record 9 stands in the place of record 8", "record 9 is missing at the end"}},
		"swapped": {func(t *testing.T, s store, l *Ledger) {
			for _, step := range []string{"100 WHERE sequence = 5", "5 WHERE sequence = 6", "6 WHERE sequence = 100"} {
				s.exec(t, `UPDATE audit_entries SET sequence = `+step)
			}
		}, []string{"record 6 stands in the place of record 5", "record 5 stands in the place of record 6", "record 7 does not follow the one before it"}},
		"cut off": {func(t *testing.T, s store, l *Ledger) { s.exec(t, `DELETE FROM audit_entries WHERE sequence > 7`) },
			[]string{"records 8 to 9 are missing at the end"}},
		"cut off, and the end moved": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `DELETE FROM audit_entries WHERE sequence > 7`)
			s.exec(t, `UPDATE audit_head SET sequence = 7, hash = (SELECT hash FROM audit_entries WHERE sequence = 7)`)
		}, []string{"the end of the trail is not as it was sealed"}},
		"all taken away": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `DELETE FROM audit_entries`)
			s.exec(t, `UPDATE audit_head SET sequence = 0, hash = '', seal = ''`)
		}, []string{"the trail is empty: no gateway that keeps one has started on this ledger, or all of it was taken away"}},
		"one added": {func(t *testing.T, s store, l *Ledger) {
			s.exec(t, `INSERT INTO audit_entries SELECT 10, hash, body, hash FROM audit_entries WHERE sequence = 9`)
		}, []string{"record 10 was changed", "the trail ended at record 9, and there are more behind it"}},
		"one made anew with a key that is not ours": {func(t *testing.T, s store, l *Ledger) {
			var head gateway.AuditHead
			if err := s.db.QueryRow(`SELECT 8, hash FROM audit_entries WHERE sequence = 8`).Scan(&head.Sequence, &head.Hash); err != nil {
				t.Fatal(err)
			}
			_, r := addedClient("forged")
			r.At = noon.Add(8 * time.Minute)
			made, _, err := anew.Append(gateway.AuditHead{}, r)
			if err != nil {
				t.Fatal(err)
			}
			s.exec(t, `UPDATE audit_entries SET previous = ?, body = ?, hash = ? WHERE sequence = 9`,
				head.Hash, strings.Replace(made[0].Body, `"sequence":1`, `"sequence":9`, 1), made[0].Hash)
		}, []string{"record 9 is of another secret of the gateway and cannot be checked", "record 9 is not the one that the trail ended with"}},
		"the clock set back": {func(t *testing.T, s store, l *Ledger) {
			_, r := addedClient("early")
			r.At = noon
			if err := l.Audit(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}, []string{"record 10 is 8m0s older than the one before it: a clock was set back, or two gateways' clocks differ"}},
	} {
		for database, start := range migratedStores {
			t.Run(name+" in "+database, func(t *testing.T) {
				s := start(t)
				l := s.open(t)
				decideTimes(t, l, 9)
				test.do(t, s, l)
				if said := verdict(t, l, nil); !slices.Equal(said, test.want) {
					t.Errorf("it says\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(test.want, "\n"))
				}
			})
		}
	}
}

// TestATrailThatWasCutAndGoesOnIsFoundForGood has a gateway decide after the end
// was moved by somebody without the key.
func TestATrailThatWasCutAndGoesOnIsFoundForGood(t *testing.T) {
	s := stores["SQLite"](t)
	l := s.open(t)
	decideTimes(t, l, 9)
	s.exec(t, `DELETE FROM audit_entries WHERE sequence > 7`)
	s.exec(t, `UPDATE audit_head SET sequence = 7, hash = (SELECT hash FROM audit_entries WHERE sequence = 7)`)
	decideTimes(t, l, 5)
	want := "before record 8 the end of the trail was not sealed with the key of that time: it was cut there, or the gateway's secret was changed"
	if said := verdict(t, l, nil); len(said) < 1 || said[0] != want {
		t.Errorf("it says %q", said)
	}
}

func TestAnOlderCopyOfTheLedgerIsFoundByAnExport(t *testing.T) {
	s := stores["SQLite"](t)
	l := s.open(t)
	decideTimes(t, l, 9)
	late := exported(storetest.Trail(t, l))
	if said := verdict(t, l, new(exported(slices.Clone(late)))); len(said) > 0 {
		t.Errorf("of the same trail it says %q", said)
	}
	early := stores["SQLite"](t).open(t)
	decideTimes(t, early, 6)
	if said := verdict(t, early, nil); len(said) > 0 {
		t.Errorf("of a true trail of an earlier day it says %q", said)
	}
	want := []string{"records 7 to 9 are in the export and not in the ledger: an older copy of the ledger was put back, or the trail was cut"}
	if said := verdict(t, early, new(exported(slices.Clone(late)))); !slices.Equal(said, want) {
		t.Errorf("it says %q, want %q", said, want)
	}
	changed := exported(slices.Clone(late))
	changed[2].Body += " "
	if said := verdict(t, l, &changed); !slices.Equal(said, []string{"record 3 is another one than in the export"}) {
		t.Errorf("it says %q", said)
	}
	gone := exported(late[2:5])
	s.exec(t, `DELETE FROM audit_entries WHERE sequence = 4`)
	want = []string{"record 4 is missing", "record 4 is in the export and not in the ledger"}
	if said := verdict(t, l, &gone); !slices.Equal(said, want) {
		t.Errorf("it says %q, want %q", said, want)
	}
}

func TestATrailUnderAnotherSecretIsNamed(t *testing.T) {
	s := stores["SQLite"](t)
	l := s.open(t)
	decideTimes(t, l, 3)
	var said []string
	_, err := gateway.VerifyAudit(t.Context(), l, gateway.AuditKey("another"), nil, func(f gateway.AuditFinding) { said = append(said, f.Found) })
	want := []string{"records 1 to 3 are of another secret of the gateway and cannot be checked", "the end of the trail is sealed with another secret of the gateway"}
	if err != nil || !slices.Equal(said, want) {
		t.Errorf("it says %q, %v", said, err)
	}
}
