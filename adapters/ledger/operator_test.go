package ledger

import (
	"errors"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestALedgerFromBeforeOperatorsTakesThem(t *testing.T) {
	eachLedgerFromBefore(t, "0014", func(t *testing.T, l *Ledger) {
		o := gateway.Operator{Name: "ada", Role: "viewer", MerchantIDs: []string{"main"}, AddedAt: time.Unix(1, 0).UTC(), AddedBy: "eve", Version: 1}
		record := gateway.AuditRecord{At: time.Unix(1, 0), Action: gateway.AuditOperatorAdded, Subject: gateway.AuditSubject{Kind: "operator", ID: "ada"}}
		if err := l.SaveOperator(t.Context(), o, record); err != nil {
			t.Fatal(err)
		}
		all, err := l.Operators(t.Context())
		if err != nil || len(all) != 1 || all[0].Name != o.Name || all[0].Role != o.Role {
			t.Errorf("the operators are %+v, %v", all, err)
		}
	})
}

// An operator who cannot be read may be one who was disabled: nobody is told
// that they are not there, and the others are.
func TestAnOperatorWhoCannotBeReadIsToldBesideTheOthers(t *testing.T) {
	s := stores["SQLite"](t)
	l := s.open(t)
	s.exec(t, `INSERT INTO operators (name, issuer, subject, body, version) VALUES ('ada', '', '', '{', 1), ('eve', '', '', '{}', 1)`)
	all, err := l.Operators(t.Context())
	var bad gateway.UnreadableError
	if !errors.As(err, &bad) || len(bad) != 1 || bad[0].ID != "ada" {
		t.Errorf("the one who cannot be read is told as %v", err)
	}
	if len(all) != 1 || all[0].Name != "eve" {
		t.Errorf("the others are %+v", all)
	}
}
