package sealing

import (
	"context"
	"errors"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// torn is a store with a row that nobody can read.
type torn struct {
	*shelf
	row gateway.Unreadable
}

func (s torn) SealedSecrets(ctx context.Context) ([]gateway.SealedSecret, error) {
	all, err := s.shelf.SealedSecrets(ctx)
	return all, errors.Join(err, gateway.UnreadableError{s.row})
}

func TestASecretThatCannotBeReadIsMissedByThoseWhoUseItAlone(t *testing.T) {
	store, keys := newShelf(), someKeys(t)
	d := newDesk(t, store, keys)
	d.must(d.give(Set, 0, "erp", "first"))
	d.must(d.give(Set, 0, "password", "a-password"))
	row := gateway.Unreadable{ID: "unused", MerchantID: "main", Err: errors.New("it is torn")}

	d = newDesk(t, torn{store, row}, keys)
	d.must(d.Load(t.Context()))
	d.want("erp", "first", "")
	d.must(d.give(Rotate, 0, "erp", "second"))
	d.want("erp", "second", "")
	if log := d.log.String(); strings.Count(log, "secrets.not_opened") != 1 || !strings.Contains(log, "it is torn") {
		t.Errorf("the log says %s", log)
	}
	// It is neither one that was never set, nor one under the newest key.
	d.refused(d.give(Set, 0, "unused", "value"), codeInvalidRequest)
	d.refused(d.give(Reseal, 0), codeInvalidRequest)

	delete(store.all, ref{merchantID: "main", name: "password"})
	row.ID = "password"
	err := newDesk(t, torn{store, row}, keys).Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it is torn") || strings.Contains(err.Error(), "webhooks[0]") {
		t.Errorf("who uses it starts with %v", err)
	}
	row.LiveMode = true
	if err := newDesk(t, torn{store, row}, keys).Load(t.Context()); err == nil || strings.Contains(err.Error(), "it is torn") {
		t.Errorf("the other environment's is told as %v", err)
	}
}
