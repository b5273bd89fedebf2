package ledger

import (
	"errors"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestALedgerFromBeforeClientsTakesThem(t *testing.T) {
	eachLedgerFromBefore(t, "0008", func(t *testing.T, l *Ledger) {
		c := gateway.APIClient{ID: "terminal", MerchantID: "main", Scopes: []string{"payments:read"}, AddedAt: time.Unix(1, 0).UTC(), AddedBy: "ada", Version: 1}
		if err := l.SaveAPIClient(t.Context(), c, gateway.AuditRecord{Action: gateway.AuditClientAdded}); err != nil {
			t.Fatal(err)
		}
		all, err := l.APIClients(t.Context())
		if err != nil || len(all) != 1 || all[0].ID != c.ID || !slices.Equal(all[0].Scopes, c.Scopes) {
			t.Errorf("the clients are %+v, %v", all, err)
		}
	})
}

// A client that cannot be read may be one that was revoked: nobody is told that
// it is not there.
func TestAClientThatCannotBeReadIsToldBesideTheOthers(t *testing.T) {
	s := stores["SQLite"](t)
	l := s.open(t)
	s.exec(t, `INSERT INTO clients (id, body, version) VALUES ('terminal', '{', 1), ('shop', '{}', 1)`)
	all, err := l.APIClients(t.Context())
	var bad gateway.UnreadableError
	if !errors.As(err, &bad) || len(bad) != 1 || bad[0].ID != "terminal" || len(all) != 1 || all[0].ID != "shop" {
		t.Errorf("the clients are %+v, %v", all, err)
	}
}
