package ledger

import (
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestALedgerFromBeforeClientsTakesThem(t *testing.T) {
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	var before []string
	for _, entry := range entries {
		if entry.Name() < "0008" {
			before = append(before, "migrations/"+entry.Name())
		}
	}
	for name, start := range stores {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.make(t, before...)
			l := s.open(t)
			c := gateway.APIClient{ID: "terminal", MerchantID: "main", Scopes: []string{"payments:read"}, AddedAt: time.Unix(1, 0).UTC(), AddedBy: "ada", Version: 1}
			if err := l.SaveAPIClient(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			all, err := l.APIClients(t.Context())
			if err != nil || len(all) != 1 || all[0].ID != c.ID || !slices.Equal(all[0].Scopes, c.Scopes) {
				t.Errorf("the clients are %+v, %v", all, err)
			}
		})
	}
}

// A client that cannot be read may be one that was revoked: nobody is told that
// it is not there.
func TestAClientThatCannotBeReadIsAnError(t *testing.T) {
	s := stores["SQLite"](t)
	l := s.open(t)
	s.exec(t, `INSERT INTO clients (id, body, version) VALUES ('terminal', '{', 1)`)
	if all, err := l.APIClients(t.Context()); err == nil {
		t.Errorf("the clients are %+v", all)
	}
}
